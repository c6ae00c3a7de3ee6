"""Three tenants, one of them in two namespaces: what the proofs and the truth table are about."""

from __future__ import annotations

import itertools
from typing import Any

from rayfence.model.config import ApiServer, Bounds, Config, Container, Mode, Network, Platform, Scope, Tenant
from rayfence.reach.scenario import Scenario, scenario

BOUNDS = Container(Bounds("1", "8"), Bounds("1Gi", "8Gi"))
PLATFORM = Platform(api_server=ApiServer(("10.96.0.1/32",)))
NAMESPACES = {"team-a": ("ray-a", "ray-a-dev"), "team-b": ("ray-b",), "team-c": ("ray-c",)}
KINDS = list(itertools.product(Mode, Scope))


def config(platform: Platform = PLATFORM, **network: Any) -> Config:
    """The three, with the same network settings."""
    each = Network(**network)
    return Config(platform, tuple(Tenant(name, own, BOUNDS, network=each) for name, own in NAMESPACES.items()))


def three(**network: Any) -> Scenario:
    """Them with samples of Ray objects."""
    return scenario(config(**network))
