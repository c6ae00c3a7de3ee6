"""Which mutants no object distinguishes from the original policy: those that `rules.equivalents` lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rayfence.mutation.mutant import Mutant
from rayfence.rules.equivalents import EQUIVALENTS, Equivalent


def known(mutant: Mutant, files: Mapping[str, str]) -> Equivalent | None:
    """The entry for a mutant, if there is one."""
    return next((each for each in EQUIVALENTS if matches(each, mutant, files)), None)


def matches(entry: Equivalent, mutant: Mutant, files: Mapping[str, str]) -> bool:
    """Whether the mutant makes the change of an entry, alone, in its expression."""
    # The policy's name is looked for last: that takes longer than everything else.
    if mutant.variable != entry.variable or not re.search(entry.where, f"{mutant.file} {mutant.policy(files)}"):
        return False
    if not entry.was:
        return True
    text, end = files[mutant.file], mutant.position + len(mutant.before)
    around = _plain(text[max(0, mutant.position - _AROUND) : mutant.position] + _GAP + text[end : end + _AROUND])
    return any(
        _plain(gapped.replace(_GAP, mutant.after)) == _plain(entry.now) and _plain(gapped) in around
        for gapped in _gapped(entry.was, mutant.before.strip())
    )


_AROUND = 2000
"""Characters on either side of a change, more than any entry needs."""

_GAP = "\0"


def _gapped(text: str, part: str) -> Iterator[str]:
    """The text with a gap in place of the part, once for each place where the part is."""
    for match in re.finditer(f"(?={re.escape(part)})", text):
        yield text[: match.start()] + _GAP + text[match.start() + len(part) :]


def _plain(text: str) -> str:
    """A piece of a policy, without line breaks, spaces and the quotes that YAML doubles."""
    return re.sub("'+", "'", re.sub(r"\s+", "", text))
