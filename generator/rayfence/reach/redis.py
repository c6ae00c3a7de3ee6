"""Reads where a RayCluster keeps its state: the addresses of Redis in its manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rayfence.workload import dig, items

Json = Mapping[str, Any]

ENV = "RAY_REDIS_ADDRESS"
ENABLED = "ray.io/ft-enabled"
REDIS = "redis"
DEFAULT_PORT = 6379
_ADDRESS = re.compile(
    r"(?:rediss?://)?(?:[^@/]*@)?(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?))"
    r"(?::(?P<port>[0-9]{1,5}))?(?:/[0-9]*)?"
)


@dataclass(frozen=True, slots=True)
class Redis:
    """One address of a Redis. `namespace` is that of its Service, '' for a host outside of the cluster."""

    host: str
    namespace: str
    port: int

    def __str__(self) -> str:
        return f"{self.namespace}/{self.host}" if self.namespace else self.host


def addresses(cluster: Json) -> tuple[Redis, ...]:
    """Every Redis of a RayCluster whose address its manifest tells."""
    namespace = str(dig(cluster, "metadata", "namespace") or "default")
    texts = (text for text in _configured(cluster) if isinstance(text, str))
    found = (_parsed(each.strip(), namespace) for text in texts for each in text.split(","))
    return tuple(dict.fromkeys(each for each in found if each))


def is_configured(cluster: Json) -> bool:
    """Whether a RayCluster has a Redis, known or not."""
    return any(True for _ in _configured(cluster))


def _configured(cluster: Json) -> Iterator[Any]:
    """The address of its Redis as a RayCluster's manifest has it; None where it comes from a Secret or the like."""
    options = dig(cluster, "spec", "gcsFaultToleranceOptions")
    if dig(options, "backend") not in (None, REDIS):
        return
    if text := dig(options, "redisAddress"):
        yield text
        return
    containers = items(dig(cluster, "spec", "headGroupSpec", "template", "spec", "containers"))
    env = [entry for each in containers for entry in items(dig(each, "env")) if dig(entry, "name") == ENV]
    yield from (entry.get("value") for entry in env)
    if not env and dig(cluster, "metadata", "annotations", ENABLED) == "true":
        yield None


def _parsed(text: str, namespace: str) -> Redis | None:
    found = _ADDRESS.fullmatch(text)
    if not found:
        return None
    port = int(found["port"] or DEFAULT_PORT)
    if not 0 < port < 65536:
        return None
    host = found["v6"] or found["host"]
    return Redis(*_host_and_namespace(host.rstrip("."), namespace), port)


def _host_and_namespace(host: str, namespace: str) -> tuple[str, str]:
    """A Service's name and namespace; of a host outside of the cluster its name and ''."""
    parts = host.split(".")
    if ":" in host or parts[-1].isdigit():
        return host, ""
    if "svc" in parts[2:]:
        # A StatefulSet's pod stands before its Service: redis-0.redis.data.svc.
        return parts[0], parts[parts.index("svc", 2) - 1]
    if len(parts) > 2:
        return host, ""
    return parts[0], parts[1] if len(parts) == 2 else namespace
