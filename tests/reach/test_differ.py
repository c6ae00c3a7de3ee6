"""rayfence and Cyclonus decide the same drawn topologies alike, and what they would not agree on is made small."""

from __future__ import annotations

from collections import Counter

import pytest

from . import drawing
from .cyclonus import judged
from .differ import compared, drawn, main, smallest
from .faults import FAULTS, seed_in

NUMBER, FLOWS = 40, 400
"""Topologies, and flows of each, on every run; `python -m tests.reach.differ N` takes more, and all flows."""


@pytest.fixture(scope="module")
def asked():
    return drawn(NUMBER, start=0, most=FLOWS)


@pytest.fixture(scope="module")
def said(asked):
    """What Cyclonus says; it does not change with a fault in rayfence, so it is asked once."""
    return judged(asked)


@pytest.mark.engine
def test_rayfence_and_cyclonus_decide_every_drawn_flow_alike(asked, said):
    found = list(compared(asked, said))

    assert not found, smallest(found[0])


@pytest.mark.engine
def test_a_fair_share_of_drawn_flows_is_stopped_on_each_side_and_on_none(said):
    shares = Counter((each.egress, each.ingress) for answers in said for each in answers)

    assert 4 == len(shares)
    assert min(shares.values()) > 0.1 * NUMBER * FLOWS


@pytest.mark.engine
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.does for fault in FAULTS])
def test_a_seeded_fault_is_found(asked, said, monkeypatch, fault):
    seed_in(fault, monkeypatch)

    assert next(compared(asked, said), None)


@pytest.mark.engine
def test_what_is_found_is_made_small(asked, said, monkeypatch):
    seed_in(next(fault for fault in FAULTS if fault.does == "endPort itself is left out"), monkeypatch)

    small = smallest(next(compared(asked, said)))

    (only,) = small.topology.policies
    assert [True] == ["endPort" in repr(only)]
    assert len(repr(only)) < 300
    assert small.cyclonus != small.rayfence


@pytest.mark.engine
def test_the_command_says_how_much_was_compared_and_ends_well(capsys):
    assert 0 == main(["2", "--start", "5", "--flows", "100"])
    assert "2 topologies, " in (out := capsys.readouterr().out)
    assert ", 200 flows, " in out
    assert "\n0 differences, " in out


@pytest.mark.engine
def test_the_command_fails_and_shows_the_smallest_example_where_they_differ(capsys, monkeypatch):
    seed_in(next(fault for fault in FAULTS if fault.does == "policies of a pod are all to agree"), monkeypatch)

    assert 1 == main(["1"])
    assert "kind: NetworkPolicy" in capsys.readouterr().out


def test_the_same_seed_draws_the_same():
    assert drawing.topology(3) == drawing.topology(3)
    assert drawing.topology(3) != drawing.topology(4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [
        *('"podSelector": {}', '"namespaceSelector": {}', '"from": []', '"to": []', '"ports": []', '"ingress": []'),
        *('"except": [', '"endPort": ', '"port": "http"', '"protocol": "SCTP"', '"ports": [{}]', "::/0"),
        *('"Exists"', '"DoesNotExist"', '"In"', "kubernetes.io/metadata.name", '"egress": []', '"policyTypes": ["Egr'),
    ],
)
def test_every_part_of_a_policy_is_drawn_often(part):
    policies = [each for seed in range(NUMBER) for each in drawing.topology(seed).policies]
    texts = [repr(each).replace("'", '"') for each in policies]

    assert sum(part in text for text in texts) >= 10


def test_defaults_are_drawn_often():
    policies = [each for seed in range(NUMBER) for each in drawing.topology(seed).policies]
    rules = [rule for each in policies for rule in each["spec"].get("ingress", [])]

    assert sum("policyTypes" not in each["spec"] and "egress" in each["spec"] for each in policies) >= 100
    assert sum("namespace" not in each["metadata"] for each in policies) >= 50
    assert sum("from" not in rule for rule in rules) >= 20
    assert sum("ports" not in rule for rule in rules) >= 50
    assert all(20 <= len(drawing.topology(seed).policies) <= 50 for seed in range(NUMBER))
