"""Checks KubeRay: whether it matches the config, and whether it serves the kinds that the policies name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.cluster.objects import list_at, map_at, name_of, text_at
from rayfence.doctor.case import DEFINITIONS, Case, Deployment, shown
from rayfence.doctor.finding import Finding, Note
from rayfence.model.subjects import RAY, Resource

MINIMUM = (1, 7, 0)
CURRENT = "v1"
GATE = "RayClusterNetworkPolicy"
_NAMED = 5
_HELM = f"upgrade KubeRay, its CRDs too, to {shown(MINIMUM)} or newer"


def findings(case: Case) -> Iterator[Finding | Note]:
    """The operator and its definitions."""
    operators = [each for each in case.deployments if _is_operator(each)]
    if not operators:
        peer = case.config.platform.operator.peer
        what = "no Deployment runs KubeRay's operator: Ray objects are checked, but no pods are created for them"
        yield Finding("kuberay-missing", peer.namespace, what, "install KubeRay")
    for operator in operators:
        yield from _elsewhere(operator, case)
        yield from _version(operator)
    yield from definitions(case, older=_every_version(case))
    yield from _older_versions(case)
    yield from _gate(case, operators)
    yield from _without_tokens(case)


def _is_operator(each: Deployment) -> bool:
    images = any(image.partition("@")[0].rpartition(":")[0].endswith("kuberay/operator") for image in each.images)
    return images or each.name == "kuberay-operator"


def _elsewhere(operator: Deployment, case: Case) -> Iterator[Finding]:
    """What the network layer and `require-tenant-label` know the operator by."""
    known = case.config.platform.operator
    differ: Mapping[str, tuple[str, str]] = {
        "namespace": (operator.namespace, known.peer.namespace),
        "serviceAccount": (operator.service_account, known.service_account),
    }
    wrong = [f"{key} {its} and not {ours}" for key, (its, ours) in differ.items() if its != ours]
    labels = known.peer.pod_labels
    wrong += [f"no pod label {key}={labels[key]}" for key in labels if operator.pod_labels.get(key) != labels[key]]
    if wrong:
        what = f"has {', '.join(wrong)}, so it reaches no head, and RayJobs and RayServices wait forever"
        yield Finding(
            "kuberay-elsewhere", operator.where, what, "set spec.operator of the Platform in tenants/ to match"
        )


def _version(operator: Deployment) -> Iterator[Finding | Note]:
    version = operator.version
    if version is None:
        yield Note(f"{operator.where}: {', '.join(operator.images) or 'no image'} does not say which version it is")
    elif version < MINIMUM:
        what = (
            f"KubeRay {shown(version)} is older than {shown(MINIMUM)}, whose fields and kinds the rules are written for"
        )
        yield Finding("kuberay-version", operator.where, what, _HELM)


def definitions(case: Case, *, older: bool = True) -> Iterator[Finding]:
    """Kinds that the cluster does not serve; `older`: also in older versions, which some policies name."""
    for resource in RAY.resources:
        if resource.version not in _served(case, resource) and (older or resource.version == CURRENT):
            what = f"{resource.kind} is not served in {resource.version}, but the policies name it"
            yield Finding("kuberay-crds", f"CustomResourceDefinition/{resource.plural}.{resource.group}", what, _HELM)


def _every_version(case: Case) -> bool:
    return any(each.every_version for each in case.needs)


def _older_versions(case: Case) -> Iterator[Note]:
    """A write through an older version removes the fields that this version does not have."""
    older = [each for each in RAY.resources if each.version != CURRENT and each.version in _served(case, each)]
    if older and not _every_version(case):
        names = ", ".join(f"{each.plural}.{each.group}" for each in older)
        yield Note(
            f"{names} are still served in {older[0].version}: a write through it removes the fields that only "
            f"{CURRENT} has, such as numOfHosts and networkPolicy; set served: false for it in spec.versions of these "
            "CustomResourceDefinitions, once nothing uses it"
        )


def _served(case: Case, resource: Resource) -> set[str]:
    found = case.objects.one(DEFINITIONS, "", f"{resource.plural}.{resource.group}")
    versions = list_at(found.value, "spec", "versions") if found else []
    return {text_at(each, "name") for each in versions if each.get("served") is not False}


def _gate(case: Case, operators: list[Deployment]) -> Iterator[Finding]:
    """With the gate off, KubeRay creates nothing for a RayCluster with `spec.networkPolicy`."""
    if not operators or any(_gates(each).get(GATE) == "true" for each in operators):
        return
    for part in case.objects.of(RAY.resources[0]):
        if map_at(part.value, "spec", "networkPolicy"):
            what = f"has spec.networkPolicy, and the operator's feature gate {GATE} is off, so it gets no pods"
            fix = f"start the operator with --feature-gates={GATE}=true, or take the field out"
            yield Finding("kuberay-gate", f"{part.namespace}/RayCluster/{name_of(part.value)}", what, fix)


def _without_tokens(case: Case) -> Iterator[Note]:
    """Where the operator could be made to ask one tenant's head for what it was sent to ask another's."""
    owners = case.config.by_namespace()
    running: set[str] = set()
    open_heads: set[str] = set()
    for part in case.objects.of(RAY.resources[0]):
        if owner := owners.get(part.namespace):
            running.add(owner.name)
            open_heads |= {owner.name} if text_at(part.value, "spec", "authOptions", "mode") != "token" else set()
    if len(running) > 1 and open_heads:
        named = ", ".join(sorted(open_heads)[:_NAMED]) + (" and others" if len(open_heads) > _NAMED else "")
        yield Note(
            f"RayClusters of {named} run without authOptions.mode: token, and other tenants have RayClusters too: "
            "KubeRay's operator follows redirects, so a head of one tenant can send it on to another's, job and all; "
            "set spec.authOptions.mode: token (Ray 2.52 or newer)"
        )


def _gates(operator: Deployment) -> dict[str, str]:
    pairs: Any = (each.partition("=") for each in operator.flag("feature-gates").split(","))
    return {name.strip(): value.strip() for name, _, value in pairs}
