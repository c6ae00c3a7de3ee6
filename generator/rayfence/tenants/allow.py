"""Checks the allowances of a Platform or a Tenant: none opens another tenant, and each can match something."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rayfence.model.allowable import CSI, DRIVER, HOST_PATH, OTHERS, PRIORITIES, RESTRICTED
from rayfence.model.config import Platform
from rayfence.model.field_path import FieldPath
from rayfence.model.network_kinds import NETWORK_KINDS, plural
from rayfence.model.subjects import NETWORK_KINDS as GUARDED
from rayfence.model.subjects import NETWORK_POLICIES
from rayfence.tenants.conflicts import Claim
from rayfence.tenants.keys import why_no_queue
from rayfence.tenants.messages import closest, quoted
from rayfence.tenants.problems import Diagnostics

Raw = Mapping[str, Any]

_ALLOW = FieldPath.of("spec", "allow")
_ANY = "*"
_SYSTEM = "system-"
_OF_SYSTEM = "is a class of Kubernetes' own, whose pods evict all others; name a class of yours"
_NETWORK_NAME = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?")

_DRIVER_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9.]{0,61}[A-Za-z0-9])?")
_A_DRIVER = f"write {DRIVER} and the whole name of one driver, like csi/gcsfuse.csi.storage.gke.io"

_KINDS = tuple(dict.fromkeys((kind, group) for (group, _), kinds in NETWORK_KINDS.items() for kind in kinds))
_VERSION = re.compile(r"v[0-9]+((alpha|beta)[0-9]+)?")
_A_KIND = "write a kind and its API group, like HTTPRoute.gateway.networking.k8s.io"
_ALIKE = 0.8
"""How much alike two names of kinds are where one is a slip of the pen. WorkloadGroup and WorkloadEntry are not."""

_ELSEWHERE = {
    ("Ingress", "networking.k8s.io"): "is opened by exposure.ingress of the Platform; write that, or leave it out",
    (
        "NetworkPolicy",
        "networking.k8s.io",
    ): f"is covered by {NETWORK_POLICIES.name}, which has no list of exceptions; leave it out",
    ("Service", ""): "is opened by exposure.loadBalancer and exposure.nodePort of the Platform; write those",
}
"""Kinds that open the network too, and that no list speaks of."""


def check(
    spec: Raw, tenant: str | None, owners: Mapping[str, Claim], platform: Platform, diagnostics: Diagnostics
) -> None:
    """`spec` is a Tenant's, or a Platform's where `tenant` is None; `owners` has every tenant's namespaces."""
    allow = spec.get("allow", {})
    exposure = allow.get("exposure", {})
    judged: tuple[tuple[FieldPath, Iterable[str], Callable[[str], str | None]], ...] = (
        (_ALLOW / "networks", allow.get("networks", ()), lambda entry: _network(entry, tenant, owners, platform)),
        (_ALLOW / "volumes", allow.get("volumes", ()), _volume),
        (_ALLOW / "exposure" / "kinds", exposure.get("kinds", ()), _kind),
        (_ALLOW / "podAnnotations", allow.get("podAnnotations", ()), _beginning),
        (_ALLOW / "exposure" / "annotations", exposure.get("annotations", ()), _beginning),
        (_ALLOW / "priorityClasses", allow.get("priorityClasses", ()), _priority_class),
    )
    for path, entries, fault in judged:
        for index, entry in enumerate(entries):
            if wrong := fault(entry):
                diagnostics.add(path / index, f"{quoted(entry)} {wrong}")
            elif entry == _ANY and fault is _beginning:
                diagnostics.warn(
                    path / index, '"*" allows every key that the rule refuses; write the keys that are needed'
                )
    _check_queues(allow.get("queues", {}), platform, diagnostics, of_all=tenant is None)


def _network(entry: str, tenant: str | None, owners: Mapping[str, Claim], platform: Platform) -> str | None:
    """What is wrong with a network, and what to write."""
    if _ANY in entry:
        return "has a *, which matches nothing here; write the full name of each network"
    if not _NETWORK_NAME.fullmatch(entry):
        return "is not the name of a network; write its name, or its namespace, / and its name, like ray-team-a/sriov"
    namespace, slash, _ = entry.partition("/")
    owner = owners.get(namespace) if slash else None
    if owner is not None and owner.tenant != tenant:
        who = "every tenant" if tenant is None else f"{tenant}'s pods"
        return (
            f"belongs to {owner.tenant} ({owner.place}), and {who} could attach it; name a network of no other tenant"
        )
    if slash and namespace in platform.retired:
        return f"is in {namespace}, which is retired and stays closed; name a network of another namespace"
    return None


def _volume(entry: str) -> str | None:
    """What is wrong with a volume type, and what to write."""
    if entry.casefold() == HOST_PATH.casefold():
        return "is refused in every pod, and has no list of exceptions; leave it out"
    if entry in (*RESTRICTED, *OTHERS):
        return None
    if entry == CSI or entry.startswith(DRIVER):
        named = _DRIVER_NAME.fullmatch(entry.removeprefix(DRIVER)) and entry != CSI
        return None if named else f"does not name a CSI driver; {_A_DRIVER}"
    kind, slash, driver = entry.partition("/")
    meant = f"{DRIVER}{driver}" if slash and kind.casefold() == CSI else closest(entry, (*RESTRICTED, *OTHERS))
    if meant is None and not slash and "." in entry:
        meant = f"{DRIVER}{entry}"
    write = f"did you mean `{meant}`?" if meant else f"write a field of a volume in a PodSpec, like nfs, or {_A_DRIVER}"
    return f"is not a volume type; {write}"


def _kind(entry: str) -> str | None:
    """What is wrong with a kind, and what to write."""
    if tuple(entry.partition(".")[::2]) in _KINDS:
        return None
    if elsewhere := next(iter(_other_spellings(entry, _ELSEWHERE)), None):
        return _ELSEWHERE[elsewhere]
    meant = " or ".join(f"`{kind}.{group}`" for kind, group in _other_spellings(entry, _KINDS) or _slips(entry))
    write = f"did you mean {meant}?" if meant else f"{_A_KIND}, or leave it out"
    return f"is not a kind that {GUARDED.name} covers; {write}"


def _other_spellings(entry: str, kinds: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Which of some kinds an entry means if it has a plural, lower case, a version, no group, or the group first."""
    words = sorted(word for word in re.split(r"[./]", entry.casefold()) if not _VERSION.fullmatch(word))
    return [(kind, group) for kind, group in kinds if words in list(_spellings(kind, group))]


def _slips(entry: str) -> list[tuple[str, str]]:
    """The kind that an entry means if it is misspelled."""
    noun, _, of = entry.partition(".")
    kind = closest(noun, [kind for kind, _ in _KINDS], least=_ALIKE)
    group = closest(of, [group for each, group in _KINDS if each == kind])
    return [(kind, group)] if kind and group else []


def _spellings(kind: str, group: str) -> Iterator[list[str]]:
    for noun in (kind.casefold(), plural(kind)):
        yield [noun]
        yield sorted([noun, *group.split(".")])


def _beginning(entry: str) -> str | None:
    """What is wrong with a text or the beginning of texts, and what to write."""
    if _ANY in entry[:-1]:
        return "has a * before its end, which matches nothing; write a prefix and one * at the end"
    return None


def _priority_class(entry: str) -> str | None:
    """What is wrong with the name of a PriorityClass, and what to write."""
    if entry.startswith(_SYSTEM):
        return _OF_SYSTEM
    if _ANY in entry and entry != _ANY:
        return "has a * in a name, which matches nothing; write full names, or only * for every class of users"
    return None


def _check_queues(queues: Raw, platform: Platform, diagnostics: Diagnostics, *, of_all: bool) -> None:
    for key, values in queues.items():
        path = _ALLOW / "queues" / key
        if wrong := why_no_queue(key, platform):
            diagnostics.add(path, f"{quoted(key)} {wrong}; write a key that names a queue, or leave it out")
        for index, value in enumerate(values):
            wrong = _OF_SYSTEM if key in PRIORITIES and value.startswith(_SYSTEM) else _beginning(value)
            if wrong:
                diagnostics.add(path / index, f"{quoted(value)} {wrong}")
            elif not of_all and value == _ANY:
                odd = '"*" lets the tenant use every value, including those of other tenants'
                diagnostics.warn(path / index, f"{odd}; write full names, or a prefix of its own")
            elif of_all and value.endswith(_ANY):
                which = "every value with that prefix" if value != _ANY else "every value"
                odd = f"{quoted(value)} lets every tenant use {which}"
                diagnostics.warn(path / index, f"{odd}; write full names, or list them for each tenant")
