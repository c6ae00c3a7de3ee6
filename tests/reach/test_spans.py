"""Sets of ports as spans: they say what the same sets would say, port by port."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.reach.spans import EVERY_PORT, Span, Spans, common, on, union, without, words

ONE = st.builds(
    lambda protocol, ends: Span(protocol, *sorted(ends)),
    st.sampled_from(["TCP", "UDP"]),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
)
SETS = st.lists(ONE, max_size=5).map(union)


def ports(spans: Spans) -> set[tuple[str, int]]:
    return {(span.protocol, port) for span in spans for port in range(span.first, span.last + 1)}


@settings(deadline=None)
@given(SETS, SETS)
def test_they_are_joined_met_and_cut_as_sets_are(one: Spans, other: Spans) -> None:
    assert ports(one) | ports(other) == ports(union([*one, *other]))
    assert ports(one) & ports(other) == ports(common(one, other))
    assert ports(one) - ports(other) == ports(without(one, other))


@settings(deadline=None)
@given(SETS, SETS)
def test_the_same_ports_are_the_same_value(one: Spans, other: Spans) -> None:
    assert (ports(one) == ports(other)) is (one == other)


@settings(deadline=None)
@given(SETS)
def test_every_port_takes_nothing_away_and_leaves_nothing(spans: Spans) -> None:
    assert spans == common(EVERY_PORT, spans) == common(spans, EVERY_PORT)
    assert () == without(spans, EVERY_PORT)


@pytest.mark.parametrize(
    ("expected", "spans"),
    [
        ((), ()),
        (("TCP 8265",), on([8265])),
        (("TCP 9000-9001",), on([9001, 9000])),
        (("TCP 53", "UDP 53"), on([53], "UDP", "TCP")),
        (("all TCP ports",), (Span("TCP", 1, 65535),)),
        (("all ports",), EVERY_PORT),
    ],
)
def test_they_are_told_in_words(expected: tuple[str, ...], spans: Spans) -> None:
    assert expected == words(spans)
