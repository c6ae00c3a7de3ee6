"""A cluster-wide queue or scheduler share can be named only if the tenant's config lists it.

Schedulers read labels and annotations of pods, and KubeRay copies those of a RayCluster to its pods. So the rule checks
the labels and annotations of the object, the labels of a group, and those of each template. It admits what controllers
write on a pod themselves: KubeRay's operator is recognised by its user, YuniKorn by the default value that it writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rayfence.cel import entries, literal, literals
from rayfence.model.allowable import (
    ALIASES,
    APPLICATION_OF_NONE,
    GANG,
    PRIORITIES,
    QUEUE_OF_NONE,
    YUNIKORN_APPLICATION,
    YUNIKORN_QUEUE,
)
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import PODS, RAY, Subject
from rayfence.rules.rule import At, Edit, Edits, Violation, shown
from rayfence.rules.shared import allowances
from rayfence.workload import POD, SERVED, Workload, dig

ID = "require-tenant-queue"
FAMILY = "queues"
WHY = "Pods in another tenant's queue use up its share, and pods with a higher priority overtake those of all others."
SUBJECTS = (RAY, PODS)

JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"
"""Who makes the pod of a Job, with what the operator wrote into its template."""

UNLISTED = "must be a value that allow.queues lists for this key"
SORTS = ("labels", "annotations")
Entries = Mapping[str, Any]


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: the names of queues in labels and annotations, and whether a pod had them before."""
    return _of_ray_object() if subject is RAY else _of_pod()


def _of_ray_object() -> dict[str, str]:
    """Labels and annotations of the object, its groups and its templates."""
    own = ", ".join(_holder(f"'metadata.{sort}'", f"object.metadata.?{sort}") for sort in SORTS)
    group = _holder("group.path + '.labels'", "group.value.?labels")
    template = ", ".join(_holder(f"pod.path + 'metadata.{sort}'", f"pod.value.?metadata.?{sort}") for sort in SORTS)
    holders = (
        f"(variables.tenant_name == '' ? [] : [{own}])\n+ variables.ray_groups.map(group, {group})\n"
        f"+ variables.pod_definitions.map(pod, [{template}]).flatten()"
    )
    return _variables(holders)


def _of_pod() -> dict[str, str]:
    own = ", ".join(
        _holder(
            f"'metadata.{sort}'",
            f"object.metadata.?{sort}",
            f"(variables.old_object == null ? dyn({{}}) : dyn({entries(f'variables.old_object.?metadata.?{sort}')}))",
        )
        for sort in SORTS
    )
    return _variables(f"variables.tenant_name == '' ? [] : [{own}]")


def _holder(path: str, found: str, before: str = "dyn({})") -> str:
    return f"{{'path': dyn({path}), 'entries': dyn({entries(found)}), 'old_entries': {before}}}"


def _variables(holders: str) -> dict[str, str]:
    """With them each entry that is judged. Its key is one of the table or of a list in the config, never free text."""
    keys = ",\n".join(f"{literal(key)}: {literals(keys)}" for key, keys in ALIASES.items())
    judged = "key in variables.queue_keys || variables.allowed_queues.exists(entry, entry.startsWith(key + '='))"
    step = "(key.matches('^[A-Za-z0-9_-]+$') ? '.' + key : '[' + key + ']')"
    entry = (
        f"{{'path': dyn(holder.path + {step}), 'key': dyn(key), 'value': dyn(value),"
        " 'aliases': dyn(variables.queue_keys[?key].orValue([key])),"
        " 'unchanged': dyn(holder.old_entries[?key].orValue(dyn(null)) == value)}"
    )
    named = (
        f"variables.metadata_maps.map(holder, holder.entries.transformList(key, value, {judged}, {entry})).flatten()"
    )
    return {"queue_keys": f"{{{keys}}}", "metadata_maps": holders, "queue_names": named}


def cel(platform: Platform) -> Iterator[str]:
    listed = allowances.covered("variables.allowed_queues", "alias + '=' + queue.value")
    makers = literals((platform.operator.username, JOB_CONTROLLER))
    application = " + variables.object_namespace + ".join(literal(each) for each in APPLICATION_OF_NONE.split("{}"))
    fine = (
        "queue.value in [dyn(null), dyn('')]",
        f"(type(queue.value) == string && queue.aliases.exists(alias, {listed}))",
        f"(queue.key in {literals(PRIORITIES)} && queue.value in variables.allowed_priority_classes)",
        "queue.unchanged",
        f"(queue.key in {literals(GANG)} && request.?userInfo.?username.orValue('') in {makers})",
        f"(queue.key in {literals(YUNIKORN_QUEUE)} && queue.value == {literal(QUEUE_OF_NONE)})",
        f"(queue.key in {literals(YUNIKORN_APPLICATION)} && queue.value == {application})",
    )
    yield f"variables.queue_names.filter(queue, !({' || '.join(fine)})).map(queue, queue.path + ': {UNLISTED}')"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    allowed = allowances.of("queues", tenant, platform)
    for path, found, before in _holders(work):
        for key, value in found.items():
            judged = key in ALIASES or any(entry.startswith(f"{key}=") for entry in allowed)
            settled = before.get(key) == value or (key in GANG and _is_maker(work, platform))
            if judged and not settled and not _is_fine(key, value, tenant, platform, work.namespace):
                yield Violation(ID, path / key, f"is {shown(value)}, {_wanted(key, allowed)}")


def _holders(work: Workload) -> Iterator[tuple[FieldPath, Entries, Entries]]:
    """Where labels and annotations stand, what they are, and of a pod what they were."""
    if work.value["kind"] == POD:
        for sort in SORTS:
            old = dig(work.request.old, "metadata", sort)
            yield FieldPath.of("metadata", sort), _map(dig(work.value, "metadata", sort)), _map(old)
        return
    for sort in SORTS:
        yield FieldPath.of("metadata", sort), _map(dig(work.value, "metadata", sort)), {}
    for site in work.sites:
        if site.group is not None:
            yield site.group_path / "labels", _map(dig(site.group, "labels", at=site.group_path)), {}
    for path, template in work.templates:
        for sort in SORTS:
            yield path / "metadata" / sort, _map(dig(template, "metadata", sort, at=path)), {}


def _map(found: Any) -> Entries:
    return found if isinstance(found, dict) else {}


def _is_maker(work: Workload, platform: Platform) -> bool:
    return work.request.username in (platform.operator.username, JOB_CONTROLLER)


def _is_fine(key: str, value: Any, tenant: Tenant, platform: Platform, namespace: str) -> bool:
    """Whether a value may stand there, whoever asks."""
    if value in (None, ""):
        return True
    if not isinstance(value, str):
        return False
    allowed = allowances.of("queues", tenant, platform)
    listed = any(allowances.covers(allowed, f"{each}={value}") for each in ALIASES.get(key, (key,)))
    is_priority = key in PRIORITIES and value in allowances.of("priority_classes", tenant, platform)
    is_of_none = (key in YUNIKORN_QUEUE and value == QUEUE_OF_NONE) or (
        key in YUNIKORN_APPLICATION and value == APPLICATION_OF_NONE.format(namespace)
    )
    return listed or is_priority or is_of_none


def _wanted(key: str, allowed: Sequence[str]) -> str:
    """What people read: which values are listed."""
    keys = ALIASES.get(key, (key,))
    values = [value for entry in allowed for own, _, value in (entry.partition("="),) if own in keys and value]
    if values:
        return f"must be {' or '.join(values)}"
    return f"and allow.queues lists no value for {' or '.join(keys)}; leave it out"


_OTHERS = "somebody-elses"


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    task_groups, task_group = GANG
    marks: dict[str, tuple[At, str, str, str]] = {
        "another tenant's queue": (At.TEMPLATE, "labels", "volcano.sh/queue-name", _OTHERS),
        "another tenant's queue, by annotation": (At.TEMPLATE, "annotations", YUNIKORN_QUEUE[0], f"root.{_OTHERS}"),
        "another tenant's queue, by an older key": (At.TEMPLATE, "labels", "queue", f"root.{_OTHERS}"),
        "another tenant's queue, on the Ray object": (At.OBJECT, "labels", "kai.scheduler/queue", _OTHERS),
        "another tenant's queue, by an annotation of the Ray object": (
            At.OBJECT,
            "annotations",
            "scheduling.volcano.sh/queue-name",
            _OTHERS,
        ),
        "another namespace's application": (
            At.TEMPLATE,
            "labels",
            "applicationId",
            APPLICATION_OF_NONE.format(_OTHERS),
        ),
        "a queue's name for an application": (At.TEMPLATE, "labels", "applicationId", QUEUE_OF_NONE),
        "an application's name for a queue": (
            At.TEMPLATE,
            "labels",
            "queue",
            APPLICATION_OF_NONE.format(tenant.namespaces[0]),
        ),
        "the label ray.io/priority-class-name": (
            At.OBJECT,
            "labels",
            "ray.io/priority-class-name",
            _OTHERS,
        ),
        "task groups": (At.TEMPLATE, "annotations", task_groups, "[]"),
        "a task group": (At.TEMPLATE, "annotations", task_group, _OTHERS),
    }
    ways = {
        name: _mark(at, sort, key, value)
        for name, (at, sort, key, value) in marks.items()
        if not _is_fine(key, value, tenant, platform, tenant.namespaces[0])
    }
    if not _is_fine("kai.scheduler/queue", _OTHERS, tenant, platform, ""):
        ways["another tenant's queue on a worker group, which overrides the template's"] = Edit(
            At.OBJECT, lambda value, tenant: _label_group(value, "kai.scheduler/queue", _OTHERS)
        )
    if not _is_fine(task_groups, "[]", tenant, platform, ""):
        ways["an update that changes the task groups"] = Edit(
            At.TEMPLATE,
            lambda template, tenant: _put(template, "annotations", task_groups, "[]"),
            before=lambda template, tenant: _put(template, "annotations", task_groups, "[{}]"),
        )
    return ways


def passes(platform: Platform, tenant: Tenant) -> Edits:
    ways = {
        "no queue and no application": Edit(At.TEMPLATE, lambda template, tenant: _put_of_none(template, tenant)),
        "an empty queue name": _mark(At.TEMPLATE, "labels", "volcano.sh/queue-name", ""),
        "a PodGroup": _mark(At.TEMPLATE, "annotations", "scheduling.k8s.io/group-name", "one"),
    }
    for entry in allowances.of("queues", tenant, platform):
        key, _, value = entry.partition("=")
        for alias in ALIASES.get(key, (key,)) if value else ():
            ways[f"{alias}: {value}"] = _mark(At.TEMPLATE, "labels", alias, value.replace(allowances.ANY, "-x"))
    for name in allowances.of("priority_classes", tenant, platform):
        if name != allowances.ANY:
            ways[f"the priority {name}"] = _mark(At.OBJECT, "labels", PRIORITIES[0], name)
    return ways


def _mark(at: At, sort: str, key: str, value: str) -> Edit:
    return Edit(at, lambda part, tenant: _put(part, sort, key, value))


def _put(part: dict[str, Any], sort: str, key: str, value: str) -> None:
    part.setdefault("metadata", {}).setdefault(sort, {})[key] = value


def _put_of_none(template: dict[str, Any], tenant: Tenant) -> None:
    _put(template, "labels", YUNIKORN_QUEUE[-1], QUEUE_OF_NONE)
    _put(template, "labels", YUNIKORN_APPLICATION[0], APPLICATION_OF_NONE.format(tenant.namespaces[0]))


def _label_group(value: dict[str, Any], key: str, name: str) -> None:
    """Put a label on the last worker group of a Ray object, and on a pod itself, which is what that makes of it."""
    kind = SERVED.get((value["apiVersion"], value["kind"]))
    if kind is None:
        _put(value, "labels", key, name)
        return
    part: Any = value
    for step in (*kind.cluster, "workerGroupSpecs", -1):
        part = part[step]
    part["labels"] = {key: name}
