"""The scenarios there are: no policy at all, rayfence's in every mode and scope, and two that are known to be bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dataplane.cast import DNS, MEMBERS
from dataplane.lab import Tried
from dataplane.policies import FIXED_PORTS, Manifest, of_rayfence, one_per_cluster, with_fixed_ports
from rayfence.model.config import Mode, Scope

CONTROL = "no-policy"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Policies that are in force, and those whose word on every connection is to come true: mostly the same.

    `settings` are those of rayfence's own policies, None for others. Where `breaks` is given the policies are known to
    be bad: they must fail, and the kernel must have dropped such a flow.
    """

    name: str
    policies: Sequence[Manifest]
    intended: Sequence[Manifest]
    settings: tuple[Mode, Scope] | None = None
    breaks: Callable[[Tried], bool] | None = None


def scenarios() -> list[Scenario]:
    """All of them, the control first."""
    good = [of(mode, scope) for mode in Mode for scope in Scope]
    seed, fixed = one_per_cluster(), with_fixed_ports()
    bad = [
        Scenario("bad/one-policy-per-cluster", seed, seed, breaks=_is_dns),
        Scenario("bad/fixed-ports", fixed, fixed, breaks=_is_random_port_inside),
    ]
    return [Scenario(CONTROL, [], []), *good, *bad]


def of(mode: Mode, scope: Scope) -> Scenario:
    """rayfence's policies with these settings."""
    policies = of_rayfence(mode, scope)
    return Scenario(f"{mode}/{scope}", policies, policies, (mode, scope))


def enforcing(scenario: Scenario, policies: Sequence[Manifest]) -> Scenario:
    """The scenario with other policies in force than those that are meant."""
    return replace(scenario, policies=policies)


def _is_dns(flow: Tried) -> bool:
    return flow[1:] == (DNS.ip, "UDP", 53)


def _is_random_port_inside(flow: Tried) -> bool:
    inside = {pod.ip for pod in MEMBERS}
    return flow[0] in inside and flow[1] in inside and flow[3] not in FIXED_PORTS
