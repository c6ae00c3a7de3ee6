"""Faults that a reading of NetworkPolicies could have, each put into rayfence's own for the length of a test."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import ModuleType

import pytest

from rayfence.reach import connectivity, policies


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong where `right` in a module's text becomes `wrong`."""

    does: str
    module: ModuleType
    right: str
    wrong: str


FAULTS = [
    Fault(
        "policies of a pod are all to agree",
        connectivity,
        "bool(self.allowed_by)",
        "set(self.isolated_by) == {each.policy for each in self.allowed_by}",
    ),
    Fault("egress is not looked at", connectivity, "self._side(flow, flow.source, EGRESS)", "_UNTOUCHED"),
    Fault("ingress is not looked at", connectivity, "self._side(flow, flow.target, INGRESS)", "_UNTOUCHED"),
    Fault("policies hold in every namespace", policies, "endpoint.namespace == self.namespace and ", ""),
    Fault("`to` is ignored", policies, 'EGRESS: ("egress", "to")', 'EGRESS: ("egress", "from")'),
    Fault("an empty peer list is nobody", policies, "not self.peers or ", ""),
    Fault("an empty port list is no port", policies, "not ports or ", ""),
    Fault(
        "endPort itself is left out",
        policies,
        'flow.port <= (port.get("endPort") or first)',
        'flow.port <= port.get("endPort", first + 1) - 1',
    ),
    Fault("endPort is ignored", policies, 'flow.port <= (port.get("endPort") or first)', "flow.port <= first"),
    Fault("`except` is ignored", policies, 'block.get("except") or []', "[]"),
    Fault(
        "only the first of `except` counts", policies, 'block.get("except") or []', '(block.get("except") or [])[:1]'
    ),
    Fault("blocks do not name pods", policies, "return _in_block(", "return isinstance(other, Address) and _in_block("),
    Fault("selectors of a peer are or-ed", policies, "there and (pods is None or", "there or (pods is not None and"),
    Fault(
        "pods of every namespace are peers",
        policies,
        "other.namespace == namespace if spaces is None",
        "True if spaces is None",
    ),
    Fault("a named port is the source's", policies, "flow.target.ports", "getattr(flow.source, 'ports', {})"),
    Fault("a named port has any protocol", policies, "flow.target.protocol_of(name) != flow.protocol", "False"),
    Fault("protocols are ignored", policies, '(port.get("protocol") or "TCP") != flow.protocol', "False"),
    Fault(
        "a protocol left out is any",
        policies,
        '(port.get("protocol") or "TCP")',
        '(port.get("protocol") or flow.protocol)',
    ),
    Fault("policyTypes are Ingress by default", policies, '*([EGRESS] if spec.get("egress") else [])', ""),
    Fault("policyTypes are both by default", policies, '*([EGRESS] if spec.get("egress") else [])', "EGRESS"),
    Fault("policyTypes are ignored", policies, "if direction in closed", "if direction"),
    Fault(
        "one label of several is enough",
        policies,
        "return all(labels.get(key)",
        "return not wanted or any(labels.get(key)",
    ),
    Fault("DoesNotExist is Exists", policies, "value is None,", "value is not None,"),
    Fault(
        "Exists is ignored",
        policies,
        '"Exists": lambda value, values: value is not None',
        '"Exists": lambda value, values: True',
    ),
    Fault("only the first value of In counts", policies, "value in values,", "value in values[:1],"),
    Fault(
        "a missing namespace is none", policies, 'metadata.get("namespace") or "default"', 'metadata.get("namespace")'
    ),
]


def seed_in(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decide with the fault until the test ends."""
    source = inspect.getsource(fault.module)
    assert source.count(fault.right) == 1, f"the fault fits {source.count(fault.right)} times"
    copy = ModuleType(fault.module.__name__)
    exec(compile(source.replace(fault.right, fault.wrong), f"with a fault: {fault.does}", "exec"), copy.__dict__)
    if fault.module is policies:
        monkeypatch.setattr(connectivity, "read", copy.read)
    else:
        monkeypatch.setattr(connectivity, "Connectivity", copy.Connectivity)
