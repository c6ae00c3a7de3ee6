"""The findings of `rayfence reach`, or the answer to one question, as JSON. The same input gives the same bytes."""

from __future__ import annotations

from typing import Any

from rayfence.reach.connectivity import Decision, Side
from rayfence.reach.findings import Counterexample, Edge, Findings, Group, Proof
from rayfence.report.data import dump


def findings(found: Findings) -> str:
    """Whether the proofs hold, what they asked, what refutes them, and the graph of who reaches whom."""
    return dump(
        {
            "holds": found.holds,
            "proofs": [_proof(found, proof) for proof in Proof],
            "notIsolated": [{"tenant": each.tenant, "reason": each.reason} for each in found.not_isolated],
            "notes": list(found.notes),
            "groups": [_group(group) for group in found.groups],
            "edges": [_edge(edge) for edge in found.edges],
        }
    )


def decision(decided: Decision) -> str:
    """Whether one flow is allowed, with the policies and rules at either end."""
    flow = decided.flow
    return dump(
        {
            "from": str(flow.source),
            "to": str(flow.target),
            "protocol": flow.protocol,
            "port": flow.port,
            "allowed": decided.allowed,
            "egress": _side(decided.egress),
            "ingress": _side(decided.ingress),
        }
    )


def _proof(found: Findings, proof: Proof) -> dict[str, Any]:
    against = [each for each in found.counterexamples if each.proof is proof]
    return {
        "proof": proof.value,
        "holds": not against,
        "asked": found.asked.get(proof, 0),
        "counterexamples": [_counterexample(each) for each in against],
    }


def _counterexample(each: Counterexample) -> dict[str, Any]:
    return {"line": each.line, "from": each.source_id, "to": each.target_id, "port": each.port}


def _group(group: Group) -> dict[str, Any]:
    members = [
        {"id": each.id, "name": each.name, "namespace": each.namespace, "role": each.role.value}
        for each in group.members
    ]
    return {
        "name": group.name,
        "kind": group.kind.value,
        "namespaces": list(group.namespaces),
        "members": members,
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "from": edge.source_id,
        "to": edge.target_id,
        "ports": list(edge.ports),
        "rules": list(edge.rules),
        "namedByConfig": edge.named_by_config,
    }


def _side(side: Side) -> dict[str, Any]:
    return {"closedBy": list(side.isolated_by), "openedBy": [str(rule) for rule in side.allowed_by]}
