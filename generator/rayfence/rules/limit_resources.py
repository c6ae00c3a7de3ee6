"""Every container sets cpu and memory within its tenant's bounds: minimum <= request <= limit <= maximum.

Containers that KubeRay's operator adds are bounded too: by their `resources` in the object, or else by the operator's
defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from typing import Any

from rayfence.cel import filled, items, row, said, when
from rayfence.model.config import Bounds, Platform, Tenant
from rayfence.model.quantity import parse, text
from rayfence.model.subjects import RAY, Subject
from rayfence.rules.cases import containers as container_edges
from rayfence.rules.cases.containers import milli, more, put, whole_bytes
from rayfence.rules.rule import At, Edit, Edits, Violation, shown
from rayfence.rules.shared.additions import ADDITIONS, AUTOSCALER, COLLECTOR, Addition, defaults
from rayfence.workload import BOUNDED, SIDES, Container, Role, Site, Workload, dig
from rayfence.workload import items as listed

ID = "limit-resources"
FAMILY = "resource bounds"
WHY = "A container without a limit can use up its node. One above its tenant's maximum uses resources of others."
SUBJECTS = (RAY,)

PODLESS = "is not allowed, its containers are what is bounded"
NO_LIMIT = "means no limit to a container runtime"
HUGE_PAGES = "huge pages are not allowed"
EMPTY = "must hold a container, a template without one is no pod"


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: `tenant_bounds`, in the order of BOUNDED, as texts and as quantities; `operator_defaults`."""
    return {"tenant_bounds": f"[{', '.join(map(_bounds, BOUNDED))}]", "operator_defaults": defaults()}


def _bounds(resource: str) -> str:
    low, high = row.field(f"{resource}.min"), row.field(f"{resource}.max")
    return (
        f"{{'resource': dyn('{resource}'), 'min': dyn({low}), 'max': dyn({high}),"
        f" 'min_quantity': dyn(quantity({low})), 'max_quantity': dyn(quantity({high}))}}"
    )


def cel(platform: Platform) -> Iterator[str]:
    amounts = (
        f"sized.amounts.transformList(resource_index, pair, {' + '.join((_request(), _limit(), _between()))}).flatten()"
    )
    yield f"variables.container_amounts.flatten().map(sized, {amounts}).flatten()"
    huge = " + ".join(
        when(
            f"container.{side}.exists(key, key.startsWith('hugepages-'))",
            f"container.path + '.resources.{side}: {HUGE_PAGES}'",
        )
        for side in SIDES
    )
    claims = when(
        f"size({items('container.resources.?claims')}) > 0", "container.path + '.resources.claims: is not allowed'"
    )
    yield f"variables.containers.map(container, {huge} + {claims}).flatten()"
    pod = " + ".join(
        when(
            f"optional.ofNonZeroValue(template.spec.?{key}.orValue(null)).hasValue()",
            f"template.path + '.spec.{key}: {PODLESS}'",
        )
        for key in ("resources", "resourceClaims")
    )
    # Of a submitter without a template other rules tell that it is missing.
    absent = "template.role == 'submitter' && template.manifest == null"
    none = when(
        f"size({items('template.spec.?containers')}) == 0 && !({absent})",
        f"template.path + '.spec.containers: {EMPTY}'",
    )
    yield f"variables.pod_templates.map(template, {pod} + {none}).flatten()"
    yield _too_much_added()


_BOUND = "variables.tenant_bounds[resource_index]"


def _too_much_added() -> str:
    """CEL: what KubeRay adds above a maximum."""
    above = "quantity(addition[bound.resource]).isGreaterThan(bound.max_quantity)"
    what = "%s: KubeRay adds %s %s, above the maximum of %s, %s; %s"
    told = filled(
        what,
        "addition.path",
        "bound.resource",
        "addition[bound.resource]",
        row.NAME,
        "bound.max",
        "addition.fix",
    )
    too_much = f"variables.tenant_bounds.filter(bound, {above}).map(bound, {told})"
    return f"variables.operator_defaults.map(addition, {too_much}).flatten()"


def _request() -> str:
    """CEL: what is wrong with the request in a `pair` of request and limit, by itself."""
    low = f"(sized.container.injected == true ? dyn('0') : {_BOUND}.min)"
    below = (" is below the minimum of %s, %s", row.NAME, low)
    least = f"sized.container.injected == true ? dyn(quantity('0')) : {_BOUND}.min_quantity"
    return _side(0, (f"pair[0].isLessThan({least})", *below))


def _limit() -> str:
    above = (" is above the maximum of %s, %s", row.NAME, f"{_BOUND}.max")
    return _side(1, ("sign(pair[1]) <= 0", f" {NO_LIMIT}"), (f"pair[1].isGreaterThan({_BOUND}.max_quantity)", *above))


def _side(side: int, *wrong: tuple[str, ...]) -> str:
    """CEL: that one amount is none, or the first of (condition, text behind the amount, values in the text)."""
    missing = f"[{_told(side, 'must be a quantity up to %s', f'{_BOUND}.max')}]"
    chain = " ".join(
        f"{condition} ? [{_told(side, f'%s{what}', _said(side), *values)}] :" for condition, what, *values in wrong
    )
    return f"(pair[{side}] == null ? {missing} : {chain} [])"


def _between() -> str:
    """CEL: a request above its limit."""
    above = "pair[0] != null && pair[1] != null && pair[0].isGreaterThan(pair[1])"
    return when(above, _told(0, "%s is above its limit %s", _said(0), _said(1)))


def _told(side: int, what: str, *values: str) -> str:
    return filled(f"%s.resources.{SIDES[side]}.%s: {what}", "sized.container.path", f"{_BOUND}.resource", *values)


def _said(side: int) -> str:
    return said(f"sized.container.{SIDES[side]}[{_BOUND}.resource]")


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for container in work.containers():
        for resource, bounds in (("cpu", tenant.container.cpu), ("memory", tenant.container.memory)):
            low = "0" if container.injected else bounds.min
            yield from _bounded(container, resource, Bounds(low, bounds.max), tenant)
        yield from _plain(container)
    for site in work.sites:
        yield from _podless(site)
    for addition in ADDITIONS:
        for resource, amount, most in _too_large(addition, tenant) if addition.asked(work) else ():
            what = f"KubeRay adds {resource} {amount}, above the maximum of {tenant.name}, {most}; {addition.fix}"
            yield Violation(ID, addition.path(work), what)


def _too_large(addition: Addition, tenant: Tenant) -> list[tuple[str, str, str]]:
    """Each resource of which an addition takes more than the maximum: its name, the amount and the maximum."""
    bounds = {"cpu": tenant.container.cpu.max, "memory": tenant.container.memory.max}
    limits = addition.limits.items()
    return [(name, amount, bounds[name]) for name, amount in limits if parse(amount) > parse(bounds[name])]


def _bounded(container: Container, resource: str, bounds: Bounds, tenant: Tenant) -> Iterator[Violation]:
    request = yield from _amount(container, "requests", resource, bounds)
    limit = yield from _amount(container, "limits", resource, bounds)
    asked, most = (text(container.amount(side, resource)) for side in SIDES)
    path = container.path / "resources"
    if request is not None and request < parse(bounds.min):
        what = f"{asked} is below the minimum of {tenant.name}, {bounds.min}"
        yield Violation(ID, path / "requests" / resource, what)
    if limit is not None and limit <= 0:
        yield Violation(ID, path / "limits" / resource, f"{most} {NO_LIMIT}, allowed is up to {bounds.max}")
    elif limit is not None and limit > parse(bounds.max):
        yield Violation(ID, path / "limits" / resource, f"{most} is above the maximum of {tenant.name}, {bounds.max}")
    if request is not None and limit is not None and request > limit:
        yield Violation(ID, path / "requests" / resource, f"{asked} is above its limit {most}")


def _amount(container: Container, side: str, resource: str, bounds: Bounds) -> Any:
    """The amount as a Decimal; None, and a violation, where there is no such thing."""
    path = container.path / "resources" / side / resource
    found = text(container.amount(side, resource))
    if not found:
        yield Violation(ID, path, f"is missing, allowed is {bounds.min} to {bounds.max}")
        return None
    try:
        return parse(found)
    except ValueError:
        yield Violation(ID, path, f"{shown(found)} is not a quantity, allowed is {bounds.min} to {bounds.max}")
        return None


def _plain(container: Container) -> Iterator[Violation]:
    path = container.path / "resources"
    for side in SIDES:
        if any(key.startswith("hugepages-") for key in container.entries(side)):
            yield Violation(ID, path / side, HUGE_PAGES)
    if listed(dig(container.resources, "claims", at=path)):
        yield Violation(ID, path / "claims", "is not allowed")


def _podless(site: Site) -> Iterator[Violation]:
    for key in ("resources", "resourceClaims"):
        if site.get(key):
            yield Violation(ID, site.path / "spec" / key, PODLESS)
    if not listed(site.get("containers")) and not (site.role is Role.SUBMITTER and site.template is None):
        yield Violation(ID, site.path / "spec" / "containers", EMPTY)


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return {**_missing(), **_wrong(tenant), **_elsewhere(tenant), **_unsized(tenant)}


def _missing() -> dict[str, Edit]:
    def without(side: str, resource: str) -> Edit:
        return Edit(At.CONTAINER, lambda container, tenant: container["resources"][side].pop(resource))

    sides = {f"no {side}.{resource}": without(side, resource) for side in SIDES for resource in BOUNDED}
    return {"no resources": Edit(At.CONTAINER, lambda container, tenant: container.pop("resources")), **sides}


def _wrong(tenant: Tenant) -> dict[str, Edit]:
    low = tenant.container.cpu.min

    def raised(container: dict[str, Any], tenant: Tenant) -> None:
        container["resources"]["requests"]["cpu"] = more(container["resources"]["limits"]["cpu"], "cpu")

    return {
        "a limit of 999 CPUs": put("limits", "cpu", "999", swells="cpu"),
        "a limit with an exponent": put("limits", "memory", "35e15", swells="memory"),
        "a negative request": put("requests", "cpu", "-1"),
        "a request above its limit": Edit(At.CONTAINER, raised),
        "a limit that is not a quantity": put("limits", "cpu", f"{low} cores"),
        "an exponent that costs an engine gigabytes": put("limits", "memory", "1e999999999"),
        "a limit of zero, in a container that has no minimum": Edit(At.CONTAINER, _nothing),
        "a limit for huge pages": put("limits", "hugepages-2Mi", "4Mi"),
        "resource claims of a container": Edit(
            At.CONTAINER, lambda container, tenant: container["resources"].update(claims=[{"name": "gpu"}])
        ),
    }


def _nothing(container: dict[str, Any], tenant: Tenant) -> None:
    zero = {"cpu": 0, "memory": "0"}
    container.update(name="autoscaler", resources={"requests": dict(zero), "limits": dict(zero)})


def _elsewhere(tenant: Tenant) -> dict[str, Edit]:
    def options(name: str, resources: dict[str, Any], swells: str = "") -> Edit:
        return Edit(At.CLUSTER, lambda value, tenant: value.update({name: resources}), swells)

    huge = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "999", "memory": "1Mi"}}
    bounded = {"requests": {"cpu": "999"}, "limits": {"cpu": "999"}}
    least = {"cpu": tenant.container.cpu.min, "memory": tenant.container.memory.min}
    small = {"requests": least, "limits": least}
    return {
        "resources of the whole pod": Edit(At.POD, lambda spec, tenant: spec.update(resources=bounded)),
        "a pod without containers": Edit(At.POD, lambda spec, tenant: spec.update(containers=[])),
        "resource claims of a pod": Edit(At.POD, lambda spec, tenant: spec.update(resourceClaims=[{"name": "gpu"}])),
        "the autoscaler's limit above the maximum": options("autoscalerOptions", {"resources": huge}),
        "the autoscaler with a limit of zero": options(
            "autoscalerOptions", {"resources": {**huge, "limits": dict.fromkeys(huge["limits"], 0)}}
        ),
        "huge pages for the autoscaler": options(
            "autoscalerOptions", {"resources": {**small, "limits": {**small["limits"], "hugepages-2Mi": "4Mi"}}}
        ),
        "the autoscaler without limits": options("autoscalerOptions", {"resources": {}}),
        "the collector's limit above the maximum": options(
            "historyServerOptions", {"collectorOptions": {"resources": huge}}, "cpu"
        ),
    }


def _unsized(tenant: Tenant) -> dict[str, Edit]:
    """What KubeRay adds where nothing is written, if that is above the tenant's maximum."""
    asks: dict[str, tuple[Addition, dict[str, Any]]] = {
        "the autoscaler's default": (AUTOSCALER, {"enableInTreeAutoscaling": True}),
        "the collector's default": (COLLECTOR, {"historyServerOptions": {"collectorOptions": {}}}),
    }
    # A quota could be passed as well.
    alone = tenant.quota.cpu is None and tenant.quota.memory is None
    return {
        name: Edit(At.CLUSTER, partial(_update, fields))
        for name, (addition, fields) in asks.items()
        if alone and _too_large(addition, tenant)
    }


def _update(fields: dict[str, Any], value: dict[str, Any], tenant: Tenant) -> None:
    value.update(deepcopy(fields))


def edges(tenant: Tenant) -> tuple[Edits, Edits]:
    return container_edges.edges(tenant)


def passes(platform: Platform, tenant: Tenant) -> Edits:
    cpu, memory = tenant.container.cpu, tenant.container.memory

    def spelled(container: dict[str, Any], tenant: Tenant) -> None:
        container["resources"] = {
            "requests": {"cpu": milli(cpu.min), "memory": whole_bytes(memory.min)},
            "limits": {"cpu": milli(cpu.max), "memory": whole_bytes(memory.max)},
        }

    def injected(container: dict[str, Any], tenant: Tenant) -> None:
        tiny = {"cpu": "1u", "memory": "1"}
        container.update(name="wait-gcs-ready", resources={"requests": tiny, "limits": tiny})

    return {
        "minimum and maximum in another notation": Edit(At.CONTAINER, spelled),
        "a container of the operator below the minimum": Edit(At.CONTAINER, injected),
        "whole numbers without quotes": Edit(At.CONTAINER, _whole),
        "an empty list of claims": Edit(
            At.CONTAINER, lambda container, tenant: container["resources"].update(claims=[])
        ),
    }


def _whole(container: dict[str, Any], tenant: Tenant) -> None:
    """Integers, where the tenant's bounds have one; YAML's `cpu: 2` reaches an engine as a number."""
    for resource, bounds in (("cpu", tenant.container.cpu), ("memory", tenant.container.memory)):
        whole = int(parse(bounds.max))
        if whole >= parse(bounds.min):
            container["resources"]["limits"][resource] = whole
            container["resources"]["requests"][resource] = whole
