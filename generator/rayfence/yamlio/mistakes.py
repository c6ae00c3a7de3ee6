"""libyaml's complaints in plain words, and the line that has to be changed."""

from __future__ import annotations

import yaml

MAX_NESTING = 100
TOO_DEEP = f"values nest more than {MAX_NESTING} levels deep; this is no Kubernetes object"

_TAB = "a tab stands where YAML wants spaces; indent with spaces"
_INDENT = "the line does not fit the lines above it; check the indentation, the quotes and the `:`"

# By the start of libyaml's text. The longer of two that fit comes first.
_PLAIN_WORDS = {
    "found a tab character": _TAB,
    "mapping values are not allowed": "a `:` stands where no key can be; quote the value, or indent the line less",
    "block sequence entries are not allowed": "a list cannot begin here; put the `-` on a line of its own",
    "could not find expected ':'": "the `:` after a key is missing, here or in the line above; write `key: value`",
    "did not find expected '-'": "an item of the list does not begin with `-`; write `-`, or indent the line to fit",
    "did not find expected key": _INDENT,
    "did not find expected <document start>": "the document is over, yet text follows; indent it, or write `---`",
    "did not find expected ',' or ']'": "a `[` is not closed; write `,` between the items and `]` after the last",
    "did not find expected ',' or '}'": "a `{` is not closed; write `,` between the fields and `}` after the last",
    "did not find expected node content": "a value is missing; write one, or drop the comma",
    # Where it looks ahead, libyaml meets its own bound of a thousand levels before ours is met.
    "exceeded maximum nesting depth": TOO_DEEP,
    "found undefined alias": "an alias `*name` names no anchor above it; write `&name` there, or quote the text",
    "found undefined tag handle": "a tag begins with an unknown handle; drop the tag",
    "found unknown escape character": "a backslash escape is unknown; write `\\\\`, or use single quotes",
    "found incompatible YAML document": "the document is for another version of YAML; drop the `%YAML` line",
}


def explain(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The 1-based line of a mistake in `text`, and what is wrong with it."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return 1, f"the file is not YAML: {error}"
    problem, mark = error.problem or "", error.problem_mark
    if problem.startswith("found unexpected end of stream") and error.context_mark is not None:
        return error.context_mark.line + 1, "a quote is opened here and never closed; write the closing quote"
    if problem.startswith("found character that cannot start any token"):
        return mark.line + 1, _cannot_start(text[mark.index : mark.index + 1])
    line = mark.line + 1
    for start, words in _PLAIN_WORDS.items():
        if problem.startswith(start):
            return line, words
    return line, f"this is not YAML: {problem}"


def _cannot_start(character: str) -> str:
    return _TAB if character == "\t" else f"a value cannot begin with `{character}`; write it in quotes"
