"""The view of `workload` once more, as CEL variables for engines."""

from __future__ import annotations

from collections.abc import Callable

from rayfence import cel
from rayfence.config import Platform
from rayfence.path import Path
from rayfence.workload.kinds import INJECTED, K8S_JOB, KINDS, OPTIONS, Kind

SIDES = ("requests", "limits")
BOUNDED = ("cpu", "memory")
"""In the order of `amounts`: `amounts[i][j]` is what a container says of resource i on side j."""

LISTS = ("initContainers", "containers")
"""In the order in which their containers start."""


def variables(platform: Platform) -> dict[str, str]:
    """Variable name -> expression, each using only those before it.

    Expects `variables.tenant`, the namespace's row as a list whose first element is '' where no tenant has it.
    """
    return {
        "clusters": (
            f"variables.tenant[0] == '' ? [] :\n{_by_kind(lambda kind: kind.cluster)}"
            ".filter(c, c.value != null || object.kind == 'RayCluster')"
        ),
        "jobs": f"variables.tenant[0] == '' ? [] :\n{_by_kind(lambda kind: kind.job)}",
        "groups": (
            "variables.clusters.map(c, [{'path': dyn(c.path + '.headGroupSpec'), 'role': dyn('head'),"
            " 'value': c.value.?headGroupSpec.orValue(dyn({}))}]\n"
            f"+ {cel.items('c.value.?workerGroupSpecs')}.transformList(i, g,"
            " {'path': dyn('%s.workerGroupSpecs[%d]'.format([c.path, i])), 'role': dyn('worker'), 'value': dyn(g)}))"
            ".flatten()"
        ),
        "sites": f"variables.groups.map(g, {_site(platform)})\n+ {_submitters(platform)}",
        "pods": (
            "variables.sites.map(s, {'path': s.path, 'role': s.role, 'group': s.group,\n"
            f"'containers': dyn({' + '.join(map(_containers, LISTS))})}})"
        ),
        "options": f"variables.clusters.map(o, {_options()}).flatten()",
        "containers": "variables.pods.map(p, p.containers).flatten() + variables.options",
        "amounts": f"(variables.pods.map(p, p.containers) + [variables.options]).map(p, p.map(c, {_given()}))",
    }


def _by_kind(path_of: Callable[[Kind], Path | None]) -> str:
    """A list with what the object's kind has at a path, if it has anything there; a cluster always has one."""
    text = "[]"
    for kind in reversed(KINDS):
        path = path_of(kind)
        if path:
            found = f"object.?{'.?'.join(map(str, path))}.orValue(null)"
            one = f"[{{'path': dyn({cel.literal(str(path))}), 'value': {found}}}]"
            text = f"object.kind == {cel.literal(kind.name)} ? {one} :\n{text}"
    return f"({text})"


def _site(platform: Platform) -> str:
    """A group `g` as a site; `labels` are the places that give the tenant's label a value, else the template's."""
    key = platform.tenant_label
    own = f"dyn(g.value.?labels[?{cel.literal(key)}].orValue(null))"
    template = f"dyn(g.value.?template.?metadata.?labels[?{cel.literal(key)}].orValue(null))"
    places = (
        f"{{'path': dyn(g.path + {cel.steps('labels', key)}), 'value': {own}}}",
        f"{{'path': dyn(g.path + {cel.steps('template', 'metadata', 'labels', key)}), 'value': {template}}}",
    )
    return (
        "{'path': dyn(g.path + '.template'), 'role': g.role, 'group': g.value,"
        " 'template': g.value.?template.orValue(null),\n"
        "'spec': g.value.?template.?spec.orValue(dyn({})),\n"
        f"'labels': dyn([{places[0]}].filter(l, l.value != null)\n"
        f"+ [{places[1]}].filter(l, l.value != null || {own} == null))}}"
    )


def _submitters(platform: Platform) -> str:
    """The pod that submits a job `j`, unless there is none: without a template KubeRay makes one of its own."""
    key = platform.tenant_label
    mode = f"j.value.?submissionMode.orValue(null) in [dyn(null), dyn(''), dyn({cel.literal(K8S_JOB)})]"
    template = "j.value.?submitterPodTemplate"
    site = (
        "{'path': dyn(j.path + '.submitterPodTemplate'), 'role': dyn('submitter'), 'group': dyn({}),"
        f" 'template': {template}.orValue(null),\n"
        f"'spec': {template}.?spec.orValue(dyn({{}})),\n"
        f"'labels': dyn([{{'path': dyn(j.path + {cel.steps('submitterPodTemplate', 'metadata', 'labels', key)}),"
        f" 'value': dyn({template}.?metadata.?labels[?{cel.literal(key)}].orValue(null))}}])}}"
    )
    return f"variables.jobs.filter(j, {template}.orValue(null) != null || {mode})\n.map(j, {site})"


def _containers(field: str) -> str:
    """The containers of a site `s`, with what they ask for, and whether they stay once they have started."""
    stays = "true" if field == "containers" else "c.?restartPolicy.orValue('') == 'Always'"
    fields = (
        f"'path': dyn('%s.spec.{field}[%d]'.format([s.path, i])), 'value': dyn(c),"
        " 'resources': c.?resources.orValue(null),"
        f" 'injected': dyn(c.?name.orValue('') in {cel.literals(INJECTED)}), 'stays': dyn({stays})"
    )
    return f"{cel.items(f's.spec.?{field}')}.transformList(i, c, {_sized('c.?resources', fields)})"


def _given() -> str:
    """A container `c`, and of cpu and memory each what it requests and its limit, null for what is no quantity."""
    found = ", ".join(cel.amount(f"c.{side}[?k].orValue(dyn(null))") for side in SIDES)
    return f"{{'container': c, 'amounts': dyn({cel.literals(BOUNDED)}.map(k, [{found}]))}}"


def _options() -> str:
    """What the operator turns into containers in a cluster `o`, where it is sized."""
    found = ", ".join(
        f"{{'path': dyn(o.path + {cel.steps(*path)}), 'collects': dyn({str(path != OPTIONS[0]).lower()}),"
        f" 'resources': o.value.?{'.?'.join(path)}.?resources.orValue(null)}}"
        for path in OPTIONS
    )
    fields = (
        "'path': c.path, 'value': dyn({}), 'resources': c.resources, 'injected': dyn(true), 'stays': dyn(true),"
        " 'collects': c.collects"
    )
    return f"[{found}]\n.filter(c, type(c.resources) == map).map(c, {_sized('c.resources', fields)})"


def _sized(resources: str, fields: str) -> str:
    """A map of these fields, and of `requests` and `limits`."""
    sides = ", ".join(f"'{side}': {_of_side(f'{resources}.?{side}.orValue(null)')}" for side in SIDES)
    return f"{{{fields}, {sides}}}"


def _of_side(found: str) -> str:
    """A map; a list stays one, so that the engine fails where it looks for a key."""
    return f"(type({found}) == map || type({found}) == list ? {found} : dyn({{}}))"
