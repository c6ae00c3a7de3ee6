"""The picture as a file of its own."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, fromstring

import pytest

from rayfence.diagram import svg
from rayfence.diagram.connections import connections
from rayfence.reach.findings import Findings

from .hostile import HOSTILE, WORDS
from .samples import FORGED, HEAD_OF_1, sample, spoilt

SVG = "{http://www.w3.org/2000/svg}"
ALL = pytest.mark.parametrize(
    "findings", [sample(3), sample(30), spoilt(3), HOSTILE], ids=["3", "30", "bad", "hostile"]
)


def drawn(findings: Findings) -> Element:
    return fromstring(svg.render(findings))


def of_class(picture: Element, name: str) -> list[Element]:
    return [each for each in picture.iter() if name in (each.get("class") or "").split()]


def titles(picture: Element) -> list[str]:
    return [each.text or "" for each in picture.iter(f"{SVG}title")]


def numbers(lines: list[Element]) -> list[int]:
    return sorted(int(number) for line in lines for number in (line.get("data-numbers") or "").split())


def test_every_connection_of_a_tenant_is_in_one_line():
    picture = drawn(sample(3))

    assert list(range(len(connections(sample(3))))) == numbers(of_class(picture, "line"))


def test_a_line_that_is_left_out_is_missed():
    picture = drawn(sample(3))
    stack = next(iter(of_class(picture, "inside")))
    stack.remove(next(each for each in stack if "tap" in (each.get("class") or "")))

    assert list(range(len(connections(sample(3))))) != numbers(of_class(picture, "line"))


def test_folded_tenants_show_all_but_what_is_inside():
    picture, found = drawn(sample(30)), connections(sample(30))
    inside = [each.number for each in found if all(end.id.startswith("team-") for end in (each.source, each.target))]

    assert ([], 30) == (of_class(picture, "pod"), len(of_class(picture, "folded")))
    assert [each.number for each in found if each.number not in inside] == numbers(of_class(picture, "line"))


def test_a_line_names_its_ends_its_ports_and_the_rule():
    assert (
        "kuberay-operator/kuberay-operator → team-1/ray-head\n"
        "TCP 8265, TCP 8000\n"
        "allowed, as configured\n"
        "by team-1/rayfence-operator ingress[0]"
    ) in titles(drawn(sample(3)))


def test_a_counterexample_is_a_line_of_its_own_kind_with_a_sign():
    picture = drawn(spoilt(3))
    (hole,) = [each for each in of_class(picture, "hole") if "tap" in (each.get("class") or "")]

    assert f"{FORGED.id} → {HEAD_OF_1}\n" in titles(hole)[0]
    assert ["!"] == [each.text for each in of_class(hole, "sign")]


def test_counterexamples_stand_over_the_picture():
    assert [f"! {each.line}" for each in spoilt(3).counterexamples] == [
        each.text for each in of_class(drawn(spoilt(3)), "against")
    ]


def test_what_holds_is_said_with_what_was_looked_at():
    assert ["3 tenants, 4 namespaces, 16 pods; 3 proofs hold"] == [
        each.text for each in of_class(drawn(sample(3)), "verdict")
    ]


def test_a_stranger_without_a_line_says_so():
    idle = of_class(drawn(sample(3)), "idle")

    assert ["elsewhere/stranger, stranger: reaches no tenant", "elsewhere/forged, forged: reaches no tenant"] == [
        titles(each)[0] for each in idle
    ]


@ALL
def test_the_same_findings_give_the_same_bytes(findings):
    assert svg.render(findings) == svg.render(findings)


@ALL
def test_it_is_well_formed_and_needs_nothing_from_elsewhere(findings):
    text = svg.render(findings)
    references = {
        value for each in fromstring(text).iter() for key, value in each.items() if key.endswith(("href", "src"))
    }

    assert set() == references
    assert [] == re.findall(r"url\(|@import|<script|<foreignObject", text)


def test_hostile_words_are_text():
    picture = drawn(HOSTILE)
    tags = {each.tag.removeprefix(SVG) for each in picture.iter()}

    assert {"svg", "g", "title", "style", "rect", "path", "circle", "text"} == tags
    assert [] == [key for each in picture.iter() for key in each.attrib if key.startswith("on")]
    assert any(WORDS[0] in title for title in titles(picture))


def test_no_tenant_at_all_is_a_picture_too():
    assert [] == of_class(drawn(sample(0)), "tenant")
