"""A rule says all about itself: what is outside `rules/` names none, but for what is listed here with its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from rayfence.rules import ids

from ..source_reading import Tree, absolute, our_tree

NAMES = {name for rule in ids() for name in (rule, rule.replace("-", "_"))}
NO_RULES = {"rule", "shared", "cases", "equivalents"}
"""Modules and packages of `rules` that are about several rules or all of them."""

_NAME = re.compile(rf"(?<![\w-])({'|'.join(sorted(NAMES, key=len, reverse=True))})(?![\w-])")

ALLOWED = {
    "model.subjects": ({"guard-network-policies", "guard-pods"}, "names of policy objects"),
}


def named(tree: Tree) -> dict[str, set[str]]:
    """Module outside `rules` -> the rules, and the modules of rules, that it names."""
    found = {module: set(_named_in(module, tree[module])) for module in tree if module.split(".")[0] != "rules"}
    return {module: names for module, names in found.items() if names}


def _named_in(module: str, source: ast.Module) -> Iterator[str]:
    texts = set(_docstrings(source))
    for node in ast.walk(source):
        match node:
            case ast.ImportFrom(names=aliases):
                yield from _imported(absolute(node, module), [alias.name for alias in aliases])
            case ast.Import(names=aliases):
                for alias in aliases:
                    yield from _imported(*_split(alias.name))
            case ast.Constant(value=str(text)) if id(node) not in texts:
                yield from _NAME.findall(text)


def _split(dotted: str) -> tuple[str, list[str]]:
    parent, _, name = dotted.rpartition(".")
    return parent, [name]


def _imported(source: str, names: list[str]) -> Iterator[str]:
    module = f"{source}.".removeprefix("rayfence.rules.").partition(".")[0]
    if source.startswith("rayfence.rules.") and module not in NO_RULES:
        yield module
    elif source == "rayfence.rules":
        # Modules are in lower case; so are functions.
        yield from (name for name in names if name.islower() and name not in ("ids", "reader", "variables", *NO_RULES))


def _docstrings(source: ast.Module) -> Iterator[int]:
    """Texts that stand as statements of their own: of modules, functions, classes and constants."""
    for node in ast.walk(source):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def test_no_rule_is_named_elsewhere_but_for_what_is_listed() -> None:
    assert {module: names for module, (names, _) in ALLOWED.items()} == named(our_tree())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from rayfence.rules import guard_pods", {"guard_pods"}),
        ("from rayfence.rules.guard_pods import RAY_LABELS", {"guard_pods"}),
        ("from rayfence.rules.shared.worst_case import totals", set()),
        ("from rayfence.rules.shared import peers", set()),
        ("import rayfence.rules.guard_pods as rule", {"guard_pods"}),
        ("from .rules import guard_pods", {"guard_pods"}),
        ("rule = 'guard-pods'", {"guard-pods"}),
        ("rule = f'{x} breaks guard-pods, and more'", {"guard-pods"}),
        ("cel = 'variables.guard_pods.map(violation, violation)'", {"guard_pods"}),
        ("variable = 'guard_pods_2'", set()),
        ("name = 'guard-pods-of-mine'", set()),
        ("from rayfence.rules import OF, RULES, ids, reader", set()),
        ("from rayfence.rules.rule import Rule", set()),
        ("'''As guard-pods does.'''", set()),
        ("X = 1\n'''As guard-pods does.'''", set()),
    ],
)
def test_a_rule_is_found_where_it_is_named(text: str, expected: set[str]) -> None:
    assert ({"another": expected} if expected else {}) == named({"another": ast.parse(text)})


def test_a_rule_may_name_another() -> None:
    assert {} == named({"rules.another": ast.parse("from rayfence.rules import guard_pods")})
