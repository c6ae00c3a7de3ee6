"""Writes the parts of the HTML page around the picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from rayfence.diagram import legend as signs
from rayfence.diagram.connections import Connection, Standing, owners, tenants
from rayfence.diagram.drawing import numbered
from rayfence.diagram.elements import element, numbers, worded
from rayfence.diagram.summary import claims, not_isolated
from rayfence.diagram.words import MEANINGS, count, ports_of
from rayfence.reach.findings import Findings

# More tenants than these are counted in the answer.
MOST_NAMED = 5

COLUMNS = ("from", "to", "ports", "is", "by")


def answer(findings: Findings) -> Iterator[Element]:
    """The proofs, each with its result, and the tenants of which they say nothing."""
    items = []
    for found, claim, asked in claims(findings):
        sign = worded("span", "✓" if found == "holds" else "!", class_="sign", aria_hidden="true")
        questions = [worded("small", count(asked, "question"))] if asked else []
        items.append(element("li", sign, worded("span", claim), *questions, class_=found))
    if sentence := not_isolated(findings, named=MOST_NAMED):
        sign = worded("span", "!", class_="sign", aria_hidden="true")
        items.append(element("li", sign, worded("span", sentence), class_="careful"))
    yield element("ul", *items, class_="claims")


def against(findings: Findings, found: Sequence[Connection]) -> Iterator[Element]:
    """What refutes the proofs: a button for what the picture can show, plain text for the rest."""
    if findings.holds:
        return
    items, places = [], _places(found)
    for counterexample in findings.counterexamples:
        where = places.get(counterexample.line, [])
        tag: dict[str, str] = {"data_numbers": numbers(where), "type": "button"} if where else {}
        items.append(element("li", worded("button" if where else "span", counterexample.line, **tag)))
    heading = worded("h2", count(len(items), "counterexample"))
    yield element("section", heading, element("ul", *items), class_="against", aria_label="Counterexamples")


def tenant_options(findings: Findings) -> Iterator[Element]:
    """Every tenant, and all of them."""
    yield worded("option", "all", value="")
    for number, group in enumerate(tenants(findings)):
        yield worded("option", group.name, value=str(number))


def port_options(found: Sequence[Connection]) -> Iterator[Element]:
    """Every port that anything speaks of, by number, and all of them."""
    yield worded("option", "any", value="")
    for port in sorted(ports_of(found), key=_by_number):
        yield worded("option", port, value=port)


def legend(findings: Findings, found: Sequence[Connection]) -> Iterator[Element]:
    """The signs that the picture uses."""
    kinds, standings = frozenset(each.kind for each in findings.groups), frozenset(each.standing for each in found)
    items = []
    for swatch, meaning in signs.entries(kinds, standings):
        box = f"0 0 {signs.WIDTH:g} {signs.HEIGHT:g}"
        size = {"width": signs.WIDTH, "height": signs.HEIGHT}
        drawn = element("svg", swatch, class_="picture", viewBox=box, aria_hidden="true", **size)
        items.append(element("li", drawn, worded("span", meaning)))
    yield element("ul", *items, class_="legend", aria_label="Legend")


def notes(findings: Findings) -> Iterator[Element]:
    """What a reader must know."""
    if findings.notes:
        yield element("ul", *(worded("li", note) for note in findings.notes), class_="notes", aria_label="Notes")


def table(findings: Findings, found: Sequence[Connection]) -> Iterator[Element]:
    """A row for each connection. The page's program has no other source: what it shows of a line is its rows."""
    places, owner = numbered(findings), owners(findings)
    head = element("thead", element("tr", *(worded("th", name, scope="col") for name in COLUMNS)))
    body = element("tbody", *(_row(each, places, owner) for each in sorted(found, key=_badness)))
    yield element("table", worded("caption", count(len(found), "connection")), head, body)


def _places(found: Sequence[Connection]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for each in found:
        for line in each.against:
            places.setdefault(line, []).append(each.number)
    return places


def _row(each: Connection, places: dict[str, int], owner: dict[str, int]) -> Element:
    theirs = {owner[id] for id in (each.source.id, each.target.id) if id in owner}
    ports = [worded("span", port, class_="port") for port in each.ports]
    for port in ports:
        port.tail = " "  # without it, a copy of the table runs them together
    rules = [worded("code", rule) for rule in each.rules] + [worded("em", line) for line in each.against]
    return element(
        "tr",
        worded("td", each.source.id),
        worded("td", each.target.id),
        element("td", *ports, class_="ports-cell"),
        worded("td", MEANINGS[each.standing], class_="standing"),
        element("td", *rules, class_="rules"),
        class_="" if each.standing is Standing.ASKED else each.standing,
        data_number=str(each.number),
        data_source=str(places[each.source.id]),
        data_target=str(places[each.target.id]),
        data_tenants=numbers(sorted(theirs)),
    )


def _badness(each: Connection) -> int:
    return list(Standing).index(each.standing)


def _by_number(port: str) -> tuple[int, str]:
    number = re.search(r"\d+", port)
    return (int(number[0]) if number else -1, port)
