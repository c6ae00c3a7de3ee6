"""The order in which policy objects go when the cuts between them move: whoever takes over comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.admission.shards import FROM, MOST_ROWS
from rayfence.cluster.objects import Part, name_of, unwritten_part
from rayfence.installation.desired import desired_objects
from rayfence.installation.ordering import stages
from rayfence.model.config import Bounds, Config, Container, Network, Platform, Provider, Tenant
from rayfence.model.subjects import SUBJECTS, Resource

NAME = "enforce-tenant-isolation"
Cuts = Sequence[str]
"""Where one object ends and the next begins."""


class There:
    """A cluster with some policy objects on it, as far as the order needs one."""

    def __init__(self, values: Iterable[dict[str, Any]]) -> None:
        self._values = {(each["kind"], name_of(each)): each for each in values}

    def one(self, resource: Resource, namespace: str, name: str) -> Part | None:
        found = self._values.get((resource.kind, name))
        return unwritten_part(found) if found else None


def policies(cuts: Cuts, name: str = NAME) -> list[dict[str, Any]]:
    """The objects of a table with these cuts, each with what binds it."""
    firsts = ["", *cuts]
    return [each for number, first in enumerate(firsts, start=1) for each in _pair(name, number, first)]


def _pair(name: str, number: int, first: str) -> list[dict[str, Any]]:
    metadata = {"name": name if number == 1 else f"{name}-{number}", "annotations": {FROM: first} if first else {}}
    api = "admissionregistration.k8s.io/v1"
    return [
        {"apiVersion": api, "kind": f"ValidatingAdmissionPolicy{what}", "metadata": metadata}
        for what in ("", "Binding")
    ]


def order(old: Cuts, new: Cuts) -> list[list[str]]:
    """The numbers of the objects in each stage; each binding has to be with its policy."""
    found = list(stages(There(policies(old)), policies(new)))  # type: ignore[arg-type]
    for stage in found:
        names = [name_of(each) for each in stage]
        assert names[::2] == names[1::2]
    return [[name_of(each).removeprefix(NAME) or "-1" for each in stage[::2]] for stage in found]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([], [], [["-1"]]),
        (["m"], ["m"], [["-1", "-2"]]),
        (["m"], ["p"], [["-1"], ["-2"]]),
        (["m"], ["g"], [["-2"], ["-1"]]),
        ([], ["m"], [["-2"], ["-1"]]),
        (["m"], [], [["-1"]]),
        (["g", "p"], ["h", "q"], [["-1"], ["-2"], ["-3"]]),
        (["g", "p"], ["f", "o"], [["-3"], ["-2"], ["-1"]]),
        (["g", "p"], ["h", "o"], [["-1", "-3"], ["-2"]]),
        (["g", "p"], ["f", "q"], [["-2"], ["-1", "-3"]]),
    ],
)
def test_whoever_takes_over_comes_first(old: Cuts, new: Cuts, expected: list[list[str]]) -> None:
    assert expected == order(old, new)


def test_an_installation_from_nothing_is_one_stage() -> None:
    assert [policies(["g", "p"])] == list(stages(There([]), policies(["g", "p"])))  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", ["clusterpolicy", "validatingpolicy"])
def test_what_fills_in_comes_before_what_refuses_for_the_lack_of_it(backend: str) -> None:
    bounds, network = Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")), Network(provider=Provider.KUBERAY)
    names = [
        name_of(each)
        for each in desired_objects(Config(Platform(), (Tenant("a", ("a",), bounds, network=network),)), backend)
    ]

    assert names.index("fill-network-policy") < names.index(NAME) < names.index("generate-network-policies")


def test_objects_of_another_enforcement_are_cut_by_themselves() -> None:
    old = [*policies(["m"]), *policies(["m"], f"{NAME}-audit")]
    new = [*policies(["p"]), *policies(["g"], f"{NAME}-audit")]

    found = [[name_of(each) for each in stage[::2]] for stage in stages(There(old), new)]  # type: ignore[arg-type]

    assert [[NAME, f"{NAME}-audit-2"], [f"{NAME}-2", f"{NAME}-audit"]] == found


CUTS = st.lists(st.sampled_from("bdfhjlnprtvx"), unique=True, max_size=5).map(sorted)


@given(old=CUTS, new=CUTS)
def test_at_no_moment_is_a_name_in_nobodys_care(old: Cuts, new: Cuts) -> None:
    there, ranges = dict(_ranges(old)), dict(_ranges(new))

    for number in (number for stage in order(old, new) for number in stage):
        # Those of a stage go one after the other, in whichever order.
        there[number] = ranges[number]
        assert [] == [name for name in "acegikmoqsuwy" if not any(_covers(each, name) for each in there.values())]


def _ranges(cuts: Cuts) -> Iterable[tuple[str, tuple[str, str]]]:
    edges = ["", *cuts, "~"]
    return ((f"-{number}", edge) for number, edge in enumerate(pairwise(edges), start=1))


def _covers(edges: tuple[str, str], name: str) -> bool:
    return edges[0] <= name < edges[1]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["clusterpolicy", "validatingpolicy", "validatingadmissionpolicy"])
def test_what_is_written_says_where_it_begins(backend: str) -> None:
    bounds = Container(Bounds("1", "4"), Bounds("2Gi", "8Gi"))
    tenants = (Tenant(f"x{n:04}", (f"ray-x{n:04}",), bounds) for n in range(MOST_ROWS + 1))
    judges = desired_objects(Config(Platform(), tuple(tenants)), backend).judges

    found = {(name_of(each), each["metadata"].get("annotations", {}).get(FROM)) for each in judges}

    first_and_second = (("", None), ("-2", "ray-x0500"))
    assert {(f"{each.name}{suffix}", first) for each in SUBJECTS for suffix, first in first_and_second} == found
