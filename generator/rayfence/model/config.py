"""The tenant config as values: one Platform and its Tenants, with every default filled in.

Nothing here reads a file; `tenants.load` makes these. Field names are those of the YAML, in Python's spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Enforcement(StrEnum):
    """What happens to an object that breaks a rule."""

    ENFORCE = "Enforce"
    AUDIT = "Audit"
    WARN = "Warn"


class Mode(StrEnum):
    """Which directions a tenant's pods are closed in; KubeRay's words."""

    DENY_ALL = "DenyAll"
    DENY_ALL_INGRESS = "DenyAllIngress"
    DENY_ALL_EGRESS = "DenyAllEgress"


class Scope(StrEnum):
    """The pods that a tenant's pods may reach outside of their own RayCluster."""

    TENANT = "tenant"
    CLUSTER = "cluster"


class Provider(StrEnum):
    """The program that creates the NetworkPolicies of each RayCluster."""

    RAYFENCE = "rayfence"
    KUBERAY = "kuberay"


@dataclass(frozen=True, slots=True)
class Peer:
    """Pods of one namespace, chosen by labels (all of them where `pod_labels` is empty)."""

    namespace: str
    pod_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operator:
    """The KubeRay operator: where it runs, as whom, and the ports it needs on head pods."""

    peer: Peer = Peer("kuberay-operator", {"app.kubernetes.io/component": "kuberay-operator"})
    service_account: str = "kuberay-operator"
    ports: tuple[int, ...] = (8265, 8000)

    @property
    def username(self) -> str:
        """The user name the API server gives to the operator's service account."""
        return f"system:serviceaccount:{self.peer.namespace}:{self.service_account}"


@dataclass(frozen=True, slots=True)
class Dns:
    """The DNS that every Ray pod may ask: its pods, and addresses that are no pod's, like a cache on each node."""

    peer: Peer = Peer("kube-system", {"k8s-app": "kube-dns"})
    cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiServer:
    """The addresses of the API server for autoscaling heads. No rule is written while `cidrs` is empty."""

    cidrs: tuple[str, ...] = ()
    port: int = 6443


@dataclass(frozen=True, slots=True)
class Administrators:
    """Users and groups that may edit rayfence's own objects in a tenant's namespace."""

    groups: tuple[str, ...] = ("system:masters",)
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exposure:
    """What tenants may open to the outside of the cluster."""

    load_balancer: bool = False
    node_port: bool = False
    ingress: bool = False


MEANING = "meaning"
"""The metadata of a list of `Allow`: what its entries are, as the page of CEL variables says it."""


def _list_of(meaning: str) -> Any:
    return field(default=None, metadata={MEANING: meaning})


@dataclass(frozen=True, slots=True)
class Allow:
    """The lists of what tenants may use beyond the defaults. A tenant without a list has its platform's.

    A list that is added here is read from `spec.allow`, and policies have it as `variables.allowed_<name>`. In the
    config, the lists whose names begin with `exposure_` are those of `allow.exposure`.
    """

    volumes: tuple[str, ...] | None = _list_of("volume types, and `csi/<driver>` for inline volumes")
    networks: tuple[str, ...] | None = _list_of("networks of Multus")
    pod_annotations: tuple[str, ...] | None = _list_of("annotations of pods; a `*` at the end stands for any text")
    priority_classes: tuple[str, ...] | None = _list_of("PriorityClasses; `*` stands for every class of users")
    queues: Mapping[str, tuple[str, ...]] | None = _list_of(
        "queues of schedulers as `key=value`, and `key=` for a key that allows no value"
    )
    exposure_annotations: tuple[str, ...] | None = _list_of(
        "annotations of Services; a `*` at the end stands for any text"
    )
    exposure_kinds: tuple[str, ...] | None = _list_of(
        "kinds that open the network, as `HTTPRoute.gateway.networking.k8s.io`"
    )


class Authentication(StrEnum):
    """How Ray must authenticate clients, in KubeRay's words."""

    NONE = ""
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Require:
    """Requirements for every RayCluster, in addition to the rules that always hold."""

    authentication: Authentication = Authentication.NONE


@dataclass(frozen=True, slots=True)
class Egress:
    """Destinations that tenants' own network rules may allow, in addition to their namespaces and DNS."""

    namespaces: tuple[str, ...] = ()
    cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Platform:
    """The decisions that hold for every tenant."""

    name: str = "platform"
    tenant_label: str = "tenant"
    node_label: str = "tenant"
    taint_key: str = "tenant"
    enforcement: Enforcement = Enforcement.ENFORCE
    operator: Operator = Operator()
    dns: Dns = Dns()
    monitoring: str | None = "monitoring"
    api_server: ApiServer = ApiServer()
    administrators: Administrators = Administrators()
    exposure: Exposure = Exposure()
    disabled_rules: tuple[str, ...] = ()
    egress: Egress = Egress()
    allow: Allow = Allow()
    require: Require = Require()
    retired: tuple[str, ...] = ()
    """Namespaces that no tenant has any more, and in which pods may still run: they stay closed."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Two Kubernetes quantities, as written; `min` is not above `max`."""

    min: str
    max: str


@dataclass(frozen=True, slots=True)
class Container:
    """Bounds for every single container and init container."""

    cpu: Bounds
    memory: Bounds


@dataclass(frozen=True, slots=True)
class Quota:
    """A ceiling; `None` means no limit of that kind. Accelerators left out mean none are allowed."""

    cpu: str | None = None
    memory: str | None = None
    accelerators: int = 0
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class RoleRules:
    """NetworkPolicy rules of the tenant's own, for heads or for workers, kept as they were written."""

    ingress: tuple[Mapping[str, Any], ...] = ()
    egress: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """A tenant's isolation."""

    enforce: bool = True
    provider: Provider = Provider.RAYFENCE
    mode: Mode = Mode.DENY_ALL
    scope: Scope = Scope.TENANT
    ports: tuple[int, ...] = (6379, 8000, 8265, 10001)
    head: RoleRules = RoleRules()
    worker: RoleRules = RoleRules()

    @property
    def generates(self) -> bool:
        """Whether the policy engine makes the NetworkPolicies of each RayCluster."""
        return self.enforce and self.provider is Provider.RAYFENCE

    @property
    def required_mode(self) -> Mode | None:
        """The mode that every RayCluster has to ask KubeRay for, None where KubeRay is not to isolate them."""
        return self.mode if self.enforce and self.provider is Provider.KUBERAY else None


@dataclass(frozen=True, slots=True)
class Tenant:
    """One team: its namespaces, bounds and isolation. `name` is the value of its label, nodeSelector and taint."""

    name: str
    namespaces: tuple[str, ...]
    container: Container
    enforcement: Enforcement = Enforcement.ENFORCE
    quota: Quota = Quota()
    namespace_quota: Quota | None = None
    network: Network = Network()
    allow: Allow = Allow()
    require: Require = Require()


@dataclass(frozen=True, slots=True)
class Config:
    """Everything under `tenants/`: the platform and its tenants in order of name."""

    platform: Platform
    tenants: tuple[Tenant, ...]
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What is odd in the files, each with its file and line."""

    def by_namespace(self) -> dict[str, Tenant]:
        """Every tenant namespace with the one tenant it belongs to, in order of namespace."""
        pairs = ((namespace, tenant) for tenant in self.tenants for namespace in tenant.namespaces)
        return dict(sorted(pairs))
