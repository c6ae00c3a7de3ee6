"""A package as its source says it is: which module imports which, and what names each one speaks of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import rayfence

Tree = dict[str, ast.Module]


def tree_of(package: Path) -> Tree:
    """Every module of a package by its dotted name without the package's own: `rules.limit_resources`."""
    return {
        ".".join(path.relative_to(package).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }


@cache
def our_tree() -> Tree:
    """Every module of rayfence, read once for all tests that look at its source."""
    return tree_of(Path(rayfence.__file__).parent)


def imported_by(module: str, tree: Tree) -> Iterator[str]:
    """Modules of our own that `module` imports, wherever in it, type-checking blocks too."""
    for node in ast.walk(tree[module]):
        if isinstance(node, ast.Import):
            yield from (ours(alias.name, tree) for alias in node.names if alias.name.split(".")[0] == "rayfence")
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, module)
            if source.split(".")[0] == "rayfence":
                yield from (ours(f"{source}.{alias.name}", tree) for alias in node.names)


def absolute(node: ast.ImportFrom, module: str) -> str:
    """`from ..path import x` inside `rules.labels` is from `rayfence.path`."""
    parents = ["rayfence", *module.split(".")][: -node.level] if node.level else []
    return ".".join([*parents, *([node.module] if node.module else [])])


def ours(dotted: str, tree: Tree) -> str:
    """The module that `rayfence.a.b` names: a module `a.b`, else the name `b` inside module or package `a`."""
    name = dotted.removeprefix("rayfence").removeprefix(".")
    candidates = (name, f"{name}.__init__", name.rpartition(".")[0], f"{name.rpartition('.')[0]}.__init__")
    return next((each for each in candidates if each in tree), "__init__")


def uses(module: ast.Module, names: set[str]) -> list[str]:
    """Where a module imports, reads or calls one of `names`."""
    found = ((node, word) for node in ast.walk(module) for word in words(node) if word in names)
    return [f"line {getattr(node, 'lineno', 0)}: {word.removeprefix('.')}" for node, word in found]


def words(node: ast.AST) -> list[str]:
    """The names that one node speaks of, in every way in which a table above may list them."""
    match node:
        case ast.Import(names=aliases):
            return [part for alias in aliases for part in prefixes(alias.name)]
        case ast.ImportFrom(module=str(source), names=aliases, level=0):
            return [*prefixes(source), *(f"{source}.{alias.name}" for alias in aliases)]
        case ast.Attribute(attr=name):
            return [dotted(node), f".{name}"]
        case ast.Name(id=name):
            return [name]
        case _:
            return []


def dotted(node: ast.expr) -> str:
    """`a.b.c` where a node says that, '' for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=whose, attr=name):
            before = dotted(whose)
            return before and f"{before}.{name}"
        case _:
            return ""


def prefixes(name: str) -> list[str]:
    """`a.b.c` is also `a.b` and `a`."""
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]
