"""The view of `workload` once more, as CEL variables for engines."""

from __future__ import annotations

from collections.abc import Callable

from rayfence import cel
from rayfence.model.config import Platform
from rayfence.model.field_path import FieldPath
from rayfence.model.ray_kinds import INJECTED, K8S_JOB, KINDS, OPTIONS, Kind

SIDES = ("requests", "limits")
BOUNDED = ("cpu", "memory")
"""In the order of `amounts`: `amounts[i][j]` is what a container says of resource i on side j."""

LISTS = ("initContainers", "containers")
"""In the order in which their containers start."""


def variables(platform: Platform) -> dict[str, str]:
    """Variable name -> expression, each using only those before it.

    Expects `variables.tenant_name`, '' where no tenant has the namespace.
    """
    return {
        "ray_clusters": (
            f"variables.tenant_name == '' ? [] :\n{_by_kind(lambda kind: kind.cluster)}"
            ".filter(cluster, cluster.value != null || object.kind == 'RayCluster')"
        ),
        "ray_jobs": f"variables.tenant_name == '' ? [] :\n{_by_kind(lambda kind: kind.job)}",
        "ray_groups": (
            "variables.ray_clusters.map(cluster, [{'path': dyn(cluster.path + '.headGroupSpec'), 'role': dyn('head'),"
            " 'value': cluster.value.?headGroupSpec.orValue(dyn({}))}]\n"
            f"+ {cel.items('cluster.value.?workerGroupSpecs')}.transformList(index, group,"
            " {'path': dyn('%s.workerGroupSpecs[%d]'.format([cluster.path, index])), 'role': dyn('worker'),"
            " 'value': dyn(group)}))"
            ".flatten()"
        ),
        "pod_templates": f"variables.ray_groups.map(group, {_site(platform)})\n+ {_submitters(platform)}",
        "ray_pods": (
            "variables.pod_templates.map(template,"
            " {'path': template.path, 'role': template.role, 'group': template.group,\n"
            f"'containers': dyn({' + '.join(map(_containers, LISTS))})}})"
        ),
        "operator_containers": f"variables.ray_clusters.map(cluster, {_options()}).flatten()",
        "containers": "variables.ray_pods.map(pod, pod.containers).flatten() + variables.operator_containers",
        "container_amounts": (
            "(variables.ray_pods.map(pod, pod.containers) + [variables.operator_containers])"
            f".map(containers, containers.map(container, {_given()}))"
        ),
    }


def _by_kind(path_of: Callable[[Kind], FieldPath | None]) -> str:
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
    """A `group` as a pod template.

    `labels` are the places that give the tenant's label a value, or the template's place where none does.
    """
    key = platform.tenant_label
    own = f"dyn(group.value.?labels[?{cel.literal(key)}].orValue(null))"
    template = f"dyn(group.value.?template.?metadata.?labels[?{cel.literal(key)}].orValue(null))"
    places = (
        f"{{'path': dyn(group.path + {cel.steps('labels', key)}), 'value': {own}}}",
        f"{{'path': dyn(group.path + {cel.steps('template', 'metadata', 'labels', key)}), 'value': {template}}}",
    )
    return (
        "{'path': dyn(group.path + '.template'), 'role': group.role, 'group': group.value,"
        " 'manifest': group.value.?template.orValue(null),\n"
        "'spec': group.value.?template.?spec.orValue(dyn({})),\n"
        f"'labels': dyn([{places[0]}].filter(label, label.value != null)\n"
        f"+ [{places[1]}].filter(label, label.value != null || {own} == null))}}"
    )


def _submitters(platform: Platform) -> str:
    """The pod that submits a `job`, unless there is none: without a template KubeRay makes one of its own."""
    key = platform.tenant_label
    mode = f"job.value.?submissionMode.orValue(null) in [dyn(null), dyn(''), dyn({cel.literal(K8S_JOB)})]"
    template = "job.value.?submitterPodTemplate"
    site = (
        "{'path': dyn(job.path + '.submitterPodTemplate'), 'role': dyn('submitter'), 'group': dyn({}),"
        f" 'manifest': {template}.orValue(null),\n"
        f"'spec': {template}.?spec.orValue(dyn({{}})),\n"
        f"'labels': dyn([{{'path': dyn(job.path + {cel.steps('submitterPodTemplate', 'metadata', 'labels', key)}),"
        f" 'value': dyn({template}.?metadata.?labels[?{cel.literal(key)}].orValue(null))}}])}}"
    )
    return f"variables.ray_jobs.filter(job, {template}.orValue(null) != null || {mode})\n.map(job, {site})"


def _containers(field: str) -> str:
    """The containers of a `template`, with what they ask for, and whether they stay once they have started."""
    stays = "true" if field == "containers" else "container.?restartPolicy.orValue('') == 'Always'"
    fields = (
        f"'path': dyn('%s.spec.{field}[%d]'.format([template.path, index])), 'value': dyn(container),"
        " 'resources': container.?resources.orValue(null),"
        f" 'injected': dyn(container.?name.orValue('') in {cel.literals(INJECTED)}), 'keeps_running': dyn({stays})"
    )
    container = _sized("container.?resources", fields)
    return f"{cel.items(f'template.spec.?{field}')}.transformList(index, container, {container})"


def _given() -> str:
    """A `container`, and of cpu and memory each what it requests and its limit, null for what is no quantity."""
    found = ", ".join(cel.amount(f"container.{side}[?resource_name].orValue(dyn(null))") for side in SIDES)
    return f"{{'container': container, 'amounts': dyn({cel.literals(BOUNDED)}.map(resource_name, [{found}]))}}"


def _options() -> str:
    """What the operator turns into containers in a `cluster`, where it is sized."""
    found = ", ".join(
        f"{{'path': dyn(cluster.path + {cel.steps(*path)}), 'is_collector': dyn({str(path != OPTIONS[0]).lower()}),"
        f" 'resources': cluster.value.?{'.?'.join(path)}.?resources.orValue(null)}}"
        for path in OPTIONS
    )
    fields = (
        "'path': options.path, 'value': dyn({}), 'resources': options.resources, 'injected': dyn(true),"
        " 'keeps_running': dyn(true), 'is_collector': options.is_collector"
    )
    sized = f"[{found}]\n.filter(options, type(options.resources) == map)"
    return f"{sized}.map(options, {_sized('options.resources', fields)})"


def _sized(resources: str, fields: str) -> str:
    """A map of these fields, and of `requests` and `limits`."""
    sides = ", ".join(f"'{side}': {_of_side(f'{resources}.?{side}.orValue(null)')}" for side in SIDES)
    return f"{{{fields}, {sides}}}"


def _of_side(found: str) -> str:
    """A map; a list stays one, so that the engine fails where it looks for a key."""
    return f"(type({found}) == map || type({found}) == list ? {found} : dyn({{}}))"
