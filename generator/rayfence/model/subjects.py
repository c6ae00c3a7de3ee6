"""The subjects of policies: groups of kinds that one policy covers, and the operations on them.

Each subject becomes one policy object of every backend, or a few if tenants are split (see `shards`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rayfence.model.network_kinds import NETWORK_KINDS as _KINDS
from rayfence.model.network_kinds import plural
from rayfence.model.purposes import Purpose
from rayfence.model.ray_kinds import SERVED

CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"


def _with_each(name: str, subresources: Iterable[str]) -> list[str]:
    """A name, and it with each subresource."""
    return [name, *(f"{name}/{each}" for each in subresources)]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind in one version of its API group ('' is the core group), with the subresources that are checked too."""

    group: str
    version: str
    kind: str
    plural: str
    subresources: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """What manifests write: `ray.io/v1`, `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def kind_in_group(self) -> str:
        """What a config lists: `HTTPRoute.gateway.networking.k8s.io`."""
        return f"{self.kind}.{self.group}"

    @property
    def kinds(self) -> list[str]:
        """The kind, and it with each subresource: `Pod`, `Pod/resize`."""
        return _with_each(self.kind, self.subresources)

    @property
    def plurals(self) -> list[str]:
        """The same as the API's paths have it: `pods`, `pods/resize`."""
        return _with_each(self.plural, self.subresources)


@dataclass(frozen=True, slots=True)
class Subject:
    """Kinds that one policy covers. `name` is the name of the policy and of its file.

    `scanned`: whether Kyverno may check existing objects, as if an unknown user created them. It may not if a rule
    depends on the user, or on fields that only existing objects have: a running pod has a nodeName, a new one must not.
    `everywhere`: whether objects are checked in every namespace, including those without a tenant. Guards are evaluated
    for tenants' namespaces only, so that an outage of the engine blocks no other pods.
    `always_served`: whether every cluster with Ray serves all its kinds. The version of other kinds does not matter. A
    policy must not name them if its engine cannot restart while a named kind is missing.
    `severity`: high if a violation harms another tenant, medium if it exposes the tenant itself.
    """

    name: str
    title: str
    description: str
    resources: tuple[Resource, ...]
    operations: tuple[str, ...] = (CREATE, UPDATE)
    scanned: bool = True
    everywhere: bool = False
    always_served: bool = True
    severity: str = "high"

    @property
    def purpose(self) -> Purpose:
        """The purpose of its policy objects."""
        kinds = tuple(resource.kind for resource in self.resources)
        return Purpose(self.name, self.title, self.description, kinds, self.severity)

    def speaks_of(self, api_version: str, kind: str) -> bool:
        """Whether the policy covers objects of this kind."""
        return self.resource_of(api_version, kind) is not None

    def resource_of(self, api_version: str, kind: str) -> Resource | None:
        """The resource that has objects of this kind, in this version; None if the policy does not cover it."""
        group, _, version = api_version.rpartition("/")
        found = (each for each in self.resources if (each.group, each.kind) == (group, kind))
        if self.always_served:
            return next((each for each in found if each.version == version), None)
        return next((replace(each, version=version) for each in found), None)


RAY = Subject(
    "enforce-tenant-isolation",
    "Ray objects stay within their tenant",
    "The namespace identifies the tenant. Ray objects in it have the tenant's label, run on the tenant's nodes and "
    "stay within the tenant's resource bounds.",
    tuple(Resource("ray.io", version.partition("/")[2], kind, f"{kind.lower()}s") for version, kind in SERVED),
    everywhere=True,
)

PODS = Subject(
    "guard-pods",
    "Pods stay within their tenant",
    "Bare pods in a tenant's namespace cannot have anything that the rules refuse in Ray objects.",
    (Resource("", "v1", "Pod", "pods", ("resize", "ephemeralcontainers")),),
    scanned=False,
)

NETWORK_POLICIES = Subject(
    "guard-network-policies",
    "NetworkPolicies allow no traffic between tenants",
    "Only Kyverno and administrators change rayfence's NetworkPolicies. Other NetworkPolicies allow "
    "traffic only within the tenant, and to destinations that the config lists.",
    (Resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),),
    (CREATE, UPDATE, DELETE),
    scanned=False,
)

RESERVED = "rayfence-"
"""How the names of rayfence's own NetworkPolicies begin."""

EXPOSURE = Subject(
    "guard-exposure",
    "Services and Ingresses expose only what the platform allows",
    "Services and Ingresses in a tenant's namespace expose pods only in ways that the platform allows.",
    (
        Resource("", "v1", "Service", "services"),
        Resource("networking.k8s.io", "v1", "Ingress", "ingresses"),
    ),
    severity="medium",
)

NETWORK_KINDS = Subject(
    "guard-network-kinds",
    "Kinds that bypass NetworkPolicies need permission",
    "Routes, gateways and policies of network plugins are refused in a tenant's namespace, unless the config lists "
    "their kind.",
    tuple(Resource(group, version, kind, plural(kind)) for (group, version), kinds in _KINDS.items() for kind in kinds),
    scanned=False,
    always_served=False,
    severity="medium",
)

SUBJECTS = (RAY, PODS, NETWORK_POLICIES, EXPOSURE, NETWORK_KINDS)


def subject_of(api_version: str, kind: str) -> Subject | None:
    """The subject that covers a kind, None if no policy covers it."""
    return next((subject for subject in SUBJECTS if subject.speaks_of(api_version, kind)), None)
