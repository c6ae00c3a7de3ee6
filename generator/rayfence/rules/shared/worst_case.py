"""How much a Ray object may come to take: pod by pod, times as many as there may be of it.

Written twice, as the rules are: `VARIABLES` in CEL and `totals` in Python. A pod counts what the scheduler counts, by
limits: all that run together, or the hungriest moment of its start if that is more. Sums in CEL are of doubles, since
it has no sum of quantities. cpu is counted in whole thousandths, rounded up container by container, and memory in
bytes, so that doubles are exact far beyond any cluster and 1000 x 570m is 570, not a hair more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from rayfence import cel
from rayfence.cel import let, number
from rayfence.model.config import Platform
from rayfence.model.field_path import FieldPath
from rayfence.model.quantity import parse, text
from rayfence.rules.shared.additions import AUTOSCALER, COLLECTOR, SCALES, SUBMITTER, Addition, scales
from rayfence.workload import ROOT, UNLIMITED, Container, Role, Site, Workload, dig, items

FACTORS = {"maxReplicas": UNLIMITED, "minReplicas": 0, "numOfHosts": 1}
"""What multiplies a worker group, with what stands where it is left out."""

WAIT = {"cpu": "200m", "memory": "256Mi"}
"""What KubeRay gives `wait-gcs-ready`, the init container that it puts behind those of each worker."""

RESOURCES = ("cpu", "memory", "accelerators")

_STAYS = f"[{len(RESOURCES)}] == 1.0"
"""CEL: whether a container in numbers stays, which stands behind what it takes."""

FLOAT = "amount.asApproximateFloat()"

HUGE = "1.0e15"
"""CEL: more than there is of anything; beyond it a double is no whole number any more, and no int either."""


# --- in CEL -----------------------------------------------------------------------------------------------------------


def whole() -> str:
    """CEL: whether an amount `a` is a whole quantity of 0 or more; Kubernetes knows no part of an accelerator."""
    same = "amount.compareTo(quantity(string(int(number)))) == 0"
    return f"amount != null && {let('number', FLOAT, f'number >= 0.0 && number < {HUGE} && {same}')}"


def variables(platform: Platform) -> dict[str, str]:
    """CEL variables: `replica_factors` multiply each pod template, and `object_totals` is what all of it comes to."""
    totals = ", ".join(f"'{resource}': {_total(number)}" for number, resource in enumerate(RESOURCES))
    workers = "variables.ray_pods.transformList(index, pod, pod.role == 'worker', variables.pod_counts[index])"
    return {
        "replica_factors": f"variables.ray_pods.map(pod, pod.role != 'worker' ? [1.0, 1.0, 1.0] : [{_factors()}])",
        "pod_counts": f"variables.replica_factors.map(factors, {_COUNT}) + [1.0]",
        "container_totals": f"variables.container_amounts.map(containers, containers.map(sized, {_container()}))",
        "operator_additions": _additions(),
        "collectors": f"{_optional('container.is_collector == true')}\n+ {_default(COLLECTOR)}",
        "pod_totals": _sizes(),
        "object_totals": f"{{{totals}, 'workers': ([0.0] + {workers}).sum()}}",
    }


def _factors() -> str:
    return ", ".join(number(f"pod.group.?{key}", f"{missing}.0") for key, missing in FACTORS.items())


# KubeRay has let `minReplicas` win over a smaller `maxReplicas`.
# Where several lists lie in one another, an engine may take what is in them for anything; `double` says it again.
_COUNT = "[double(factors[0]), double(factors[1]), 0.0].max() * [double(factors[2]), 0.0].max()"


def _container() -> str:
    """CEL: a container with its amounts, `sized`, in numbers: what of each resource, and 1.0 if it stays."""
    # The conversion to int would fail on amounts that no node has.
    cpu = f"number < {HUGE} ? double(int(number * 1000.0 + 0.9999995)) : number * 1000.0"
    beyond = "sized.amounts[1][1].isGreaterThan(quantity(string(int(number)))) ? 1.0 : 0.0"
    memory = f"number < {HUGE} ? double(int(number)) + ({beyond}) : number"
    each = f"sized.container.limits.filter(key, key.contains('/')).map(key, {_accelerator()})"
    accelerators = f"([0.0] + {each}).sum()"
    stays = "sized.container.keeps_running == true ? 1.0 : 0.0"
    return f"[{_counted(0, cpu)},\n{_counted(1, memory)},\n{accelerators},\n{stays}]"


def _accelerator() -> str:
    """CEL: how many of the resource `key` a container may have."""
    return let("amount", cel.amount("sized.container.limits[key]"), f"{whole()} ? {FLOAT} : 0.0")


def _counted(resource: int, measure: str) -> str:
    """CEL: a limit, `number` as a double; what is no amount of 0 or more counts nothing."""
    limit = f"sized.amounts[{resource}][1]"
    counted = let("number", f"[{limit}.asApproximateFloat(), 0.0].max()", measure)
    return f"{limit} == null ? 0.0 : {counted}"


def _additions() -> str:
    """CEL: what the operator puts beside the head: the autoscaler, and a submitter in sidecar mode."""
    sized = f"({SCALES} ? {_optional('container.is_collector != true')} : [])"
    return f"{sized}\n+ {_default(AUTOSCALER)}\n+ {_default(SUBMITTER)}"


def _optional(which: str) -> str:
    """CEL: those of the operator's sized options in numbers; they stand behind the pods."""
    totals = "variables.container_totals[size(variables.ray_pods)][index]"
    return f"variables.operator_containers.transformList(index, container, {which}, {totals})"


def _default(addition: Addition) -> str:
    """CEL: an addition in numbers, if there is one."""
    found = f"variables.operator_defaults.filter(addition, addition.name == '{addition.name}')"
    return f"{found}.map(addition, {_numbers(addition.limits, stays=True)})"


def _numbers(limits: Mapping[str, str], *, stays: bool) -> str:
    """CEL: a container of the operator's."""
    return f"[{parse(limits['cpu']) * 1000:.1f}, {parse(limits['memory']):.1f}, 0.0, {float(stays)}]"


def _sizes() -> str:
    """CEL: what each pod takes; last, as if it were a pod of its own, what the operator adds to one.

    Init containers come first: what runs when one of them starts is what stands before it and stays.
    """
    starting = f"size({cel.items('variables.pod_templates[pod_index].spec.?initContainers')})"
    of_pod, collectors = "variables.container_totals[pod_index]", "variables.collectors"
    worker = (
        f"{of_pod}.slice(0, {starting}) + [{_numbers(WAIT, stays=False)}]"
        f"\n+ {of_pod}.slice({starting}, size({of_pod})) + {collectors}"
    )
    other = f"{of_pod} + (pod.role == 'head' ? {collectors} : [])"
    pods = (
        f"variables.ray_pods.transformList(pod_index, pod, pod.role == 'worker' ? {worker} :\n{other})"
        "\n+ [variables.operator_additions]"
    )
    most = ", ".join(map(_most, range(len(RESOURCES))))
    return f"({pods}).map(containers, {let('moments', _moments(), f'[{most}]')})"


def _moments() -> str:
    """CEL: which of the `containers` of a pod run together: in the end, and when one that does not stay starts."""
    runs = f"earlier_index == index || (earlier_index < index && earlier{_STAYS})"
    before = f"containers.transformList(earlier_index, earlier, {runs}, earlier)"
    starting = f"containers.transformList(index, container, !(container{_STAYS}), {before})"
    return f"[containers.filter(container, container{_STAYS})] + {starting}"


def _most(number: int) -> str:
    """CEL: the most that they take at one of the `moments`, of the resource of that number."""
    return f"moments.map(moment, ([0.0] + moment.map(container, container[{number}])).sum()).max()"


def _total(number: int) -> str:
    """CEL: what all pods take of the resource of that number."""
    each = f"variables.pod_totals.transformList(index, pod_total, pod_total[{number}] * variables.pod_counts[index])"
    return f"([0.0] + {each}).sum()"


# --- in Python --------------------------------------------------------------------------------------------------------

Measure = Callable[[Container], Decimal]


def totals(work: Workload) -> Iterator[tuple[str, Decimal]]:
    """Each resource, and `workers`, with the most that the object may come to; cpus and bytes."""
    for resource, measure in _MEASURES.items():
        yield resource, _worst(work, measure)
    yield "workers", sum((count(site) for site in work.sites if site.role is Role.WORKER), Decimal(0))


def factor(site: Site, key: str) -> Decimal:
    """One of FACTORS, -1 where it is no number."""
    return number_in(site.group, key, FACTORS[key], site.group_path)


def number_in(value: Any, key: str, missing: int, at: FieldPath = ROOT) -> Decimal:
    """The number in a map, -1 where it is no number."""
    found = dig(value, key, at=at)
    if found is None:
        return Decimal(missing)
    return Decimal(found) if isinstance(found, int | float) and not isinstance(found, bool) else Decimal(-1)


def count(site: Site) -> Decimal:
    """How many pods a template may become. KubeRay has let `minReplicas` win over a smaller `maxReplicas`."""
    if site.role is not Role.WORKER:
        return Decimal(1)
    most, least, hosts = (max(factor(site, key), Decimal(0)) for key in FACTORS)
    return max(most, least) * hosts


def is_unbounded(site: Site) -> bool:
    """Whether nothing says how many pods a worker group may have at most."""
    return site.role is Role.WORKER and dig(site.group, "maxReplicas", at=site.group_path) is None


def takes(work: Workload, site: Site, resource: str) -> bool:
    """Whether the pods of a template count towards a resource, or towards `workers`."""
    measure = _MEASURES.get(resource)
    return count(site) > 0 and (measure is None or _size(work, site, measure) > 0)


def amount(value: Any) -> Decimal | None:
    """A quantity of 0 or more, None for anything else."""
    try:
        found = parse(text(value))
    except ValueError:
        return None
    return found if found >= 0 else None


def whole_amount(value: Any) -> Decimal | None:
    """A whole quantity of 0 or more, None for anything else."""
    found = amount(value)
    return found if found is not None and found == found.to_integral_value() and found < 10**15 else None


def _worst(work: Workload, measure: Measure) -> Decimal:
    pods = sum((_size(work, site, measure) * count(site) for site in work.sites), Decimal(0))
    return pods + _additions_of(work, measure)


def _size(work: Workload, site: Site, measure: Measure) -> Decimal:
    sized = [option for option in work.options if "collectorOptions" in option.path]
    collectors = sum(map(measure, [*sized, *_defaults(work, COLLECTOR)]), Decimal(0))
    return _pod_size(site, measure, Decimal(0) if site.role is Role.SUBMITTER else collectors)


def _pod_size(site: Site, measure: Measure, collector: Decimal) -> Decimal:
    running = sum((measure(container) for container in site.containers("containers")), collector)
    started, starting = Decimal(0), Decimal(0)
    for value, container in zip(items(site.get("initContainers")), site.containers("initContainers"), strict=True):
        if dig(value, "restartPolicy", at=container.path) == "Always":
            started += measure(container)
        else:
            starting = max(starting, started + measure(container))
    if site.role is Role.WORKER:
        starting = max(starting, started + measure(_of_operator(WAIT)))
    return max(running + started, starting)


def _additions_of(work: Workload, measure: Measure) -> Decimal:
    sized = [option for option in work.options if scales(work) and "autoscalerOptions" in option.path]
    defaults = (*_defaults(work, AUTOSCALER), *_defaults(work, SUBMITTER))
    return sum(map(measure, [*sized, *defaults]), Decimal(0))


def _defaults(work: Workload, addition: Addition) -> list[Container]:
    return [_of_operator(addition.limits)] if addition.asked(work) else []


def _of_operator(limits: Mapping[str, str]) -> Container:
    return Container(ROOT, {"limits": limits}, injected=True)


def _cpu(container: Container) -> Decimal:
    thousandths = (amount(container.amount("limits", "cpu")) or Decimal(0)) * 1000
    return thousandths.to_integral_value(ROUND_CEILING) / 1000


def _memory(container: Container) -> Decimal:
    return (amount(container.amount("limits", "memory")) or Decimal(0)).to_integral_value(ROUND_CEILING)


def _accelerators(container: Container) -> Decimal:
    amounts = (whole_amount(value) for key, value in container.entries("limits").items() if "/" in key)
    return sum((found or Decimal(0) for found in amounts), Decimal(0))


_MEASURES: dict[str, Measure] = {"cpu": _cpu, "memory": _memory, "accelerators": _accelerators}
