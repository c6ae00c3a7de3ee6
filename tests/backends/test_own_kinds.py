"""Who knows which kinds of policy there are: the backends themselves, and few others. Read from the source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import rayfence
from rayfence.backends import BACKENDS

from ..source_reading import Tree, imported_by, our_tree

PACKAGE = Path(rayfence.__file__).parent
ALLOWED = {
    "cli.install": ({"validatingadmissionpolicy"}, "an example in its help"),
    "cli.mutation_test": ({"gatekeeper"}, "an example in its help"),
    "gator.policies": ({"ConstraintTemplate"}, "what gator reads"),
    "gotool.pins": ({"gatekeeper"}, "the address of gator's source"),
}

KINDS = ("Cluster", "Validating", "Mutating", "Generating", "ValidatingAdmission", "MutatingAdmission")
NAMED = re.compile(
    rf"\b(?:(?:{'|'.join(KINDS)})Polic(?:y|ies)(?:Binding)?|ConstraintTemplates?)\b"
    # A name in a longer one is not the backend's: a namespace, or a page.
    rf"|(?<![\w.-])(?:{'|'.join(BACKENDS)})(?![\w.-])"
)
"""A kind, in comments and docstrings too, or the name of a backend."""

TABLE = "backends.__init__"


def outside(module: str) -> bool:
    return module.split(".")[0] != "backends"


def knowing(texts: dict[str, str]) -> dict[str, set[str]]:
    """The modules outside `backends/` that name a kind or a backend, and what they name."""
    found = {module: set(NAMED.findall(text)) for module, text in texts.items() if outside(module)}
    return {module: names for module, names in found.items() if names}


def reaching_in(tree: Tree) -> list[str]:
    """Who imports from a backend's folder, or one that several share, apart from backends."""
    folders = {".".join(module.split(".")[:2]) for module in tree if module.count(".") == 2 and not outside(module)}
    return [
        f"{module} imports {target}"
        for module in tree
        if outside(module)
        for target in imported_by(module, tree)
        if ".".join(target.split(".")[:2]) in folders
    ]


def importers(tree: Tree, folder: str) -> set[str]:
    """Who imports from a folder, apart from itself."""
    return {
        module
        for module in tree
        if not module.startswith(f"{folder}.")
        for target in imported_by(module, tree)
        if target.startswith(f"{folder}.")
    }


def test_few_modules_outside_the_backends_name_a_kind_or_a_backend() -> None:
    texts = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
    }

    assert {module: names for module, (names, _) in ALLOWED.items()} == knowing(texts)
    assert 5 >= len(ALLOWED)


def test_nobody_else_reaches_into_a_backends_folder() -> None:
    assert [] == reaching_in(our_tree())


def test_the_folder_of_cluster_policies_can_be_deleted_but_for_its_line() -> None:
    assert {TABLE} == importers(our_tree(), "backends.clusterpolicy")


def test_every_backend_has_its_folder() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("backends/*/policy.py")}

    assert len(BACKENDS) == len(folders)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('match kind:\n    case "ClusterPolicy": ...', ["ClusterPolicy"]),
        ('"""Writes ValidatingPolicies."""', ["ValidatingPolicies"]),
        ("# A ConstraintTemplate", ["ConstraintTemplate"]),
        ('if kind == "ValidatingAdmissionPolicyBinding":', ["ValidatingAdmissionPolicyBinding"]),
        ('"gatekeeper" in case.backends', ["gatekeeper"]),
        ('help="run with --backend clusterpolicy"', ["clusterpolicy"]),
        ('"kubectl apply -k policies/validatingpolicy"', ["validatingpolicy"]),
        ('"gatekeeper-system": "Gatekeeper runs"', []),
        ('"docs/moving-from-clusterpolicy.md"', []),
        ('"NetworkPolicy"', []),
    ],
    ids=str,
)
def test_a_name_is_seen_where_it_is_one(text: str, names: list[str]) -> None:
    assert names == NAMED.findall(text)
    assert ({"suite.scopes": set(names)} if names else {}) == knowing({"suite.scopes": text, "backends.toy": text})


def test_an_import_from_a_backends_folder_is_seen() -> None:
    tree = {"backends.toy.kinds": ast.parse(""), "backends.kyverno.rbac": ast.parse("")}
    tree["doctor.rights"] = ast.parse("from rayfence.backends.kyverno.rbac import rbac")
    tree["suite.scopes"] = ast.parse("from rayfence.backends.toy.kinds import TOYS")
    tree["backends.other"] = tree["suite.scopes"]

    seen = ["doctor.rights imports backends.kyverno.rbac", "suite.scopes imports backends.toy.kinds"]

    assert seen == reaching_in(tree)
    assert {"suite.scopes", "backends.other"} == importers(tree, "backends.toy")
