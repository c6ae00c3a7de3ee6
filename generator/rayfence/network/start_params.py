"""Reads which ports the `rayStartParams` of a RayCluster move: those of the dashboard and of metrics.

A value is a port only if it is the text of a plain decimal number from 1 to 65535. Any other value is ignored. Engines
use the same patterns; see `backends`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.network.policy import DASHBOARD_PORT, HEAD, METRICS_PORT

PARAMS = "rayStartParams"
DASHBOARD, METRICS = "dashboard-port", "metrics-export-port"

PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
"""The text of a port, as a regular expression that every engine reads alike; to be matched as a whole."""


def dashboard_port(ray_cluster: Mapping[str, Any]) -> int:
    """The port of the head's dashboard, for KubeRay's operator and for submitters of jobs."""
    texts = _texts(_spec(ray_cluster).get("headGroupSpec"), DASHBOARD)
    return int(next(texts, DASHBOARD_PORT))


def moved_metrics_ports(ray_cluster: Mapping[str, Any], role: str) -> list[int]:
    """The metrics ports of a role's pods, except the default port; each once, in the order of their texts."""
    groups = [_spec(ray_cluster).get("headGroupSpec")] if role == HEAD else _spec(ray_cluster).get("workerGroupSpecs")
    texts = {text for group in (groups if isinstance(groups, list) else []) for text in _texts(group, METRICS)}
    return [int(text) for text in sorted(texts - {str(METRICS_PORT)})]


def _texts(group: Any, param: str) -> Iterator[str]:
    """The text of a group's parameter, if it is that of a port."""
    text = _entries(_entries(group).get(PARAMS)).get(param)
    if isinstance(text, str) and re.fullmatch(PORT, text, re.ASCII):
        yield text


def _spec(ray_cluster: Mapping[str, Any]) -> Mapping[str, Any]:
    return _entries(ray_cluster.get("spec"))


def _entries(value: Any) -> Mapping[str, Any]:
    """A map as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}
