"""Mutants that no object can tell from the policy they were made of, each with the argument why.

An entry names the expression and the piece of it that changes, as it was and as it is then, and holds wherever that
piece stands. So it goes stale when the expression changes, and a test turns red.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rayfence.mutation.mutants import Mutant


@dataclass(frozen=True, slots=True)
class Equivalent:
    """`was` becomes `now` in a variable of some policies, '' for what stands around the expressions; `why` it is so.

    `where` is a part of the file's path. `test` is for what does make a difference, if not under every configuration:
    the test that notices it, in the repository.
    """

    variable: str
    was: str
    now: str
    why: str
    where: str = ""
    test: str = ""

    def matches(self, mutant: Mutant, files: Mapping[str, str]) -> bool:
        """Whether the mutant makes this change, alone, in this expression."""
        if mutant.variable != self.variable or self.where not in mutant.file:
            return False
        text, end = files[mutant.file], mutant.position + len(mutant.before)
        around = _plain(text[max(0, mutant.position - _AROUND) : mutant.position] + _GAP + text[end : end + _AROUND])
        return any(
            _plain(gapped.replace(_GAP, mutant.after)) == _plain(self.now) and _plain(gapped) in around
            for gapped in _gapped(self.was, mutant.before.strip())
        )


_AROUND = 2000
"""Characters on either side of a change, more than any entry needs."""

_GAP = "\0"


def _gapped(text: str, part: str) -> Iterator[str]:
    """The text with a gap in place of the part, wherever that stands."""
    for match in re.finditer(f"(?={re.escape(part)})", text):
        yield text[: match.start()] + _GAP + text[match.start() + len(part) :]


def _plain(text: str) -> str:
    """A piece of a policy however YAML breaks its lines and doubles its quotes."""
    return re.sub(f" *{_GAP} *", _GAP, re.sub("'+", "'", re.sub(r"\s+", " ", text)))


EQUIVALENTS: tuple[Equivalent, ...] = ()


def known(mutant: Mutant, files: Mapping[str, str]) -> Equivalent | None:
    """The entry that a mutant has, if any."""
    return next((each for each in EQUIVALENTS if each.matches(mutant, files)), None)
