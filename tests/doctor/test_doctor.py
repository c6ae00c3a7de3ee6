"""What an examination finds: nothing in a healthy cluster, and each thing that is planted in one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from rayfence import admission
from rayfence.admission import Policy
from rayfence.backends import BACKENDS
from rayfence.backends.clusterpolicy.webhooks import conditions, without_conditions
from rayfence.doctor import examine
from rayfence.manifests.retired import retired_objects
from rayfence.model.config import Administrators, Config, Network, Operator, Peer, Platform, Provider, Quota
from rayfence.model.purposes import VERSION
from rayfence.model.subjects import RAY
from rayfence.network.tables import FILLING

from ..healthy_cluster import (
    as_served,
    binding,
    bundle,
    definition,
    deployment,
    healthy,
    kuberay,
    node,
    role,
    rule,
    webhooks,
)
from ..saved_cluster import CONFIG, TEAM_A, TEAM_B, Value, named, namespace, object_of, ray_cluster, read_back, saved

Plant = Callable[[list[Value]], object]


def found_in(objects: list[Value], config: Config = CONFIG) -> list[str]:
    return [finding.id for finding in examine(config, saved(*objects)).findings]


def gone(kind: str, *names: str) -> Plant:
    """These objects are not there."""

    def plant(objects: list[Value]) -> None:
        before = len(objects)
        objects[:] = [each for each in objects if each["kind"] != kind or each["metadata"]["name"] not in names]
        assert before - len(objects) >= len(names)

    return plant


def changed(kind: str, name: str, change: Callable[[Value], object], namespace: str = "") -> Plant:
    return lambda objects: change(named(objects, kind, name, namespace))


def added(*values: Value) -> Plant:
    return lambda objects: objects.extend(values)


def image(version: str) -> Callable[[Value], object]:
    def change(value: Value) -> None:
        container = value["spec"]["template"]["spec"]["containers"][0]
        container["image"] = container["image"].partition(":")[0] + f":{version}"

    return change


def flag(text: str) -> Callable[[Value], object]:
    return lambda value: value["spec"]["template"]["spec"]["containers"][0]["args"].append(text)


def setting(key: str, text: str) -> Plant:
    return changed("ConfigMap", "kyverno", lambda value: value["data"].update({key: value["data"].get(key, "") + text}))


def ignoring(value: Value) -> None:
    for hook in value["webhooks"]:
        hook["failurePolicy"] = "Ignore"


def exception(api_version: str, **spec: object) -> Value:
    return object_of(api_version, "PolicyException", "let-me", "ray-a", spec=spec)


def in_audit(value: Value) -> None:
    value["spec"]["validationActions"] = ["Audit"]


def weakened(value: Value) -> None:
    value["spec"]["validations"][0]["expression"] = "true"


def unready(value: Value) -> None:
    condition = {"type": "PolicyCached", "status": "False", "message": "lacks a right"}
    value["status"] = {"conditionStatus": {"ready": False, "conditions": [condition]}}


def renamed(plural: str) -> Callable[[Value], object]:
    return lambda value: [rule["resources"].remove(plural) for rule in value["rules"] if plural in rule["resources"]]


def serving_older(objects: list[Value]) -> list[Value]:
    """The same with ray.io/v1alpha1 served, as KubeRay installs it and as Kyverno's ClusterPolicies need it."""
    for each in objects:
        if each["kind"] == "CustomResourceDefinition":
            for version in each["spec"]["versions"]:
                version["served"] = True
    return objects


ADMISSION = "kyverno-admission-controller"
WEBHOOKS = "kyverno-resource-validating-webhook-cfg"
JUDGE = "enforce-tenant-isolation"
BACKGROUND_ROLE = "rayfence:kyverno-background-controller"

# What is planted -> the only finding there may be.
PLANTED: dict[str, tuple[str, Plant]] = {
    "a version of Kyverno known to be bad": ("kyverno-version", changed("Deployment", ADMISSION, image("v1.19.0"))),
    "an old Kyverno": ("kyverno-version", changed("Deployment", "kyverno-background-controller", image("v1.16.3"))),
    "Kyverno without the controller that generates": (
        "kyverno-missing",
        gone("Deployment", "kyverno-background-controller"),
    ),
    "a controller that does not run": (
        "kyverno-down",
        changed("Deployment", ADMISSION, lambda v: v["status"]["conditions"][0].update(status="False")),
    ),
    "a controller scaled to nothing": (
        "kyverno-down",
        changed("Deployment", "kyverno-background-controller", lambda v: v["spec"].update(replicas=0)),
    ),
    "webhooks that were forced open": (
        "fails-open",
        changed("Deployment", ADMISSION, flag("--forceFailurePolicyIgnore=true")),
    ),
    "no webhooks": ("webhook-missing", gone("ValidatingWebhookConfiguration", WEBHOOKS)),
    "an exception from a policy": (
        "policy-exception",
        added(exception("policies.kyverno.io/v1", policyRefs=[{"name": JUDGE, "kind": "ValidatingPolicy"}])),
    ),
    "an exception from every policy, of the older kind": (
        "policy-exception",
        added(exception("kyverno.io/v2", exceptions=[{"policyName": "*", "ruleNames": ["*"]}])),
    ),
    "exceptions that tenants may write": (
        "policy-exception",
        changed(
            "Deployment",
            ADMISSION,
            lambda v: (flag("--enablePolicyException=true")(v), flag("--exceptionNamespace=*")(v)),
        ),
    ),
    "a filter on a tenant's namespace": ("namespace-hidden", setting("resourceFilters", " [*/*,ray-a,*]")),
    "a filter on pods everywhere": ("namespace-hidden", setting("resourceFilters", " [Pod,*,*]")),
    "a filter on a subresource": ("namespace-hidden", setting("resourceFilters", " [Pod/?*,ray-*,*]")),
    "a filter on names that a tenant may choose": ("namespace-hidden", setting("resourceFilters", "[RayJob,*,ci-*]")),
    "an excluded group": ("user-excluded", setting("excludeGroups", ",system:serviceaccounts")),
    "an excluded user": ("user-excluded", setting("excludeUsernames", "jane")),
    "webhooks told to leave a namespace out": (
        "namespace-hidden",
        changed(
            "ConfigMap",
            "kyverno",
            lambda v: v["data"].update(
                webhooks=json.dumps(
                    {
                        "namespaceSelector": {
                            "matchLabels": None,
                            "matchExpressions": [
                                {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["ray-b"]}
                            ],
                        }
                    }
                )
            ),
        ),
    ),
    "a role that is gone": ("rbac-missing", gone("ClusterRole", BACKGROUND_ROLE)),
    "a role that grants less": ("rbac-missing", changed("ClusterRole", BACKGROUND_ROLE, renamed("networkpolicies"))),
    "a role that nobody collects": (
        "rbac-missing",
        changed("ClusterRole", BACKGROUND_ROLE, lambda v: v["metadata"].update(labels={})),
    ),
    "a role that was not collected": (
        "rbac-missing",
        changed("ClusterRole", "kyverno:background-controller", lambda v: v.update(rules=[])),
    ),
    "a policy that is gone": ("policy-missing", gone("ValidatingPolicy", "guard-pods")),
    "the generating policy gone": ("policy-missing", gone("GeneratingPolicy", "generate-network-policies")),
    "a policy changed by hand": ("policy-changed", changed("ValidatingPolicy", "guard-pods", weakened)),
    "a policy that fails open": (
        "policy-changed",
        changed("ValidatingPolicy", JUDGE, lambda v: v["spec"].update(failurePolicy="Ignore")),
    ),
    "a condition added to a policy": (
        "policy-changed",
        changed(
            "ValidatingPolicy",
            JUDGE,
            lambda v: v["spec"].update(matchConditions=[{"name": "not-me", "expression": "false"}]),
        ),
    ),
    "a policy in Audit where Enforce is meant": ("policy-action", changed("ValidatingPolicy", JUDGE, in_audit)),
    "a policy that is not ready": ("policy-not-ready", changed("ValidatingPolicy", JUDGE, unready)),
    "a policy of an older bundle": (
        "policy-stray",
        added(
            object_of(
                "policies.kyverno.io/v1",
                "ValidatingPolicy",
                "enforce-tenant-isolation-2",
                metadata={"labels": {"app.kubernetes.io/managed-by": "rayfence"}},
            )
        ),
    ),
    "a node without its taint": (
        "node-open",
        added(node("node-7", "team-a") | {"spec": {"taints": []}}),
    ),
    "a node whose taint only advises": (
        "node-open",
        added(
            node("node-7", "team-a")
            | {"spec": {"taints": [{"key": "tenant", "value": "team-a", "effect": "PreferNoSchedule"}]}}
        ),
    ),
    "a node tainted for one and labelled for another": (
        "node-mismatch",
        added(
            node("node-7", "team-a")
            | {"spec": {"taints": [{"key": "tenant", "value": "team-b", "effect": "NoSchedule"}]}}
        ),
    ),
    "a tenant without nodes": ("tenant-without-nodes", gone("Node", "node-team-b")),
    "a namespace that is not there": ("namespace-missing", gone("Namespace", "ray-a2")),
    "a namespace that is open": (
        "network-layer-missing",
        lambda objects: objects.remove(named(objects, "NetworkPolicy", "rayfence-default-deny", "ray-b")),
    ),
    "a namespace that was opened": (
        "network-layer-changed",
        changed("NetworkPolicy", "rayfence-default-deny", lambda v: v["spec"].update(ingress=[{}]), namespace="ray-b"),
    ),
    "a plugin that enforces nothing": (
        "network-not-enforced",
        changed(
            "DaemonSet",
            "calico-node",
            lambda v: (
                v["metadata"].update(name="kube-flannel-ds"),
                v["spec"]["template"]["spec"]["containers"][0].update(name="kube-flannel"),
            ),
        ),
    ),
    "an old KubeRay": ("kuberay-version", changed("Deployment", "kuberay-operator", image("v1.4.2"))),
    "no KubeRay": ("kuberay-missing", gone("Deployment", "kuberay-operator")),
    "KubeRay somewhere else": (
        "kuberay-elsewhere",
        changed("Deployment", "kuberay-operator", lambda v: v["metadata"].update(namespace="ray-system")),
    ),
    "KubeRay as somebody else": (
        "kuberay-elsewhere",
        changed("Deployment", "kuberay-operator", lambda v: v["spec"]["template"]["spec"].pop("serviceAccountName")),
    ),
    "a kind that is not served": ("kuberay-crds", gone("CustomResourceDefinition", "raycronjobs.ray.io")),
    "ClusterPolicies on a Kyverno that enforces none": (
        "clusterpolicy-not-enforced",
        lambda objects: (
            objects.__setitem__(slice(None), healthy("clusterpolicy")),
            changed("Deployment", ADMISSION, image("v1.20.0"))(objects),
        ),
    ),
    "a role that writes every status": (
        "status-writable",
        added(role("ray-all", rule("ray.io", "*", "*")), binding("ray-all", "Group", "team-a", "ray-a")),
    ),
    "a role that writes one status by its name": (
        "status-writable",
        added(role("jobs", rule("ray.io", "rayjobs/status", "patch")), binding("jobs", "User", "jane")),
    ),
    "a role that writes the status of whatever there is": (
        "status-writable",
        added(role("s", rule("*", "*/status", "update")), binding("s", "ServiceAccount", "ci/robot", "ray-b")),
    ),
    "a namespace's own role": (
        "status-writable",
        added(
            role("mine", rule("ray.io", "*", "*"), namespace="ray-a"),
            binding("mine", "ServiceAccount", "default", "ray-a", of="Role"),
        ),
    ),
    "everything in a tenant's namespace": (
        "status-writable",
        added(binding("cluster-admin", "Group", "devs", "ray-b")),
    ),
    "a status that whoever is logged in may write": (
        "status-writable",
        added(role("ray-all", rule("ray.io", "*", "*")), binding("ray-all", "Group", "system:authenticated")),
    ),
    "everything for whoever is logged in": (
        "status-writable",
        added(binding("cluster-admin", "Group", "system:authenticated")),
    ),
    "everything for a tenant's account": (
        "status-writable",
        added(binding("cluster-admin", "ServiceAccount", "ray-b/default")),
    ),
    "everything for a tenant's account, as a user": (
        "status-writable",
        added(binding("cluster-admin", "User", "system:serviceaccount:ray-b:default")),
    ),
    "everything for all accounts of a tenant": (
        "status-writable",
        added(binding("cluster-admin", "Group", "system:serviceaccounts:ray-b")),
    ),
    "a status that nobody in particular may write": (
        "status-writable",
        added(role("ray-all", rule("ray.io", "*", "*")), binding("ray-all", "User", "system:anonymous")),
    ),
    "editors who may write Endpoints": (
        "endpoints-writable",
        changed("ClusterRole", "edit", lambda v: v["rules"].append(rule("", "endpoints", "create"))),
    ),
    "editors who may write EndpointSlices": (
        "endpoints-writable",
        changed("ClusterRole", "edit", lambda v: v["rules"].append(rule("discovery.k8s.io", "endpointslices", "*"))),
    ),
    "a cluster that needs a gate which is shut": (
        "kuberay-gate",
        changed("RayCluster", "one", lambda v: v["spec"].update(networkPolicy={"mode": "DenyAll"})),
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_healthy_cluster_gives_nothing(backend):
    found = examine(CONFIG, read_back(*healthy(backend)))

    assert ((), (), (backend,)) == (found.findings, found.notes, found.backends)


@pytest.mark.parametrize("version", ["0.0.1", None])
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_another_version_wrote_is_no_change_if_it_says_the_same(backend, version):
    objects = healthy(backend)
    marked = [each for each in objects if VERSION in each["metadata"].get("annotations", {})]
    for each in marked:
        each["metadata"]["annotations"] |= {VERSION: version}
        if version is None:
            del each["metadata"]["annotations"][VERSION]

    assert marked
    assert () == examine(CONFIG, saved(*objects)).findings


@pytest.mark.parametrize(
    ("backend", "kind", "at"),
    [
        ("clusterpolicy", "ClusterPolicy", "rules[0].preconditions.all[0].key"),
        ("validatingpolicy", "ValidatingPolicy", "matchConditions[0].expression"),
        ("validatingadmissionpolicy", "ValidatingAdmissionPolicy", "matchConditions[0].expression"),
    ],
)
def test_a_policy_that_is_asked_about_other_namespaces_than_it_must_be_is_found(backend, kind, at):
    config = replace(CONFIG, tenants=tuple(replace(TEAM_A, name=f"t{n}", namespaces=(f"r{n:03}",)) for n in range(501)))
    objects = [as_served(each) for each in bundle(backend, config)]
    unchanged = json.dumps(named(objects, kind, f"{JUDGE}-2")["spec"])
    moved = named(objects, kind, f"{JUDGE}-2")
    moved["spec"] = json.loads(unchanged.replace("'r500'", "'r501'"))
    found = [finding for finding in examine(config, saved(*objects)).findings if finding.id == "policy-changed"]

    assert [(f"{kind}/{JUDGE}-2", f"spec.{at}")] == [(each.where, each.message.partition(":")[0]) for each in found]


def narrowed(policy: Policy) -> Value:
    """The webhook that Kyverno has for a ValidatingPolicy with conditions."""
    (hook,) = (each for each in webhooks()["webhooks"] if each["name"].startswith(policy.subject.name))
    conditions = [
        {"name": f"autogen-{each['name']}", "expression": f"!(object.kind == 'Pod') || ({each['expression']})"}
        for each in policy.conditions
    ]
    return hook | {"name": f"fail-finegrained-{policy.name}", "matchConditions": conditions}


def test_a_cluster_policy_without_the_conditions_of_its_webhook_is_found():
    objects = [as_served(without_conditions(each)) for each in bundle("clusterpolicy")]
    found = [each for each in examine(CONFIG, saved(*objects)).findings if each.id == "policy-changed"]

    assert {"spec.webhookConfiguration.matchConditions"} == {
        each.message.partition(": is missing")[0] for each in found
    }
    assert {each["metadata"]["name"] for each in bundle("clusterpolicy") if conditions(each)} == {
        each.where.partition("/")[2] for each in found
    }


def as_kyverno_has_them(change: Callable[[Policy, Value], Value]) -> list[Value]:
    """A healthy cluster, in which each guard has a webhook of its own and Ray objects have one with no conditions."""
    (ray,) = (each for each in webhooks()["webhooks"] if each["name"].startswith(RAY.name))
    guards = [each for each in admission.policies(CONFIG) if not each.subject.everywhere]
    there = webhooks() | {"webhooks": [ray, *(change(each, narrowed(each)) for each in guards)]}
    return [there, *(each for each in healthy() if each["kind"] != there["kind"])]


def test_webhooks_for_tenants_namespaces_alone_hide_no_namespace():
    found = examine(CONFIG, saved(*as_kyverno_has_them(lambda policy, hook: hook)))

    assert ((), ()) == (found.findings, found.notes)


def test_a_webhook_that_forgets_a_tenants_namespace_is_found():
    def forgetful(policy: Policy, hook: Value) -> Value:
        text = json.dumps(hook["matchConditions"]).replace(f"'{policy.shard.namespaces[0]}'", "'x'")
        return hook | ({"matchConditions": json.loads(text)} if policy.name == "guard-pods" else {})

    (finding,) = examine(CONFIG, saved(*as_kyverno_has_them(forgetful))).findings

    assert "the webhook does not cover the namespaces of guard-pods" == finding.message


def test_a_webhook_of_one_guard_that_fails_open_is_found_beside_others_of_its_kinds():
    def open_beside(policy: Policy, hook: Value) -> Value:
        return hook | ({"failurePolicy": "Ignore"} if policy.name == "guard-pods" else {})

    objects = as_kyverno_has_them(open_beside)
    pods = next(each for each in objects[0]["webhooks"] if "guard-pods" in each["name"])
    others = [{"name": "somebody-elses-in-charge", "expression": "request.namespace == 'x'"}]
    objects[0]["webhooks"].append(pods | {"name": "other", "failurePolicy": "Fail", "matchConditions": others})
    (finding,) = examine(CONFIG, saved(*objects)).findings

    assert (
        "fails-open",
        "guard-pods: failurePolicy is Ignore, so everything is admitted while the engine does not answer",
    ) == (
        finding.id,
        finding.message,
    )


@pytest.mark.parametrize("lost", [None, JUDGE, "guard-pods-2"])
def test_a_webhook_that_is_lost_is_found_by_the_policy_in_charge(lost):
    config = replace(CONFIG, tenants=tuple(replace(TEAM_A, name=f"t{n}", namespaces=(f"r{n:03}",)) for n in range(501)))
    there = webhooks() | {"webhooks": [narrowed(each) for each in admission.policies(config) if each.name != lost]}
    objects = [there, *(as_served(each) for each in bundle("validatingpolicy", config))]
    found = [finding for finding in examine(config, saved(*objects)).findings if finding.id == "webhook-missing"]

    assert [f"the webhook does not cover the namespaces of {lost}"] * bool(lost) == [each.message for each in found]


@pytest.mark.parametrize("plant", PLANTED)
def test_what_is_planted_is_found_and_nothing_else(plant):
    id, do = PLANTED[plant]
    objects = healthy()
    do(objects)

    assert {id} == set(found_in(objects))


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTED)
def test_every_finding_says_where_and_what_mends_it(plant):
    objects = healthy()
    PLANTED[plant][1](objects)

    for finding in examine(CONFIG, saved(*objects)).findings:
        assert [] == [each for each in (finding.where, finding.message, finding.fix) if not each]


def test_webhooks_that_fail_open_are_told_of_each_kind():
    objects = healthy()
    ignoring(named(objects, "ValidatingWebhookConfiguration", WEBHOOKS))
    kinds = 4 + 3 + 1 + 2  # Ray objects; pods and their two subresources; NetworkPolicies; Services and Ingresses

    # With every webhook open no namespace is seen by one that fails closed: that is told by the kinds.
    assert ["fails-open"] * kinds == found_in(objects)


def test_a_subresource_that_is_not_asked_about_is_found():
    objects = healthy()
    for hook in named(objects, "ValidatingWebhookConfiguration", WEBHOOKS)["webhooks"]:
        for asked in hook["rules"]:
            asked["resources"] = [each for each in asked["resources"] if each != "pods/resize"]
    (finding,) = examine(CONFIG, saved(*objects)).findings

    assert ("webhook-missing", "the webhook does not cover pods/resize at CREATE, UPDATE") == (
        finding.id,
        finding.message,
    )


def test_an_operation_that_is_not_asked_about_is_found():
    objects = healthy("gatekeeper")
    for hook in named(objects, "ValidatingWebhookConfiguration", "gatekeeper-validating-webhook-configuration")[
        "webhooks"
    ]:
        for asked in hook["rules"]:
            asked["operations"] = ["CREATE", "UPDATE"]
    (finding,) = examine(CONFIG, saved(*objects)).findings

    assert "the webhook does not cover networkpolicies.networking.k8s.io at DELETE" == finding.message
    assert "enableDeleteOperations" in finding.fix


def test_gatekeeper_with_its_defaults_fails_open():
    objects = healthy("gatekeeper")
    ignoring(named(objects, "ValidatingWebhookConfiguration", "gatekeeper-validating-webhook-configuration"))

    assert {"fails-open"} == set(found_in(objects))


def test_a_namespace_that_gatekeeper_ignores_is_found():
    objects = healthy("gatekeeper")
    unlabelled = {"matchExpressions": [{"key": "admission.gatekeeper.sh/ignore", "operator": "DoesNotExist"}]}
    for hook in named(objects, "ValidatingWebhookConfiguration", "gatekeeper-validating-webhook-configuration")[
        "webhooks"
    ]:
        hook["namespaceSelector"] = unlabelled
    named(objects, "Namespace", "ray-b")["metadata"]["labels"]["admission.gatekeeper.sh/ignore"] = "yes"

    assert ["namespace-hidden"] == found_in(objects)


def test_a_cluster_without_policies_is_found():
    objects = [each for each in healthy() if each["kind"] not in ("ValidatingPolicy", "GeneratingPolicy")]

    assert ["policy-missing"] == found_in(objects)


def test_two_policies_that_generate_are_found():
    older = [as_served(each) for each in bundle("clusterpolicy") if each["kind"] == "ClusterPolicy"]

    assert ["policy-twice"] == found_in(serving_older([*healthy(), *older]))


def test_two_kinds_of_judges_side_by_side_are_healthy():
    older = [as_served(each) for each in bundle("clusterpolicy") if each["kind"] == "ClusterPolicy"]
    judges = [each for each in older if each["metadata"]["name"] != "generate-network-policies"]
    found = examine(CONFIG, saved(*serving_older([*healthy(), *judges])))

    # The older kind's generating policy is gone, which is how the move ends.
    assert ["ClusterPolicy/generate-network-policies"] == [each.where for each in found.findings]


@pytest.mark.parametrize("kind", ["ClusterPolicy", "ValidatingAdmissionPolicy", "ConstraintTemplate"])
def test_a_policy_of_any_kind_that_was_changed_is_found(kind):
    backend = {"ClusterPolicy": "clusterpolicy", "ConstraintTemplate": "gatekeeper"}.get(
        kind, "validatingadmissionpolicy"
    )
    objects = healthy(backend)
    policy = next(each for each in objects if each["kind"] == kind)
    policy["spec"] = json.loads(json.dumps(policy["spec"]).replace("'team-a'", "'team-b'", 1))

    assert ["policy-changed"] == found_in(objects)


@pytest.mark.parametrize(
    ("backend", "kind", "path"),
    [
        ("clusterpolicy", "ClusterPolicy", ("rules", 0, "validate", "failureAction")),
        ("validatingadmissionpolicy", "ValidatingAdmissionPolicyBinding", ("validationActions", 0)),
        ("gatekeeper", "EnforceTenantIsolation", ("enforcementAction",)),
    ],
)
def test_an_action_of_any_kind_that_was_softened_is_found(backend, kind, path):
    objects = healthy(backend)
    part = next(each for each in objects if each["kind"] == kind and each["metadata"]["name"] == JUDGE)["spec"]
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = "dryrun" if backend == "gatekeeper" else "Audit"

    assert ["policy-action"] == found_in(objects)


@pytest.mark.parametrize(
    ("backend", "kind"), [("clusterpolicy", "ClusterPolicy"), ("validatingpolicy", "MutatingPolicy")]
)
def test_what_fills_in_is_looked_at_like_any_other_policy(backend, kind):
    config = Config(Platform(), (replace(TEAM_A, network=Network(provider=Provider.KUBERAY)), TEAM_B))
    objects = healthy(backend, config)
    filling = named(objects, kind, FILLING)
    others = [each for each in objects if each is not filling]
    unready = {**filling, "status": {}}
    changed = json.loads(json.dumps(filling).replace("DenyAll", "DenyAllEgress"))

    assert [] == found_in(objects, config)
    assert ["policy-missing"] == found_in(others, config)
    assert ["policy-not-ready"] == found_in([*others, unready], config)
    assert ["policy-changed"] == found_in([*others, changed], config)
    assert ["policy-stray"] == found_in([*healthy(backend), filling])


def test_pods_controllers_made_policies_of_again_are_found():
    objects = healthy("clusterpolicy")
    del named(objects, "ClusterPolicy", "guard-pods")["metadata"]["annotations"][
        "pod-policies.kyverno.io/autogen-controllers"
    ]

    assert ["policy-changed"] == found_in(objects)


def test_a_quota_that_is_gone_or_raised_is_found():
    config = Config(Platform(), (replace(TEAM_A, namespace_quota=Quota("64", "256Gi")), TEAM_B))
    objects = [each for each in healthy(config=config) if each["metadata"]["name"] != "rayfence-quota"]
    kept = object_of("v1", "ResourceQuota", "rayfence-quota", "ray-a", spec={"hard": {"limits.cpu": "1k"}})

    assert ["quota-missing", "quota-missing"] == found_in([*objects, kept], config)


def test_a_quota_in_another_spelling_is_the_same():
    config = Config(Platform(), (replace(TEAM_A, namespaces=("ray-a",), namespace_quota=Quota("64", "1Gi")), TEAM_B))
    objects = healthy(config=config)
    named(objects, "ResourceQuota", "rayfence-quota")["spec"]["hard"] |= {
        "limits.cpu": "64000m",
        "limits.memory": "1024Mi",
    }

    assert [] == found_in(objects, config)


@pytest.mark.parametrize("change", [{"hard": {"pods": "1"}}, {"scopeSelector": None}, {"scopes": ["NotTerminating"]}])
def test_a_quota_for_affinity_that_lets_pods_pass_is_found(change: Value):
    objects = healthy()
    named(objects, "ResourceQuota", "rayfence-pod-affinity", "ray-a")["spec"] |= change

    assert ["quota-missing"] == found_in(objects)


def test_a_quota_for_affinity_that_is_gone_is_found():
    objects = healthy()
    objects.remove(named(objects, "ResourceQuota", "rayfence-pod-affinity", "ray-a"))

    assert ["quota-missing"] == found_in(objects)


def test_an_operator_that_the_config_names_is_where_it_should_be():
    known = Operator(Peer("ray-system", {"app": "kuberay"}), "ray")
    config = Config(Platform(operator=known), CONFIG.tenants)
    operator = deployment(
        "kuberay-operator",
        "ray-system",
        "quay.io/kuberay/operator:v1.7.0",
        account="ray",
        pod_labels={"app": "kuberay"},
    )
    objects = [each for each in healthy(config=config) if each["metadata"]["name"] != "kuberay-operator"]

    assert [] == found_in([*objects, operator], config)


def test_a_gate_that_is_open_is_no_finding():
    objects = healthy()
    named(objects, "RayCluster", "one")["spec"]["networkPolicy"] = {"mode": "DenyAll"}
    flag("--feature-gates=RayClusterNetworkPolicy=true")(named(objects, "Deployment", "kuberay-operator"))

    assert [] == found_in(objects)


@pytest.mark.parametrize("tag", ["latest", "v1.19.1@sha256:0123", "v1.20.0-rc.1", "v1.19.1-fips"])
def test_a_tag_that_names_no_version_is_a_note_and_newer_ones_are_nothing(tag):
    objects = healthy()
    image(tag)(named(objects, "Deployment", ADMISSION))
    found = examine(CONFIG, saved(*objects))

    assert ((), tag == "latest") == (found.findings, bool(found.notes))


@pytest.mark.parametrize(
    ("plugins", "ids"), [(("aws-node",), {"network-not-enforced"}), (("aws-node", "aws-eks-nodeagent"), set())]
)
def test_amazons_plugin_enforces_with_its_second_container(plugins, ids):
    objects = healthy()
    daemon_set = named(objects, "DaemonSet", "calico-node")
    daemon_set["metadata"]["name"] = "aws-node"
    daemon_set["spec"]["template"]["spec"]["containers"] = [{"name": each} for each in plugins]

    assert ids == set(found_in(objects))


def test_a_plugin_that_is_not_known_is_a_note():
    objects = healthy()
    gone("DaemonSet", "calico-node")(objects)
    found = examine(CONFIG, saved(*objects))

    assert ((), 1) == (found.findings, len(found.notes))


def test_a_tenant_without_a_network_layer_is_owed_none():
    config = Config(Platform(), (replace(TEAM_A, network=Network(enforce=False)), TEAM_B))
    objects = [each for each in healthy(config=config) if each["metadata"]["name"] != "rayfence-x"]

    assert [] == found_in(objects, config)


def test_administrators_and_kyverno_itself_may_be_excluded():
    objects = healthy()
    setting("excludeGroups", ",system:masters")(objects)
    setting("excludeUsernames", "system:serviceaccount:kyverno:kyverno-admission-controller")(objects)

    assert [] == found_in(objects)


def test_a_definition_that_is_no_longer_served_is_found():
    objects = healthy()
    gone("CustomResourceDefinition", "rayjobs.ray.io")(objects)
    old = definition("rayjobs", 2)
    old["spec"]["versions"][0]["served"] = False

    assert ["kuberay-crds"] == found_in([*objects, old])


def test_a_saved_cluster_with_nothing_in_it_is_not_healthy():
    ids = set(found_in([ray_cluster()]))

    assert {"policy-missing", "kyverno-missing", "namespace-missing", "tenant-without-nodes", "kuberay-missing"} <= ids


def test_the_operator_is_known_by_its_image_as_well():
    objects = healthy()
    gone("Deployment", "kuberay-operator")(objects)
    renamed_operator = kuberay()[0]
    renamed_operator["metadata"]["name"] = "my-release-kuberay"

    assert [] == found_in([*objects, renamed_operator])


def test_who_writes_a_status_is_named_with_the_role_and_what_binds_it():
    writers = [role("ray-all", rule("ray.io", "*", "*")), binding("ray-all", "Group", "devs", "ray-a")]
    more = binding("ray-all", "ServiceAccount", "ci/robot")
    (finding,) = examine(CONFIG, saved(*healthy(), *writers, more)).findings

    assert "ClusterRole/ray-all" == finding.where
    assert (
        "ServiceAccount ci/robot (ClusterRoleBinding/ray-all-to-robot), Group devs (ray-a/RoleBinding/ray-all-to-devs)"
    ) in finding.message
    assert "rayclusters/status, rayjobs/status, rayservices/status, raycronjobs/status" in finding.message


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        pytest.param(rule("ray.io", "*", "get list watch create"), ("Group", "devs", "ray-a"), id="reads"),
        pytest.param(rule("ray.io", "rayclusters rayjobs", "*"), ("Group", "devs", "ray-a"), id="no status"),
        pytest.param(rule("apps", "*", "*"), ("Group", "devs", "ray-a"), id="another group"),
        pytest.param(rule("ray.io", "*", "*"), ("Group", "devs", "elsewhere"), id="another namespace"),
        pytest.param(rule("ray.io", "*", "*"), ("Group", "system:masters"), id="administrators"),
        pytest.param(rule("ray.io", "*", "*"), ("User", "system:kube-controller-manager"), id="control plane"),
        pytest.param(
            rule("ray.io", "rayjobs/status", "update"),
            ("ServiceAccount", "kueue-system/kueue-controller-manager"),
            id="Kueue",
        ),
        pytest.param(
            rule("ray.io", "*/status", "update"), ("ServiceAccount", "kuberay-operator/kuberay-operator"), id="operator"
        ),
    ],
)
def test_who_may_not_write_a_status_or_must_is_no_finding(given, bound):
    assert [] == found_in([*healthy(), role("some", given), binding("some", *bound)])


def test_administrators_of_the_config_may_write_a_status():
    config = replace(CONFIG, platform=Platform(administrators=Administrators(groups=("ops",), users=("jane",))))
    allowed = [role("ray-all", rule("ray.io", "*", "*")), binding("ray-all", "Group", "ops")]

    objects = healthy(config=config)

    assert [] == found_in([*objects, *allowed, binding("ray-all", "User", "jane")], config)


def test_without_bindings_nobody_knows_who_may_write_a_status():
    found = examine(CONFIG, saved(*(each for each in healthy() if each["kind"] != "ClusterRoleBinding")))

    assert ((), 1) == (found.findings, len(found.notes))
    assert "ClusterRoleBindings" in found.notes[0]


def test_an_older_version_that_is_served_is_a_note_that_says_what_to_set():
    found = examine(CONFIG, saved(*serving_older(healthy())))

    assert ((), 1) == (found.findings, len(found.notes))
    assert found.notes[0].startswith(
        "rayclusters.ray.io, rayjobs.ray.io, rayservices.ray.io are still served in v1alpha1"
    )
    assert "served: false" in found.notes[0]


def test_an_older_version_that_a_cluster_policy_names_has_to_be_served():
    objects = healthy("clusterpolicy")
    named(objects, "CustomResourceDefinition", "rayjobs.ray.io")["spec"]["versions"][1]["served"] = False

    assert ["kuberay-crds"] == found_in(objects)


@pytest.mark.parametrize(
    ("modes", "told"),
    [
        (("", ""), "RayClusters of team-a, team-b run without"),
        (("token", ""), "RayClusters of team-b run without"),
        (("token", "token"), ""),
        (("",), ""),
    ],
)
def test_heads_that_ask_for_no_token_are_a_note_where_there_are_several_tenants(modes, told):
    objects = [each for each in healthy() if each["kind"] != "RayCluster"]
    for mode, place in zip(modes, [("ray-a", "team-a"), ("ray-b", "team-b")], strict=False):
        cluster = ray_cluster("one", *place)
        cluster["spec"] |= {"authOptions": {"mode": mode}} if mode else {}
        objects.append(cluster)
    notes = examine(CONFIG, saved(*objects)).notes

    assert [told] * bool(told) == [each[: len(told)] for each in notes]


@pytest.mark.parametrize(("version", "ids"), [("v1.19.9", []), ("v1.20.0", ["clusterpolicy-not-enforced"])])
def test_cluster_policies_are_not_enforced_from_a_version_of_kyverno_on(version, ids):
    objects = healthy("clusterpolicy")
    for each in objects:
        if each["metadata"].get("labels", {}).get("app.kubernetes.io/part-of") == "kyverno":
            image(version)(each)

    assert ids == found_in(objects)


def test_a_newer_kyverno_with_policies_of_the_other_kind_is_healthy():
    objects = healthy()
    image("v1.20.0")(named(objects, "Deployment", ADMISSION))

    assert [] == found_in(objects)


def test_a_retired_namespace_is_closed_and_takes_no_pods():
    config = replace(CONFIG, platform=Platform(retired=("ray-old",)))
    layer = [as_served(each) for each in retired_objects(["ray-old"])]
    objects = [*healthy(), namespace("ray-old")]

    assert [] == found_in([*objects, *layer], config)
    assert ["network-layer-missing", "quota-missing"] == found_in(objects, config)
    assert ["network-layer-missing"] == found_in([*objects, *layer[1:]], config)
    assert [] == found_in(healthy(), config)


def test_a_retired_namespace_that_was_opened_is_found():
    config = replace(CONFIG, platform=Platform(retired=("ray-old",)))
    layer = [as_served(each) for each in retired_objects(["ray-old"])]
    layer[0]["spec"]["ingress"] = [{}]
    layer[2]["spec"]["hard"] = {"pods": "5"}

    assert ["network-layer-changed", "quota-missing"] == found_in([*healthy(), namespace("ray-old"), *layer], config)


def test_a_webhook_is_expected_for_a_kind_that_opens_the_network_where_there_is_one():
    objects = healthy()
    route = {"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": {"name": "one", "namespace": "other"}}
    hooks = named(objects, "ValidatingWebhookConfiguration", WEBHOOKS)["webhooks"]
    for hook in hooks:
        hook["rules"] = [rule for rule in hook["rules"] if rule["apiGroups"] != ["route.openshift.io"]]

    assert [] == found_in(objects)
    assert ["webhook-missing"] == found_in([*objects, route])
