"""A ray.io object as the rules see it: its pod sites, each with a path, effective labels and a pod spec.

The view is written twice, like the rules: `Workload` for Python and `VARIABLES` for CEL. Wherever a value has a type
that the CRD would not take, both read it alike: a stray value in a list's place is a list of itself, a scalar in a
map's place is an empty map. Only a list in a map's place has no reading (`Malformed`; an engine errors, and denies).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rayfence import cel
from rayfence.config import Platform
from rayfence.path import Path

API_GROUP = "ray.io"
VERSIONS = ("v1", "v1alpha1")
KINDS = ("RayCluster",)

UNLIMITED = 2147483647
"""What KubeRay's CRD puts where `maxReplicas` is left out."""

INJECTED = (
    "autoscaler",
    "ray-history-collector",
    "ray-job-submitter",
    "redis-cleanup",
    "wait-for-tls-ip-san",
    "wait-gcs-ready",
)
"""Containers that the KubeRay operator adds with small requests of its own."""

OPTIONS = (("autoscalerOptions",), ("historyServerOptions", "collectorOptions"))
"""Where the tenant may size containers that the operator adds."""


class Malformed(ValueError):
    """A list stands where every version of the CRD has a map; nothing sensible can be said of the object."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: a list where a mapping belongs")
        self.path = path


ROOT = Path()


def dig(value: Any, *keys: str, at: Path = ROOT) -> Any:
    """What stands below `keys`, None where a step is missing. Raises Malformed where a step is a list."""
    for depth, key in enumerate(keys):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list):
            raise Malformed(at + keys[:depth])
        else:
            return None
    return value


def items(value: Any) -> list[Any]:
    """A list as it is, None as an empty one, and a stray value as a list of itself."""
    return value if isinstance(value, list) else [] if value is None else [value]


@dataclass(frozen=True, slots=True)
class Container:
    """A container, or a resources block that the operator turns into one; `injected` ones have no minimum."""

    path: Path
    resources: Any
    injected: bool

    def amount(self, side: str, resource: str) -> Any:
        """`side` is `requests` or `limits`; None where nothing is given."""
        return dig(self.resources, side, resource, at=self.path)

    def entries(self, side: str) -> Mapping[str, Any]:
        """All of `requests` or `limits`."""
        found = dig(self.resources, side, at=self.path)
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Site:
    """One pod template. `group` is the headGroupSpec or workerGroupSpec it stands in."""

    group_path: Path
    group: Any
    head: bool

    @cached_property
    def path(self) -> Path:
        """Where the template stands."""
        return self.group_path / "template"

    @cached_property
    def spec(self) -> Any:
        """The pod spec."""
        return dig(self.group, "template", "spec", at=self.group_path)

    def get(self, *keys: str) -> Any:
        """What stands below the pod spec."""
        return dig(self.spec, *keys, at=self.path / "spec")

    def label(self, key: str) -> tuple[Path, Any]:
        """The effective value of a label, and where it comes from."""
        # KubeRay lets the group's labels win over the template's.
        own = dig(self.group, "labels", key, at=self.group_path)
        if own is not None:
            return self.group_path / "labels" / key, own
        path = self.path / "metadata" / "labels" / key
        return path, dig(self.group, "template", "metadata", "labels", key, at=self.group_path)

    def containers(self, field: str) -> list[Container]:
        """The containers under `containers` or `initContainers`."""
        return self._containers[field]

    @cached_property
    def _containers(self) -> dict[str, list[Container]]:
        # Several rules ask, some of them once per resource.
        return {field: self._listed(field) for field in ("containers", "initContainers")}

    def _listed(self, field: str) -> list[Container]:
        path = self.path / "spec" / field
        return [self._container(path / index, value) for index, value in enumerate(items(self.get(field)))]

    def _container(self, path: Path, value: Any) -> Container:
        name = dig(value, "name", at=path)
        return Container(path, dig(value, "resources", at=path), isinstance(name, str) and name in INJECTED)


@dataclass(frozen=True)
class Workload:
    """A RayCluster; `username` is who asks for it, '' where that is not known."""

    value: Mapping[str, Any]
    username: str = ""

    @property
    def namespace(self) -> str:
        """The namespace the object names, '' where it names none."""
        found = dig(self.value, "metadata", "namespace")
        return found if isinstance(found, str) else ""

    def label(self, key: str) -> Any:
        """One of the object's labels."""
        return dig(self.value, "metadata", "labels", key)

    def annotation(self, key: str) -> Any:
        """One of the object's annotations."""
        return dig(self.value, "metadata", "annotations", key)

    @property
    def spec_path(self) -> Path:
        """Where the cluster spec stands."""
        return Path.of("spec")

    @cached_property
    def spec(self) -> Any:
        """The cluster spec."""
        return dig(self.value, *map(str, self.spec_path))

    def get(self, *keys: str) -> Any:
        """What stands below the cluster spec."""
        return dig(self.spec, *keys, at=self.spec_path)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The head's template, then each worker group's."""
        groups = enumerate(items(self.get("workerGroupSpecs")))
        head = Site(self.spec_path / "headGroupSpec", self.get("headGroupSpec"), head=True)
        path = self.spec_path / "workerGroupSpecs"
        return (head, *(Site(path / index, group, head=False) for index, group in groups))

    @cached_property
    def options(self) -> tuple[Container, ...]:
        """The resources of containers that the operator adds and the tenant may size."""
        found = ((self.spec_path + path, self.get(*path, "resources")) for path in OPTIONS)
        return tuple(Container(path, value, True) for path, value in found if isinstance(value, dict))

    def containers(self) -> Iterator[Container]:
        """Every container there is, init containers and sized options included."""
        for site in self.sites:
            yield from site.containers("containers")
            yield from site.containers("initContainers")
        yield from self.options


def variables(platform: Platform) -> dict[str, str]:
    """The same view in CEL: variable name -> expression, each using only those before it.

    Expects `variables.tenant`, the namespace's row as a list whose first element is '' where no tenant has it.
    """
    return {
        "groups": (
            "variables.tenant[0] == '' ? [] :\n"
            "[{'path': dyn('spec.headGroupSpec'), 'head': dyn(true),"
            " 'value': object.?spec.?headGroupSpec.orValue(dyn({}))}]\n"
            f"+ {cel.items('object.?spec.?workerGroupSpecs')}.transformList(i, g,"
            " {'path': dyn('spec.workerGroupSpecs[' + string(i) + ']'), 'head': dyn(false), 'value': dyn(g)})"
        ),
        "sites": f"variables.groups.map(g, {_site(platform)})",
        "pods": (
            "variables.sites.map(s, {'path': s.path, 'head': s.head, 'group': s.group,\n"
            f"'containers': dyn({_containers('containers')}),\n'inits': dyn({_containers('initContainers')})}})"
        ),
        "options": f"variables.tenant[0] == '' ? [] :\n{_options()}",
        "containers": "variables.pods.map(p, p.containers + p.inits).flatten() + variables.options",
    }


def _site(platform: Platform) -> str:
    """A group `g` as a site; the label's path says which of two places its value comes from."""
    key = platform.tenant_label
    own = f"g.value.?labels[?{cel.literal(key)}].orValue(null)"
    template = f"g.value.?template.?metadata.?labels[?{cel.literal(key)}].orValue(null)"
    paths = cel.steps("labels", key), cel.steps("template", "metadata", "labels", key)
    return (
        "{'path': dyn(g.path + '.template'), 'head': g.head, 'group': g.value,\n"
        "'spec': g.value.?template.?spec.orValue(dyn({})),\n"
        f"'labelPath': dyn(g.path + ({own} != null ? {paths[0]} : {paths[1]})),\n"
        f"'label': {cel.let('v', own, f'v != null ? v : {template}')}}}"
    )


def _containers(field: str) -> str:
    """The containers of a site `s`, with what their resources say."""
    return (
        f"{cel.items(f's.spec.?{field}')}.transformList(i, c, {{"
        f"'path': dyn(s.path + '.spec.{field}[' + string(i) + ']'), 'resources': c.?resources.orValue(null), "
        f"'injected': dyn(c.?name.orValue('') in {cel.literals(INJECTED)}), "
        "'restarts': dyn(c.?restartPolicy.orValue('') == 'Always')})"
    )


def _options() -> str:
    """What the operator turns into containers, where it is sized."""
    found = ", ".join(
        f"{{'path': dyn({cel.literal(str(Path(('spec', *path))))}),"
        f" 'resources': object.?spec.?{'.?'.join(path)}.?resources.orValue(null)}}"
        for path in OPTIONS
    )
    kept = "{'path': o.path, 'resources': o.resources, 'injected': dyn(true), 'restarts': dyn(false)}"
    return f"[{found}]\n.filter(o, type(o.resources) == map).map(o, {kept})"
