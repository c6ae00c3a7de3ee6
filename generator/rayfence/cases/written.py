"""Reads hand-written test cases: manifests that name the rules that they break.

`# fails: <rule-id>` is on the line at fault. Anywhere in a document, `# as: <user>` and
`# groups: <group>, <group>` name the user, and `# operation: UPDATE` or `DELETE` the operation. By default an unknown
user creates the object. Every other rule must hold. A document with the line `# old` is not a case, but the next
document's object before an update. An update without it changes nothing.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rayfence import yamlio
from rayfence.admission.evaluate import parts
from rayfence.cases.case import Case
from rayfence.model.subjects import CREATE, DELETE, UPDATE
from rayfence.network.tables import GENERATION
from rayfence.rules import ids
from rayfence.workload import Request, dig
from rayfence.yamlio import Document, Problem

_FAILS = re.compile(r"(?:^|\s)#\s*fails:[ \t]*(.*?)\s*$")
_AS = re.compile(r"(?:^|\s)#\s*as:[ \t]*(\S+)\s*$")
_GROUPS = re.compile(r"(?:^|\s)#\s*groups:[ \t]*(.*?)\s*$")
_OLD = re.compile(r"^\s*#\s*old\s*$")
_OPERATION = re.compile(r"(?:^|\s)#\s*operation:[ \t]*(.*?)\s*$")
_OPERATIONS = (CREATE, UPDATE, DELETE)
_SUFFIXES = (".yaml", ".yml")


class CaseError(Exception):
    """Test cases that cannot be used; `problems` are all there are."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def load(paths: Sequence[Path]) -> tuple[Case, ...]:
    """Every case below some folders, or in some files. Raises CaseError, with everything that is wrong."""
    found: list[Case] = []
    problems: list[Problem] = []
    for root in paths:
        files = sorted(_files(root))
        if not files:
            problems.append(Problem(str(root), 0, "no test cases here; write manifests as *.yaml, at least one"))
        for file in files:
            for each in _read(file, file.relative_to(root) if root.is_dir() else Path(file.name)):
                (found if isinstance(each, Case) else problems).append(each)  # type: ignore[arg-type]
    if problems:
        raise CaseError(problems)
    return tuple(found)


def _files(root: Path) -> Iterator[Path]:
    if root.is_dir():
        yield from (path for path in root.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
    elif root.exists():
        yield root


def _read(file: Path, relative: Path) -> Iterator[Case | Problem]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        yield Problem(str(file), 0, f"cannot be read: {error}")
        return
    documents = list(yamlio.read(text, str(file)))
    if not documents:
        yield Problem(str(file), 0, "no test case in this file; write a manifest or remove it")
    lines = text.splitlines()
    starts = [_start(document.line, lines) for document in documents]
    name = relative.with_suffix("").as_posix()
    old: Document | None = None
    for number, document in enumerate(documents):
        if isinstance(document, Problem):
            yield document
            continue
        until = starts[number + 1] - 1 if number + 1 < len(starts) else len(lines)
        since = starts[number]
        remarks = list(enumerate(lines[since - 1 : until], start=since))
        if any(_OLD.search(text) for _, text in remarks):
            old = document
            continue
        yield from _case(document, remarks, f"{name}#{number + 1}" if len(documents) > 1 else name, old)
        old = None
    if old:
        yield Problem(str(file), old.line, "# old: no document follows; write the object as it is after the update")


def _start(line: int, lines: Sequence[str]) -> int:
    """The first line that belongs to the document whose content begins at `line`: the one behind its `---`."""
    marks = [number for number, text in enumerate(lines[: line - 1], start=1) if text.startswith("---")]
    return marks[-1] + 1 if marks else 1


def _case(
    document: Document, remarks: Sequence[tuple[int, str]], name: str, old: Document | None
) -> Iterator[Case | Problem]:
    said = [(match.group(1), line) for line, text in remarks if (match := _FAILS.search(text))]
    pairs = [(rule.strip(), line) for rules, line in said for rule in rules.split(",")]
    objects = list(parts(document))
    problems = [_unknown(document.file, rule, line) for rule, line in pairs if rule not in known()]
    problems += _no_operation(document.file, remarks)
    if not problems:
        problems = [*_no_case(document, [part.value for part in objects])]
    yield from problems
    if not problems:
        yield Case(
            name=name,
            value=objects[0].value,
            fails=frozenset(rule for rule, _ in pairs),
            file=document.file,
            line=document.line,
            lines=frozenset(pairs),
            document=document,
            request=_request([text for _, text in remarks], objects[0].value, old),
        )


def _no_operation(file: str, remarks: Sequence[tuple[int, str]]) -> list[Problem]:
    return [
        Problem(file, line, f"# operation: there is no `{match.group(1)}`; write one of {', '.join(_OPERATIONS)}")
        for line, text in remarks
        if (match := _OPERATION.search(text)) and match.group(1) not in _OPERATIONS
    ]


def _no_case(document: Document, objects: Sequence[Any]) -> Iterator[Problem]:
    """What keeps a document from being a case."""
    if len(objects) != 1:
        yield Problem(document.file, document.line, "a List; write each object as a document of its own")
        return
    absent = [field for field in ("name", "namespace") if not isinstance(dig(objects[0], "metadata", field), str)]
    if absent:
        yield Problem(document.file, document.line, f"a case needs metadata.{absent[0]}; write one")


def _request(lines: Sequence[str], value: Any, old: Document | None) -> Request:
    """Who asks, and for what, as the remarks say."""

    def first(remark: re.Pattern[str], otherwise: str) -> str:
        return next((match.group(1) for line in lines if (match := remark.search(line))), otherwise)

    groups = tuple(group for each in first(_GROUPS, "").split(",") if (group := each.strip()))
    operation = UPDATE if old else first(_OPERATION, CREATE)
    was = old.value if old else value if operation == UPDATE else None
    return Request(first(_AS, ""), groups, operation, was)


def known() -> tuple[str, ...]:
    """The ids that are allowed after `# fails:`."""
    return (*ids(), GENERATION)


def _unknown(file: str, rule: str, line: int) -> Problem:
    near = difflib.get_close_matches(rule, known(), n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"write one of {', '.join(known())}"
    return Problem(file, line, f"# fails: there is no rule `{rule}`; {hint}")
