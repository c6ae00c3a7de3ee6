"""A healthy cluster as `kubectl get -o yaml` would save it, engine, policies, nodes and all."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from rayfence.backends import BACKENDS
from rayfence.manifests.quota import resource_quotas
from rayfence.manifests.static_file import engineless_objects
from rayfence.model.config import Config
from rayfence.model.subjects import SUBJECTS

from .saved_cluster import CONFIG, Value, copied, namespace, object_of, tenants_part
from .saved_cluster import as_served as policy_as_served

SCHEMAS = {path.stem: json.loads(path.read_text()) for path in Path(__file__).parent.glob("data/schemas/*.json")}

FILTERS = (
    "[*/*,kyverno,*] [Event,*,*] [*/*,kube-system,*] [*/*,kube-public,*] [*/*,kube-node-lease,*] [Node,*,*] "
    "[Node/?*,*,*] [APIService,*,*] [TokenReview,*,*] [SubjectAccessReview,*,*] [Binding,*,*] [Pod/binding,*,*] "
    "[ReplicaSet,*,*] [ReplicaSet/?*,*,*] [EphemeralReport,*,*] [ClusterRole,*,kyverno:admission-controller] "
    "[Pod,kyverno,kyverno-admission-controller-*] [Pod/?*,kyverno,kyverno-admission-controller-*]"
)
"""Kyverno's own, as its chart has them."""

EXCLUDED = {
    "matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]},
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kyverno"]},
    ]
}
"""The namespaces of Kyverno's webhooks, as its chart has them."""


def healthy(backend: str = "validatingpolicy", config: Config = CONFIG) -> list[Value]:
    """Everything that `rayfence doctor` looks at, to be changed at will."""
    found: list[Value] = json.loads(_healthy(backend)) if config is CONFIG else _made(backend, config)
    return found


@cache
def _healthy(backend: str) -> str:
    """As JSON, of which a copy takes a tenth of the time."""
    return json.dumps(_made(backend, CONFIG))


def _made(backend: str, config: Config) -> list[Value]:
    spaces = [namespace(each) for each in ("kyverno", "kuberay-operator", "kube-system", "monitoring")]
    installed = [as_served(each) for each in bundle(backend, config)]
    engine = {"gatekeeper": gatekeeper(), "validatingadmissionpolicy": []}.get(backend, kyverno())
    instead = [] if BACKENDS[backend].generates else engineless_objects(config)
    network = [*tenants_part(config), *map(policy_as_served, instead)]
    network += [quota for tenant in config.tenants for quota in resource_quotas(tenant)]
    return [*spaces, *nodes(), *kuberay(backend=backend), calico(), *rbac(), *network, *engine, *installed]


def bundle(backend: str, config: Config = CONFIG) -> list[Value]:
    return [each for manifests in BACKENDS[backend].files(config).values() for each in manifests]


def as_served(manifest: Value) -> Value:
    """A manifest as a server gives it back: with defaults, and with a status that says it is ready."""
    found = copied(manifest)
    found["metadata"] |= {"uid": "u", "resourceVersion": "7", "generation": 1, "managedFields": []}
    if schema := SCHEMAS.get(found["kind"]):
        fill_in(schema, found)
    if found["kind"] == "ConstraintTemplate":
        found["spec"]["crd"]["spec"]["validation"] = {"legacySchema": False}
    if found["kind"].startswith("ValidatingAdmissionPolicy") and "matchConstraints" in found["spec"]:
        found["spec"]["matchConstraints"] |= {
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": {},
        }
        for rule in found["spec"]["matchConstraints"]["resourceRules"]:
            rule["scope"] = "*"
    return found | {"status": status(found["kind"])}


def status(kind: str) -> Value:
    match kind:
        case "ClusterPolicy":
            return {"conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "Ready"}]}
        case "ValidatingPolicy" | "MutatingPolicy" | "GeneratingPolicy":
            return {"conditionStatus": {"ready": True, "conditions": [{"type": "WebhookConfigured", "status": "True"}]}}
        case "ValidatingAdmissionPolicy":
            return {"observedGeneration": 1, "typeChecking": {}}
        case "ConstraintTemplate":
            return {"created": True, "byPod": [{"id": "gatekeeper-controller-manager-1"}]}
        case _:
            return {}


def fill_in(schema: Value, value: Any) -> None:
    """The defaults of a CRD, as the API server fills them in."""
    if isinstance(value, list):
        for each in value:
            fill_in(schema.get("items") or {}, each)
    if not isinstance(value, dict):
        return
    for key, below in (schema.get("properties") or {}).items():
        if key not in value and below.get("default") not in (None, ""):
            value[key] = copied(below["default"])
        if key in value:
            fill_in(below, value[key])


def deployment(name: str, namespace: str, image: str, *, labels: Value | None = None, **template: Any) -> Value:
    """A Deployment that runs one container."""
    arguments, account = template.pop("args", []), template.pop("account", name)
    container = {"name": "main", "image": image, "args": arguments, **template.pop("container", {})}
    pod = {"metadata": {"labels": template.pop("pod_labels", {})}, "spec": {"containers": [container]}}
    pod["spec"]["serviceAccountName"] = account
    available = {"type": "Available", "status": "True"}
    return object_of(
        "apps/v1",
        "Deployment",
        name,
        namespace,
        metadata={"labels": labels or {}},
        spec={"replicas": 1, "template": pod},
        status={"conditions": [available]},
    )


def kyverno(version: str = "v1.19.1") -> list[Value]:
    """Kyverno, its settings, webhooks and collected roles."""
    names = ("admission", "background", "cleanup", "reports")
    roles = [collected(name) for name in names]
    settings = {
        "resourceFilters": FILTERS,
        "excludeGroups": "system:nodes",
        "webhooks": json.dumps({"namespaceSelector": EXCLUDED}),
    }
    config_map = object_of("v1", "ConfigMap", "kyverno", "kyverno", data=settings)
    return [*(controller(name, version) for name in names), config_map, webhooks(), *roles]


def controller(name: str, version: str) -> Value:
    labels = {
        "app.kubernetes.io/part-of": "kyverno",
        "app.kubernetes.io/component": f"{name}-controller",
        "app.kubernetes.io/version": "3.9.1",
    }
    flags = ["--enablePolicyException=false", "--forceFailurePolicyIgnore=false"]
    environment = [{"name": "INIT_CONFIG", "value": "kyverno"}]
    image = f"reg.kyverno.io/kyverno/{name}:{version}"
    full = f"kyverno-{name}-controller"
    return deployment(full, "kyverno", image, labels=labels, args=flags, container={"env": environment})


def collected(name: str) -> Value:
    """A role of Kyverno's as kube-controller-manager fills it in from those with its label."""
    label = f"rbac.kyverno.io/aggregate-to-{name}-controller"
    ours = [role for role in bundle("validatingpolicy") if label in role["metadata"]["labels"]]
    return object_of(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        f"kyverno:{name}-controller",
        aggregationRule={"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]},
        rules=[rule for role in ours for rule in role["rules"]],
    )


def webhooks(name: str = "kyverno-resource-validating-webhook-cfg", selector: Value | None = None) -> Value:
    """What the API server asks an engine about: a webhook for each subject."""
    hooks = []
    for subject in SUBJECTS:
        rules = [
            {
                "apiGroups": [resource.group],
                "apiVersions": ["*"],
                "operations": list(subject.operations),
                "resources": [resource.plural, *(f"{resource.plural}/{each}" for each in resource.subresources)],
                "scope": "*",
            }
            for resource in subject.resources
        ]
        hook = {"name": f"{subject.name}.svc-fail", "failurePolicy": "Fail", "rules": rules}
        hooks.append(
            hook | {"namespaceSelector": EXCLUDED if selector is None else selector, "matchPolicy": "Equivalent"}
        )
    return object_of("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", name, webhooks=hooks)


def gatekeeper() -> list[Value]:
    return [webhooks("gatekeeper-validating-webhook-configuration", {})]


def kuberay(version: str = "v1.7.0", backend: str = "") -> list[Value]:
    """The operator, and the definitions it brings."""
    labels = {"app.kubernetes.io/component": "kuberay-operator", "app.kubernetes.io/name": "kuberay-operator"}
    flags = ["--feature-gates=RayClusterStatusConditions=true,RayClusterNetworkPolicy=false"]
    image = f"quay.io/kuberay/operator:{version}"
    operator = deployment("kuberay-operator", "kuberay-operator", image, pod_labels=labels, args=flags)
    versions = {"rayclusters": 2, "rayjobs": 2, "rayservices": 2, "raycronjobs": 1}
    # Kyverno takes no ClusterPolicy that names a version which is not served.
    older = backend == "clusterpolicy"
    return [operator, *(definition(plural, count, older=older) for plural, count in versions.items())]


def definition(plural: str, versions: int, *, older: bool = True) -> Value:
    names = ("v1", "v1alpha1")[:versions]
    spec = {
        "group": "ray.io",
        "versions": [{"name": each, "served": older or each == "v1", "storage": each == "v1"} for each in names],
    }
    return object_of("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.ray.io", spec=spec)


def rule(group: str, resources: str, verbs: str) -> Value:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def role(name: str, *rules: Value, namespace: str = "") -> Value:
    kind = "Role" if namespace else "ClusterRole"
    return object_of("rbac.authorization.k8s.io/v1", kind, name, namespace, rules=list(rules))


def binding(role: str, kind: str, subject: str, namespace: str = "", of: str = "ClusterRole") -> Value:
    """A role for `Group devs`, `User jane` or `ServiceAccount ci/robot`; everywhere where no namespace is given."""
    space, _, name = subject.rpartition("/")
    api = "rbac.authorization.k8s.io"
    whom = {"kind": kind, "name": name, **({"namespace": space} if space else {"apiGroup": api})}
    ref = {"apiGroup": api, "kind": of, "name": role}
    what = "RoleBinding" if namespace else "ClusterRoleBinding"
    return object_of(f"{api}/v1", what, f"{role}-to-{name}", namespace, roleRef=ref, subjects=[whom])


def rbac() -> list[Value]:
    """Kubernetes' own roles, as far as they matter here, the operator's, and a tenant that may edit Ray objects."""
    every = "create delete get list patch update watch"
    ray = [rule("ray.io", "rayclusters rayjobs rayservices", every), rule("ray.io", "rayclusters/status", "get")]
    return [
        role("cluster-admin", rule("*", "*", "*")),
        role("edit", rule("", "pods services", every), *ray, rule("", "endpoints", "get list watch")),
        role("system:controller:generic-garbage-collector", rule("*", "*", "delete get list patch update watch")),
        role("kuberay-operator", rule("ray.io", "rayclusters/status rayjobs/status", "get patch update")),
        binding("cluster-admin", "Group", "system:masters"),
        binding("cluster-admin", "User", "ops@example.com"),
        binding(
            "system:controller:generic-garbage-collector", "ServiceAccount", "kube-system/generic-garbage-collector"
        ),
        binding("kuberay-operator", "ServiceAccount", "kuberay-operator/kuberay-operator"),
        binding("edit", "Group", "team-a", "ray-a"),
    ]


def calico() -> Value:
    template = {"spec": {"containers": [{"name": "calico-node", "image": "docker.io/calico/node:v3.31.0"}]}}
    return object_of("apps/v1", "DaemonSet", "calico-node", "kube-system", spec={"template": template})


def nodes() -> list[Value]:
    """One for each tenant, one for nobody, and the control plane's."""
    ours = [node(f"node-{tenant}", tenant) for tenant in ("team-a", "team-b")]
    return [*ours, node("node-free"), node("control-plane")]


def node(name: str, tenant: str = "") -> Value:
    labels = {"kubernetes.io/hostname": name} | ({"tenant": tenant} if tenant else {})
    taints = [{"key": "tenant", "value": tenant, "effect": "NoSchedule"}] if tenant else []
    return object_of("v1", "Node", name, metadata={"labels": labels}, spec={"taints": taints})
