"""Checks what a Platform opens to all tenants and to the operator: no tenant, and no metadata service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.model.field_path import FieldPath
from rayfence.tenants import addresses
from rayfence.tenants.conflicts import Claim
from rayfence.tenants.messages import quoted
from rayfence.tenants.problems import Diagnostics

Raw = Mapping[str, Any]

_CLIENT_PORT = 10001
_METADATA_PORTS = (80, 32526)
"""Where metadata services listen, and Azure's wire server."""


def check(spec: Raw, owners: Mapping[str, Claim], diagnostics: Diagnostics) -> None:
    """`spec` is a Platform's, of the right shape; `owners` has every tenant's namespaces."""
    for section in ("egress", "apiServer", "dns"):
        for index, cidr in enumerate(spec.get(section, {}).get("cidrs", ())):
            path = FieldPath.of("spec", section, "cidrs", index)
            # A rule that reaches one of `egress.cidrs` is judged for what it leaves out. The others are written as
            # they stand, the API server's for its one port.
            whole = section == "dns" or (section == "apiServer" and spec[section].get("port") in _METADATA_PORTS)
            wrong = addresses.fault(cidr) or addresses.shut(cidr) or (whole and addresses.holds(cidr, ()))
            if wrong:
                diagnostics.add(path, wrong)
            elif addresses.is_everywhere(cidr):
                diagnostics.warn(path, f"{quoted(cidr)} is open to every tenant, {addresses.WIDE}")
    for index, namespace in enumerate(spec.get("egress", {}).get("namespaces", ())):
        if owner := owners.get(namespace):
            belongs = f"{quoted(namespace)} belongs to {owner.tenant} ({owner.place})"
            path = FieldPath.of("spec", "egress", "namespaces", index)
            diagnostics.add(path, f"{belongs}, and every tenant could reach it; name a namespace without a tenant")
        elif namespace in spec.get("retired", ()):
            path = FieldPath.of("spec", "egress", "namespaces", index)
            diagnostics.add(path, f"{quoted(namespace)} is retired and stays closed; name a namespace that is open")
    for section in ("operator", "dns"):
        if spec.get(section, {}).get("podLabels") == {}:
            wrong = "is empty, so every pod of that namespace counts as one"
            diagnostics.warn(FieldPath.of("spec", section, "podLabels"), f"{wrong}; write the labels of its pods")
    for index, port in enumerate(spec.get("operator", {}).get("ports", ())):
        if port == _CLIENT_PORT:
            wrong = f"{_CLIENT_PORT} runs whatever code it is sent, and the operator does not need it"
            diagnostics.warn(FieldPath.of("spec", "operator", "ports", index), f"{wrong}; leave it out")
