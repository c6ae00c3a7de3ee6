"""What policies speak of: groups of kinds that are judged together, and when.

Each subject becomes one policy object (or a few: see `shards`) of every backend.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rayfence.network_kinds import NETWORK_KINDS as _KINDS
from rayfence.network_kinds import plural
from rayfence.purposes import Purpose
from rayfence.workload import SERVED

CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"


def _with_each(name: str, subresources: Iterable[str]) -> list[str]:
    """A name, and it with each subresource."""
    return [name, *(f"{name}/{each}" for each in subresources)]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind in one version of its API group ('' is the core group), with the subresources that are judged too."""

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
    """Kinds under one policy. `name` is the policy's, and of the file it stands in.

    `scanned`: whether Kyverno may judge objects that are there already, as if nobody in particular were creating them.
    Not where it matters who asks: and a pod that runs has the name of its node, which only a new one must leave out.
    `everywhere`: whether objects are judged in every namespace, also in one that no tenant has. Guards are asked about
    tenants' namespaces alone, so that an outage of the engine stops no pod of anybody else.
    `always_served`: whether a cluster that has Ray has all its kinds. Of others the version does not matter, and no
    policy may name them whose engine does not start again while it cannot find a kind that a policy names.
    `severity`: high where a violation harms another tenant, medium where it opens the tenant itself.
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
        """What its policy objects say of themselves."""
        kinds = tuple(resource.kind for resource in self.resources)
        return Purpose(self.name, self.title, self.description, kinds, self.severity)

    def speaks_of(self, api_version: str, kind: str) -> bool:
        """Whether objects of this kind are judged under it."""
        return self.resource_of(api_version, kind) is not None

    def resource_of(self, api_version: str, kind: str) -> Resource | None:
        """The resource that has objects of this kind, in this version; None where it is not judged under it."""
        group, _, version = api_version.rpartition("/")
        found = (each for each in self.resources if (each.group, each.kind) == (group, kind))
        if self.always_served:
            return next((each for each in found if each.version == version), None)
        return next((replace(each, version=version) for each in found), None)


RAY = Subject(
    "enforce-tenant-isolation",
    "Ray objects keep to their tenant",
    "A tenant is known by its namespace. Its Ray objects carry its label, stay on its nodes, keep to its resource "
    "bounds, and take nobody else's name.",
    tuple(Resource("ray.io", version.partition("/")[2], kind, f"{kind.lower()}s") for version, kind in SERVED),
    everywhere=True,
)

PODS = Subject(
    "guard-pods",
    "Pods keep to their tenant",
    "What no Ray object may ask for, no bare pod in a tenant's namespace may have either.",
    (Resource("", "v1", "Pod", "pods", ("resize", "ephemeralcontainers")),),
    scanned=False,
)

NETWORK_POLICIES = Subject(
    "guard-network-policies",
    "Network policies open nothing between tenants",
    "rayfence's own NetworkPolicies are changed by Kyverno and administrators alone, and others open nothing to the "
    "outside of their tenant.",
    (Resource("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),),
    (CREATE, UPDATE, DELETE),
    scanned=False,
)

EXPOSURE = Subject(
    "guard-exposure",
    "Nothing is exposed beyond what the platform allows",
    "Services and Ingresses in a tenant's namespace open to the outside only what the platform allows.",
    (
        Resource("", "v1", "Service", "services"),
        Resource("networking.k8s.io", "v1", "Ingress", "ingresses"),
    ),
    severity="medium",
)

NETWORK_KINDS = Subject(
    "guard-network-kinds",
    "No other kind opens the network",
    "Routes, gateways and policies of network plugins are made in a tenant's namespace only where the platform lists "
    "their kind.",
    tuple(Resource(group, version, kind, plural(kind)) for (group, version), kinds in _KINDS.items() for kind in kinds),
    scanned=False,
    always_served=False,
    severity="medium",
)

SUBJECTS = (RAY, PODS, NETWORK_POLICIES, EXPOSURE, NETWORK_KINDS)


def subject_of(api_version: str, kind: str) -> Subject | None:
    """The subject under which a kind is judged, None where no policy speaks of it."""
    return next((subject for subject in SUBJECTS if subject.speaks_of(api_version, kind)), None)
