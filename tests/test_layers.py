"""Imports go downwards only, and only a few rooms may touch the world: read from the source, never imported."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import rayfence

from .source_reading import Tree, imported_by, our_tree, uses

# From the bottom up. A room is a module or a package of that name, with all that is in it; it may import from
# rooms on rows below its own, and from itself.
ROWS: list[set[str]] = [
    {"__init__"},
    {"model"},
    {"yamlio"},
    {"cel"},
    {"tenants", "workload"},
    {"rules"},
    {"admission"},
    {"cluster", "network"},
    {"backends"},
    {"manifests"},
    {"cases"},
    {"reach"},
    {"audit"},
    {"doctor"},
    {"installation"},
    {"gotool"},
    {"gator", "kyverno"},
    {"suite"},
    {"mutation"},
    {"diagram"},
    {"report"},
    {"cli"},
    {"__main__"},
]
HEIGHT = {room: height for height, row in enumerate(ROWS) for room in row}

SPEAKERS = {"cli", "__main__"}
WRITERS = SPEAKERS | {"gator", "gotool", "kyverno", "suite"}
STARTERS = {"gator", "gotool", "kyverno"}

# A name with a dot in front is looked for as a method or attribute of anything.
SPEAKING = {"print", "input", "exit", "quit", "breakpoint", "sys.exit", "sys.stdout", "sys.stderr", "SystemExit"}
WRITING = {
    *(".write_text", ".write_bytes", ".mkdir", ".touch", ".unlink", ".rmdir", ".rename", ".chmod", ".symlink_to"),
    *("os.replace", "os.remove", "os.makedirs", "shutil.rmtree", "shutil.copy", "shutil.copytree", "shutil.move"),
    *("tempfile", "open", ".open"),
}
STARTING = {"subprocess", "os.system", "os.popen", "os.execv", "multiprocessing"}
NETWORK = {"socket", "http", "urllib.request", "requests", "httpx", "kubernetes"}


def room_of(module: str) -> str:
    return module.split(".")[0]


def upward_imports(tree: Tree) -> list[str]:
    return [
        f"{module} imports {target}"
        for module in tree
        for target in imported_by(module, tree)
        if room_of(module) != room_of(target)
        and HEIGHT.get(room_of(target), len(ROWS)) >= HEIGHT.get(room_of(module), 0)
    ]


def circle(tree: Tree) -> list[str]:
    """Modules that import each other in a circle, empty when there are none."""
    # A package's own modules are reached through it, so its __init__ counts for what it imports, not for who names it.
    graph = {
        module: {name for name in imported_by(module, tree) if not name.endswith("__init__") and name != module}
        for module in tree
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def trespasses(tree: Tree, names: set[str], allowed: set[str]) -> list[str]:
    return [f"{module} {use}" for module in tree if room_of(module) not in allowed for use in uses(tree[module], names)]


def test_every_module_has_its_row():
    assert set() == {room_of(module) for module in our_tree()} - set(HEIGHT)


def test_there_are_no_more_rooms_than_a_stranger_can_learn():
    assert len(HEIGHT) <= 30


def slivers(package: Path) -> list[str]:
    """Modules of a few lines, which belong into another. The face of a package and a program's entry may be short."""
    found = (path for path in package.rglob("*.py") if path.stem not in ("__init__", "__main__"))
    return sorted(path.name for path in found if len(path.read_text(encoding="utf-8").splitlines()) < 25)


def test_no_module_is_a_sliver():
    assert [] == slivers(Path(rayfence.__file__).parent)


def test_a_sliver_is_seen(tmp_path):
    (tmp_path / "short.py").write_text("\n" * 24)
    (tmp_path / "long.py").write_text("\n" * 25)
    (tmp_path / "__init__.py").write_text("")

    assert ["short.py"] == slivers(tmp_path)


def test_imports_go_downwards_only():
    assert [] == upward_imports(our_tree())


def test_no_modules_import_each_other_in_a_circle():
    assert [] == circle(our_tree())


def test_only_the_command_line_prints_and_exits():
    assert [] == trespasses(our_tree(), SPEAKING, SPEAKERS)


def test_only_named_rooms_write_files():
    assert [] == trespasses(our_tree(), WRITING, WRITERS)


def test_only_named_rooms_start_programs():
    assert [] == trespasses(our_tree(), STARTING, STARTERS)


def test_only_the_cluster_opens_a_connection():
    assert [] == trespasses(our_tree(), NETWORK, {"cluster"})


@pytest.mark.parametrize(
    ("module", "text", "target"),
    [
        pytest.param("rules.labels", "from rayfence.cli import main", "cli", id="a name"),
        pytest.param("rules.labels", "from rayfence import cli", "cli", id="a module"),
        pytest.param("rules.labels", "import rayfence.cli as c", "cli", id="an import"),
        pytest.param("rules.labels", "from ..cli import main", "cli", id="relative"),
        pytest.param("rules.labels", "from .. import cli", "cli", id="relative module"),
        pytest.param("model.path", "from rayfence.rules import RULES", "rules.__init__", id="a package"),
        pytest.param("path", "def f():\n    from rayfence.cli import main", "cli", id="inside a function"),
        pytest.param("quantity", "import rayfence.path", "path", id="sideways"),
        pytest.param("novelty", "import rayfence.cli", "cli", id="from a room without a row"),
    ],
)
def test_an_upward_import_is_seen(module, text, target):
    tree = {name: ast.parse("") for name in ("__init__", "cli", "path", "rules.__init__")}
    tree[module] = ast.parse(text)

    assert [f"{module} imports {target}"] == upward_imports(tree)


def test_a_circle_inside_a_room_is_seen():
    tree = {
        "rules.a": ast.parse("from rayfence.rules import b"),
        "rules.b": ast.parse("from rayfence.rules.a import x"),
    }

    assert {"rules.a", "rules.b"} == set(circle(tree))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("print('x')", SPEAKING, id="print"),
        pytest.param("import sys\nsys.stderr.write('x')", SPEAKING, id="stderr"),
        pytest.param("from sys import exit", SPEAKING, id="exit"),
        pytest.param("raise SystemExit(1)", SPEAKING, id="SystemExit"),
        pytest.param("path.write_text('x')", WRITING, id="write_text"),
        pytest.param("Path('x').open('w')", WRITING, id="open as a method"),
        pytest.param("open('x', 'w')", WRITING, id="open"),
        pytest.param("from tempfile import mkdtemp", WRITING, id="tempfile"),
        pytest.param("from subprocess import run", STARTING, id="subprocess"),
        pytest.param("import urllib.request as r", NETWORK, id="urllib"),
    ],
)
def test_a_trespass_is_seen(text, names):
    tree = {"network": ast.parse(text)}

    assert [] != trespasses(tree, names, {"cli"})
    assert [] == trespasses(tree, names, {"network"})
