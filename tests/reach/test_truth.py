"""The truth table: who reaches whom, for three tenants in every mode and scope, as somebody last read it."""

from __future__ import annotations

import pytest

from rayfence.reach.cluster_model import ClusterModel
from rayfence.reach.topology import Flow, Topology

from .truth import GOLDEN, flows, models, ours, table

MODELS = list(models())


def between_tenants(model: ClusterModel) -> list[Flow]:
    """The questions about pods of two tenants, those with forged labels among them."""
    owners = model.scenario.config.by_namespace()
    spaces = {each: owners.get(getattr(each, "namespace", "")) for each in model.topology.endpoints}
    return [
        flow
        for flow in flows(model.topology)
        if spaces[flow.source] and spaces[flow.target] and spaces[flow.source] is not spaces[flow.target]
    ]


@pytest.mark.slow
def test_the_table_is_what_was_read():
    assert GOLDEN.read_text(encoding="utf-8") == table(ours), "read the difference, then: python -m tests.reach.truth"


@pytest.mark.parametrize("model", [model for _, model in MODELS], ids=[name for name, _ in MODELS])
def test_no_tenant_reaches_another(model: ClusterModel):
    questions, allowed = between_tenants(model), ours(model.topology)

    # 16 pods of team-a, 8 and a forged one of team-b, 8 of team-c, both ways, on 13 ports.
    assert 2 * (16 * 9 + 16 * 8 + 9 * 8) * 13 == len(questions)
    assert [] == [str(flow) for flow in questions if allowed(flow)]


def test_a_table_without_policies_is_another():
    """The judge is asked, and not only whether it agrees with itself."""
    bare = table(lambda topology: ours(Topology(topology.namespaces, topology.endpoints, [])))

    assert "......" not in bare
    assert bare != GOLDEN.read_text(encoding="utf-8")
