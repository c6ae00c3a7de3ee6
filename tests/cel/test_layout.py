"""CEL laid out to be read: the same tokens, short lines, and nothing that YAML would write in quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence import yamlio
from rayfence.backends import BACKENDS
from rayfence.backends.formatting import EXPRESSIONS, laid_out
from rayfence.cel.lines import INDENTATION, LINE, WIDTH, layout
from rayfence.cel.syntax import NotCel, flat, tokens
from rayfence.manifests import bundle

from ..backends.test_schemas import EVERY_SORT

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TOP = Path(__file__).resolve().parents[2]
WRITTEN = {str(path.relative_to(TOP)): path.read_text() for path in sorted((TOP / "policies").rglob("*.yaml"))}


@cache
def of_every_sort() -> dict[str, str]:
    """The bundle of a config with tenants of every sort."""
    return bundle.files(EVERY_SORT)


Places = list[tuple[str, yaml.ScalarNode]]


def expressions(text: str) -> Places:
    """Every expression in a file, with the scalar that it stands in; those of patches among them."""
    return [found for root in yaml.compose_all(text, Loader) if root is not None for found in _below(root)]


def _below(node: yaml.Node) -> Iterator[tuple[str, yaml.ScalarNode]]:
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _below(each)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        if key.value in EXPRESSIONS and isinstance(value, yaml.ScalarNode):
            yield value.value, value
        elif key.value == "patch":
            yield from expressions(value.value)
        else:
            yield from _below(value)


@cache
def written(path: str) -> Places:
    """Every expression in one of our files."""
    return expressions(WRITTEN[path])


def long(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each line of a file, whatever is in it, that is longer than it may be."""
    return [(path, line) for path, text in files.items() for line in text.splitlines() if len(line) > LINE]


def test_no_line_is_longer_than_it_may_be() -> None:
    assert [] == long(WRITTEN)
    assert [] == long(of_every_sort())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_line_that_is_too_long_is_noticed_in_every_file(backend: str) -> None:
    for path in (each for each in of_every_sort() if each.startswith(f"{backend}/")):
        first, line, rest = of_every_sort()[path].partition("\nkind: ")

        assert [path] == [found for found, _ in long({path: f"{first}\n{'x' * (LINE + 1)}{line}{rest}"})]


@pytest.mark.parametrize("path", WRITTEN)
def test_no_expression_is_quoted(path: str) -> None:
    styles = {node.style or None for _, node in written(path)}

    assert styles <= {None, "|"}
    assert all(node.style == "|" for text, node in written(path) if "'" in text or "\n" in text)


@pytest.mark.parametrize("path", WRITTEN)
def test_no_text_doubles_its_quotes(path: str) -> None:
    quoted = [
        token
        for token in yaml.scan(WRITTEN[path], Loader)
        if isinstance(token, yaml.ScalarToken) and token.style == "'"
    ]

    assert [] == [token.value for token in quoted if "'" in token.value]


def test_every_kind_of_policy_is_looked_at() -> None:
    folders = {path.split("/")[1] for path in WRITTEN if written(path)}

    assert {"clusterpolicy", "validatingpolicy", "validatingadmissionpolicy", "gatekeeper"} == folders
    assert {"MutatingPolicy", "GeneratingPolicy"} <= {
        value["kind"] for file in of_every_sort().values() for value in yaml.load_all(file, Loader) if value
    }


def is_laid_out(text: str) -> None:
    one_line = flat(text)

    assert tokens(text) == tokens(one_line) == tokens(layout(one_line))
    assert text == layout(one_line) == layout(text)
    assert [] == [line for line in text.splitlines() if line != line.rstrip()]
    assert [] == [line for line in text.splitlines() if len(line) > WIDTH]


@pytest.mark.parametrize("path", WRITTEN)
def test_a_layout_changes_no_token_and_is_stable(path: str) -> None:
    for text in dict.fromkeys(text for text, _ in written(path)):
        is_laid_out(text)


def test_so_it_is_of_tenants_of_every_sort() -> None:
    found = {text for file in of_every_sort().values() for text, _ in expressions(file)}
    others = found - {text for path in WRITTEN for text, _ in written(path)}

    assert others
    for text in sorted(others):
        is_laid_out(text)


# A small grammar of CEL: what a layout breaks, and what it must not touch.
NAMES = st.sampled_from(["a", "object", "variables.sites", "x.?spec.?template", "m[?'tenant']"])
TEXTS = st.sampled_from(
    ["''", "'a  b'", "'a ? b : c'", "'[x] && y'", "r'^\\d+[.]$'", "'%s, %d'", '"it\'s"', "'{'", "'it\\'s'", "b'x'"]
)
NUMBERS = st.sampled_from(["0", "-1", "1.5", "1e3", "1.0e-15", "0x1F", "3u", "true", "null"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]")
    operators = st.sampled_from(["==", "!=", "<", ">=", "in", "&&", "||", "+", "-", "*"])
    return st.one_of(
        lists,
        st.lists(st.tuples(TEXTS, inner), max_size=3).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries) + "}"
        ),
        st.lists(st.tuples(operators, inner), min_size=1, max_size=3).map(
            lambda parts: " ".join(["a", *(f"{operator} ({operand})" for operator, operand in parts)])
        ),
        st.tuples(inner, inner, inner).map(lambda parts: "({}) ? ({}) : ({})".format(*parts)),
        st.tuples(inner, inner).map(lambda parts: "({}).map(v, {})".format(*parts)),
        st.tuples(lists, inner, inner).map(lambda parts: "{}.transformList(i, v, {}, {})[0].flatten()".format(*parts)),
        inner.map(lambda operand: f"!({operand})"),
        inner.map(lambda operand: f"dyn({operand})"),
        lists.map(lambda items: f"'%s'.format({items})"),
    )


CEL = st.recursive(NAMES | TEXTS | NUMBERS, _grown, max_leaves=30)


@settings(deadline=None)
@given(CEL, st.integers(20, 120))
def test_any_expression_keeps_its_tokens_and_its_layout(text: str, width: int) -> None:
    laid = layout(text, width)

    assert tokens(text) == tokens(laid)
    assert laid == layout(laid, width) == layout(flat(text), width)
    assert [] == [line for line in laid.splitlines() if not line.strip() or line != line.rstrip()]


@settings(deadline=None)
@given(CEL)
def test_a_line_is_long_only_where_nothing_is_left_to_break(text: str) -> None:
    width = 60

    for line in layout(text, width).splitlines():
        bare = line.strip()
        # Deep in brackets a line holds one operand, with what opens and closes around it.
        assert len(line) <= width or len(tokens_of(bare)) <= MOST_TOKENS, line


MOST_TOKENS = 16


def tokens_of(line: str) -> list[str]:
    return re.findall(r"""r?'(?:[^'\\]|\\.)*'|"[^"]*"|[\w.?]+|\S""", line)


@settings(deadline=None)
@given(CEL)
def test_what_fits_stands_on_one_line(text: str) -> None:
    short = flat(text)
    holds_a_table = bool(re.search(r"\{(?:'|r'|b'|\")", short))

    assert holds_a_table or len(short) > WIDTH or layout(text) == short


@pytest.mark.parametrize(
    ("broken", "instead"),
    [("'a  b'", "'a b'"), ("&&", "||"), ("'x'", ""), ("size", "sizes"), ("orValue('')", "orValue( ' ' )")],
)
def test_a_changed_token_is_noticed(broken: str, instead: str) -> None:
    text = "a.?b.orValue('') == 'a  b' && size(c) < 3 || d in ['x', 'y']"

    assert tokens(text) != tokens(text.replace(broken, instead))


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("expression: 'a == ''b'''", "quoted"),
        ('expression: "false"', "quoted"),
        ("expression: |-\n  " + "a + " * 40 + "b", "long"),
    ],
)
def test_a_layout_that_got_lost_is_noticed(line: str, wrong: str) -> None:
    ((text, node),) = expressions(line)

    assert (node.style not in (None, "", "|")) is (wrong == "quoted")
    assert (layout(text) != text) is (wrong == "long")


@pytest.mark.parametrize(
    "text",
    [
        "a +",
        "(a",
        "a)",
        "[a b]",
        "{'a'}",
        "a ? b",
        "f(a,)",
        "a // b",
        "'''a'''",
        "'a",
        "'a\nb'",
        "a b",
        "",
        "a.in.'b'",
        "?a",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(NotCel):
        layout(text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a==b&&c", ["a == b && c"]),
        ("{'ray-a':'row'}", ["{", "  'ray-a': 'row'", "}"]),
        ("{'a': dyn('b')}", ["{'a': dyn('b')}"]),
        ("aaaaaaaaaa == 1 && bbbbbbbbbb == 2 && c", ["aaaaaaaaaa == 1", "&& bbbbbbbbbb == 2", "&& c"]),
        ("aaaaaaaa ? 'bbbbbbbb' : cccccccc ? 'd' : e", ["aaaaaaaa ? 'bbbbbbbb'", ": cccccccc ? 'd'", ": e"]),
        (
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaa ? 'bbbbbbbb' : c",
            ["aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "  ? 'bbbbbbbb'", ": c"],
        ),
        ("x in ['aaaaaaaaaaaa', 'bbbbbbbbbbbb']", ["x in [", "  'aaaaaaaaaaaa',", "  'bbbbbbbbbbbb'", "]"]),
        ("aaaaaaa.map(v, v.bbbbbbbb + v.cccccccc)", ["aaaaaaa.map(v,", "  v.bbbbbbbb + v.cccccccc", ")"]),
        (
            "a.filter(v, v.bbbbbbbbbbb == c).map(v, v.dddddddddd)",
            ["a", "  .filter(v, v.bbbbbbbbbbb == c)", "  .map(v, v.dddddddddd)"],
        ),
        ("aaaaaa.map(v, {'b': dyn(v.c), 'd': v})", ["aaaaaa.map(v, {", "  'b': dyn(v.c),", "  'd': v", "})"]),
        ("JSONPatch{op: 'add', path: p, value: v}", ["JSONPatch{", "  op: 'add',", "  path: p,", "  value: v", "}"]),
        ("[aaaaaaaaaaaaaa, bbbbbbbbbbbbbb, ]", ["[", "  aaaaaaaaaaaaaa,", "  bbbbbbbbbbbbbb,", "]"]),
    ],
)
def test_the_outermost_operation_is_broken(text: str, lines: list[str]) -> None:
    assert "\n".join(lines) == layout(text, 32)


def test_only_expressions_are_laid_out() -> None:
    manifest = {"spec": {"variables": [{"name": "a", "expression": "b  ==  'c'"}], "rule": "b  ==  'c'"}}

    assert "spec:\n  variables:\n  - name: a\n    expression: |-\n      b == 'c'\n  rule: b  ==  'c'\n" == yamlio.dump(
        [laid_out(manifest)], blocks=EXPRESSIONS
    )


@pytest.mark.parametrize(("text", "written"), [("a.b", " a.b"), ("false", " |-\n  false"), ("!a", " |-\n  !a")])
def test_a_plain_expression_needs_no_block(text: str, written: str) -> None:
    assert f"expression:{written}\n" == yamlio.dump([laid_out({"expression": text})], blocks=EXPRESSIONS)


def test_the_deepest_expression_has_room() -> None:
    deepest = max(
        len(line) - len(line.lstrip())
        for file in WRITTEN.values()
        for _, node in expressions(file)
        if node.style == "|"
        for line in [file.splitlines()[min(node.start_mark.line + 1, len(file.splitlines()) - 1)]]
    )

    assert deepest <= INDENTATION
    assert LINE == 120


def test_policies_that_were_read_are_written_in_the_same_lines() -> None:
    file = WRITTEN["policies/validatingpolicy/guard-network-kinds.yaml"]
    values: list[Any] = list(yaml.load_all(file, Loader))

    assert file == bundle.HEADER + yamlio.dump([laid_out(value) for value in values], blocks=EXPRESSIONS, width=LINE)
