"""A number of tenants in; the config, who asks and what for out: the same RayCluster at every size but for names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from controlplane import access, bundles
from controlplane.client import Client

from benchmarks import inputs
from rayfence import admission, tenants
from rayfence.cases.good import ray_cluster
from rayfence.model.config import Config, Tenant
from rayfence.model.subjects import RAY

NATIVE, VALIDATING, CLUSTER = "validatingadmissionpolicy", "validatingpolicy", "clusterpolicy"
BACKENDS = (NATIVE, VALIDATING, CLUSTER)
"""Those that a control plane without a container can have; Gatekeeper's server is not among its programs."""

SIZES = (1, 10, 100, 1_000, 5_000)

USER = "rayfence-load-tenant"
FAULT = "require-tenant-nodes"

_REFUSED = "refused"
_NAME = {
    "expression": f"object.metadata.?name.orValue('') != '{_REFUSED}'",
    "messageExpression": f"'{FAULT}: [{FAULT}] metadata.name: must be another one'",
}

# Thousands of objects that no admission looks at.
_LEFT_OUT = ("NetworkPolicy", "ResourceQuota")

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """The policies of one backend for so many tenants; without their rules it is the engine alone that takes time."""

    backend: str
    tenants: int
    has_rules: bool = True

    def __str__(self) -> str:
        return self.backend if self.has_rules else f"{self.backend} without rules"


def settings(backends: Iterable[str], most: int) -> list[Setting]:
    """What is measured, backend by backend: what its engine takes to find out nothing, then small before large."""
    return [
        setting
        for backend in backends
        for setting in (
            Setting(backend, SIZES[0], has_rules=False),
            *(Setting(backend, size) for size in SIZES if size <= most),
        )
    ]


def config(count: int) -> Config:
    """So many tenants, every second with two namespaces."""
    return tenants.parse((f"{name}.yaml", document) for name, document in inputs.tenants(count))


def asker(config: Config) -> Tenant:
    """The tenant in the middle, whose row stands behind and before as many others."""
    return config.tenants[len(config.tenants) // 2]


def good(config: Config) -> Object:
    """A RayCluster with a head and three worker groups, two containers each, that breaks no rule."""
    return ray_cluster(config.platform, asker(config))


def bad(config: Config) -> Object:
    """The same with its last worker group on another tenant's nodes, and the name that is refused without rules."""
    value = good(config)
    value["metadata"]["name"] = _REFUSED
    value["spec"]["workerGroupSpecs"][-1]["template"]["spec"]["nodeSelector"] = {config.platform.node_label: "another"}
    return value


def policies(config: Config, setting: Setting) -> Sequence[Object]:
    """What is put on the server: the bundle without the network layer, in order."""
    found = bundles.objects(config, setting.backend, _LEFT_OUT)
    return found if setting.has_rules else [_without_rules(each) for each in found]


def _without_rules(value: Object) -> Object:
    """A policy for Ray objects that looks at their name alone, and is the same otherwise."""
    return _emptied(value) if value["metadata"]["name"].startswith(RAY.name) else value


def _emptied(value: Any) -> Any:
    match value:
        case {"variables": _, "validations": checks, **others}:
            return {**others, "validations": [{**each, **_NAME} for each in checks]}
        case {"variables": _, "expressions": checks, **others}:
            return {**others, "expressions": [{**each, **_NAME} for each in checks]}
        case dict():
            return {key: _emptied(each) for key, each in value.items()}
        case list():
            return [_emptied(each) for each in value]
        case _:
            return value


def user(admin: Client, config: Config) -> Client:
    """Somebody who may edit what is in the asker's namespace and wherever a policy is seen to be enforced."""
    probed = {next(iter(policy.shard.rows)) for policy in admission.policies(config)}
    access.let_edit(admin, sorted(probed | {asker(config).namespaces[0]}), [USER])
    return admin.as_user(USER)
