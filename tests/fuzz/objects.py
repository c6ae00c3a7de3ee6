"""Objects of every kind that policies speak of, drawn at random: good ones, bent a little or a lot.

Most come near to what people write, since two readings that differ do so at an edge: a bound and one unit beside it, an
odd spelling, a null, a list with nothing in it, a field of another kind's, the last group of many.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from rayfence.cases.good import good, model
from rayfence.model.config import (
    Allow,
    Authentication,
    Bounds,
    Config,
    Container,
    Dns,
    Egress,
    Enforcement,
    Mode,
    Network,
    Platform,
    Provider,
    Quota,
    Require,
    Tenant,
)
from rayfence.model.subjects import NETWORK_KINDS, Subject
from rayfence.rules import OF
from rayfence.workload import SERVED

Json = dict[str, Any]

SMALL = Tenant("team-a", ("ray-a", "ray-a-dev"), Container(Bounds("500m", "2"), Bounds("1Gi", "4Gi")))
FULL = Tenant(
    "1000",
    ("ray-full",),
    Container(Bounds("1", "4"), Bounds("512Mi", "8G")),
    quota=Quota("24", "48Gi", 4, 8),
    allow=Allow(
        volumes=("csi/gcsfuse.csi.storage.gke.io", "nfs"),
        networks=("ray-full/sriov", "default"),
        pod_annotations=("iam.amazonaws.com/*",),
        priority_classes=("batch", "system-node-critical"),
    ),
)
AUDITED = Tenant(
    "team-c",
    ("ray-c",),
    Container(Bounds("1m", "3.5"), Bounds("1", "1.5Gi")),
    Enforcement.AUDIT,
    Quota("7", None, 0, 3),
    network=Network(enforce=False),
    allow=Allow(
        priority_classes=("batch",),
        queues={"volcano.sh/queue-name": ("team-c",), "yunikorn.apache.org/queue": ("root.*",), "app": ("1k",)},
        exposure_annotations=("external-dns.alpha.kubernetes.io/*",),
        exposure_kinds=("HTTPRoute.gateway.networking.k8s.io",),
    ),
    require=Require(Authentication.TOKEN),
)
ISOLATED = Tenant(
    "team-k",
    ("ray-k",),
    Container(Bounds("1", "2"), Bounds("1Gi", "4Gi")),
    network=Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_INGRESS),
)
# Below what KubeRay gives the containers that it adds by itself.
TINY = Tenant(
    "team-t", ("ray-t",), Container(Bounds("1m", "300m"), Bounds("1", "200Mi")), quota=Quota("2", "1Gi", 0, 4)
)
PLATFORM = Platform(
    egress=Egress(("object-store",), ("10.20.0.0/16", "100.64.0.0/10", "169.254.170.23/32")),
    allow=Allow(volumes=("image",), pod_annotations=("k8s.aliyun.com/pod-eni",)),
    dns=Dns(cidrs=("169.254.20.10/32",)),
)
CONFIG = Config(PLATFORM, (FULL, SMALL, AUDITED, ISOLATED, TINY))

NAMES = ["team-a", "1000", "1k", "team-c", "Team-a", "team-", "", "*", "tëam", "somebody-else"]
QUANTITIES = [
    *("0", "1", "2", "4", "500m", "499m", "501m", "2000m", "2001m", "2.0", "1e3", "1E", "3.5", "3501m", "3.5000000001"),
    *("1Gi", "4Gi", "4294967297", "4294967296", "8G", "8000000001", "512Mi", "536870911", "1.5Gi", "1k", "1Ki", "35e9"),
    *("-1", "+1", ".5", "5.", "1u", "1n", "0.1n", "99", "999Ti", "9Ei", "", " 1", "1 ", "one", "1e99", "1e100", "0x1"),
    *("{{ x }}", "4 | 400", "\u0661", "1_000", "1e-3"),
]
NUMBERS = [0, 1, 2, 3, 4, 8, 16, -1, 0.5, 1.5, 65536, 2147483647, 2147483648, 4294967296]
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(QUANTITIES),
    st.sampled_from(NUMBERS),
    st.sampled_from([None, True, False, "Always", "Equal", "Exists", "NoSchedule", "NoExecute", "autoscaler"]),
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=4),
)
MANGLED: st.SearchStrategy[Any] = st.one_of(SCALARS, st.just({}), st.just([]), st.just([None]), st.just(["x"]))

CONTAINERS = st.fixed_dictionaries(
    {"name": st.sampled_from(["main", "autoscaler", "wait-gcs-ready", "x"])},
    optional={
        "resources": st.fixed_dictionaries(
            {},
            optional={
                side: st.dictionaries(
                    st.sampled_from(["cpu", "memory", "nvidia.com/gpu", "google.com/tpu", "hugepages-2Mi"]),
                    st.one_of(st.sampled_from(QUANTITIES), st.sampled_from(NUMBERS)),
                    max_size=4,
                )
                for side in ("requests", "limits")
            },
        ),
        "restartPolicy": st.sampled_from(["Always", "Never", None]),
        "securityContext": st.fixed_dictionaries(
            {},
            optional={
                "privileged": st.sampled_from([True, False, None, "true"]),
                "capabilities": st.sampled_from(
                    [{"add": ["NET_ADMIN"]}, {"add": ["CHOWN"]}, {"drop": ["ALL"]}, {"add": None}]
                ),
                "procMount": st.sampled_from(["Default", "Unmasked"]),
            },
        ),
        "ports": st.sampled_from(
            [[{"containerPort": 80}], [{"containerPort": 80, "hostPort": 80}], [{"hostPort": 0}], None]
        ),
    },
)
EFFECTS = ["NoSchedule", "NoExecute", "PreferNoSchedule", "", None]
OWN_TOLERATIONS = st.fixed_dictionaries(
    {
        "key": st.just("tenant"),
        "operator": st.sampled_from(["Equal", "Equal", "", "Exists"]),
        "value": st.sampled_from([SMALL.name, FULL.name, AUDITED.name, TINY.name]),
        "effect": st.sampled_from(EFFECTS),
    },
)
TOLERATIONS = st.one_of(
    OWN_TOLERATIONS,
    st.fixed_dictionaries(
        {},
        optional={
            "key": st.sampled_from(
                ["tenant", "nvidia.com/gpu", "", None, "Tenant", "node-role.kubernetes.io/control-plane"]
            ),
            "operator": st.sampled_from(["Equal", "Exists", "", None, "Gt"]),
            "value": st.sampled_from(NAMES),
            "effect": st.sampled_from(EFFECTS),
        },
    ),
)
PEERS = st.one_of(
    st.builds(
        lambda name: {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}},
        st.sampled_from(["ray-a", "ray-a-dev", "ray-full", "ray-c", "kube-system", "object-store", "other", ""]),
    ),
    st.builds(
        lambda names, operator: {
            "namespaceSelector": {
                "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": operator, "values": names}]
            }
        },
        st.lists(st.sampled_from(["ray-a", "ray-a-dev", "ray-full", "ray-c", "other"]), max_size=3),
        st.sampled_from(["In", "NotIn", "Exists"]),
    ),
    st.sampled_from(
        [
            {"podSelector": {}},
            {"podSelector": {"matchLabels": {"app": "x"}}},
            {"namespaceSelector": {}},
            {},
            None,
            {"ipBlock": {"cidr": "0.0.0.0/0"}},
            {"ipBlock": {"cidr": "10.20.3.0/24"}},
            {"ipBlock": {"cidr": "169.254.169.254/32"}},
            {"ipBlock": {"cidr": "nonsense"}},
            {"ipBlock": {"cidr": "169.254.170.23/32"}},
            {"ipBlock": {"cidr": "169.254.20.10/32"}},
            {"ipBlock": {"cidr": "100.64.0.0/10"}},
            {"ipBlock": {"cidr": "100.64.0.0/10", "except": ["100.100.100.200/32", "100.96.0.0/16"]}},
            {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.20.0.0/16"]}},
        ]
    ),
)
PORTS = st.sampled_from([None, [{"port": 53}], [{"port": 53, "protocol": "UDP"}], [{"port": 443}], [{"port": 53}, {}]])
RULES = st.lists(
    st.one_of(
        st.fixed_dictionaries({}, optional={"from": st.one_of(st.none(), st.lists(PEERS, max_size=2))}),
        st.fixed_dictionaries({}, optional={"to": st.one_of(st.none(), st.lists(PEERS, max_size=2)), "ports": PORTS}),
    ),
    max_size=2,
)
MARKS = st.dictionaries(
    st.sampled_from(
        [
            *("tailscale.com/expose", "tailscale.community/expose", "external-dns.alpha.kubernetes.io/hostname"),
            *("mirror.linkerd.io/exported", "istio.io/global", "istio.io/globally", "cloud.google.com/neg", "x"),
        ]
    ),
    st.sampled_from(["true", "", None]),
    max_size=2,
)
_QUEUES = st.dictionaries(
    st.sampled_from(
        [
            *("volcano.sh/queue-name", "scheduling.volcano.sh/queue-name", "queue", "yunikorn.apache.org/queue"),
            *("applicationId", "kai.scheduler/queue", "runai/queue", "kueue.x-k8s.io/queue-name", "app"),
            *("ray.io/priority-class-name", "priorityClassName", "yunikorn.apache.org/task-groups"),
        ]
    ),
    st.sampled_from(
        [
            *("team-c", "team-c2", "root.default", "root.team-c", "yunikorn-ray-a-autogen", "yunikorn-ray-c-autogen"),
            *("batch", "1k", "root", "", None, 5),
        ]
    ),
    max_size=2,
)
QUEUES = st.one_of(_QUEUES, st.sampled_from([{"queue": "root.team-c"}, {"scheduling.volcano.sh/queue-name": "team-c"}]))
SERVICES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName", None, ""]),
        "externalIPs": st.sampled_from([[], ["1.2.3.4"], None]),
        "externalName": st.sampled_from(["", "example.com", None]),
    },
)
VOLUMES = st.lists(
    st.one_of(
        st.builds(
            lambda kind, value: {"name": "v", kind: value},
            st.sampled_from(["emptyDir", "secret", "nfs", "image", "hostPath", "csi", "gitRepo", "x"]),
            st.sampled_from([{}, None, "", {"driver": "smb.csi.k8s.io"}]),
        ),
        st.builds(
            lambda driver: {"name": "v", "csi": {"driver": driver}},
            st.sampled_from(["gcsfuse.csi.storage.gke.io", "smb.csi.k8s.io", "", None, 5, {}]),
        ),
        st.sampled_from([{"name": "v"}, {}, None, "x", {"emptyDir": {}, "nfs": {}}, {"csi": "x"}, {"csi": []}]),
    ),
    max_size=3,
)
POD_TERMS = st.fixed_dictionaries(
    {"topologyKey": st.just("kubernetes.io/hostname")},
    optional={
        "namespaces": st.sampled_from([[], [], None, ["ray-a"], "ray-full", {}]),
        "namespaceSelector": st.sampled_from([None, {}, {"matchLabels": {"a": "b"}}, "x"]),
    },
)
WISHED_POD_TERMS = st.one_of(st.builds(lambda term: {"podAffinityTerm": term}, POD_TERMS), st.sampled_from([{}, None]))
ROLES = [f"node-role.kubernetes.io/{role}" for role in ("control-plane", "master", "worker")]
NODE_TERMS = st.fixed_dictionaries(
    {},
    optional={
        "matchExpressions": st.lists(
            st.fixed_dictionaries(
                {
                    "key": st.sampled_from(["tenant", "tenant", "zone", *ROLES]),
                    "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", None]),
                },
                optional={"values": st.one_of(st.none(), st.lists(st.sampled_from(NAMES), max_size=2))},
            ),
            min_size=1,
            max_size=2,
        ),
        "matchFields": st.just([{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]),
    },
)
REQUIRED, PREFERRED = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))
POD_AFFINITY = st.fixed_dictionaries(
    {},
    optional={
        REQUIRED: st.one_of(st.none(), st.lists(POD_TERMS, min_size=1, max_size=2)),
        PREFERRED: st.one_of(st.just("x"), st.lists(WISHED_POD_TERMS, min_size=1, max_size=2)),
    },
)
AFFINITY = st.fixed_dictionaries(
    {},
    optional={
        "podAffinity": POD_AFFINITY,
        "podAntiAffinity": POD_AFFINITY,
        "nodeAffinity": st.fixed_dictionaries(
            {},
            optional={
                REQUIRED: st.fixed_dictionaries(
                    {}, optional={"nodeSelectorTerms": st.lists(NODE_TERMS, min_size=1, max_size=2)}
                ),
                PREFERRED: st.lists(st.builds(lambda term: {"preference": term}, NODE_TERMS), min_size=1, max_size=2),
            },
        ),
    },
)
NETWORKS = st.dictionaries(
    st.sampled_from(["k8s.v1.cni.cncf.io/networks", "v1.multus-cni.io/default-network"]),
    st.sampled_from(["sriov", "sriov@net1, default", "ray-full/sriov,default", "other/sriov", "sriov,", None]),
    min_size=1,
    max_size=1,
)
MOVING = st.one_of(
    NETWORKS,
    NETWORKS,
    st.dictionaries(
        st.sampled_from(
            [
                *("k8s.v1.cni.cncf.io/networks", "k8s.v1.cni.cncf.io/network-status", "cni.projectcalico.org/podIP"),
                *("cni.projectcalico.org/ipAddrs", "net1.a.ovn.kubernetes.io/ip_address", "kubernetes.io/ip_address"),
                *("iam.amazonaws.com/role", "my-iam.amazonaws.com/role", "yangtse.io/x", "x"),
                *("k8s.aliyun.com/pod-eni", "k8s.aliyun.com/pod-eni-x", "k8s.volcengine.com/pod-networks-definition"),
            ]
        ),
        st.sampled_from(["sriov", "other/sriov", "[]", "", None, 5, {}]),
        max_size=3,
    ),
)
CPUS = [
    "500m",
    "499m",
    "501m",
    "2",
    "2001m",
    "1999m",
    1,
    "999m",
    4,
    "4001m",
    "4.0",
    "1m",
    "3.5",
    "3501m",
    0,
    "0",
    "1e0",
]
MEMORIES = ["1Gi", "1073741823", "4Gi", "4294967297", "512Mi", "536870911", "8G", "8000000001", "1", "1.5Gi", 0, "2Gi"]
TYPICAL: dict[str, st.SearchStrategy[Any]] = {
    "cpu": st.sampled_from(CPUS),
    "memory": st.sampled_from(MEMORIES),
    "key": st.sampled_from(["tenant", "nvidia.com/gpu", "", None]),
    "operator": st.sampled_from(["Equal", "Exists", "", None]),
    "value": st.sampled_from(NAMES),
    "effect": st.sampled_from(EFFECTS),
    "tenant": st.sampled_from(NAMES),
    "containers": st.lists(CONTAINERS, max_size=3),
    "initContainers": st.lists(CONTAINERS, max_size=3),
    "tolerations": st.lists(TOLERATIONS, max_size=3),
    "nodeSelector": st.dictionaries(
        st.sampled_from(["tenant", "zone", "node-role.kubernetes.io/master"]), st.sampled_from(NAMES), max_size=2
    ),
    "labels": st.one_of(
        st.dictionaries(
            st.sampled_from(
                ["tenant", "app", "ray.io/cluster", "ray.io/node-type", "ray.io/group", "ray.io/is-ray-node"]
            ),
            st.sampled_from(NAMES),
            max_size=2,
        ),
        QUEUES.map(lambda found: {"tenant": "team-a", **found}),
        QUEUES.map(lambda found: {"tenant": "team-c", **found}),
        MARKS,
    ),
    "volumes": VOLUMES,
    "affinity": AFFINITY,
    "priorityClassName": st.sampled_from(["batch", "system-node-critical", "system-", "", None, 5, "*", [], {}]),
    "priority": st.sampled_from([0, 1000000000, 1000000001, 2e9, None, "2000000000", True]),
    "annotations": st.one_of(
        QUEUES,
        MARKS,
        MOVING,
        MOVING,
        st.dictionaries(
            st.sampled_from(["maxCpu", "minCpu"]), st.sampled_from(["4", "2", "3.5", "1", *CPUS]), min_size=1
        ),
        st.dictionaries(st.sampled_from(["maxMemory", "minMemory"]), st.sampled_from(MEMORIES), min_size=1),
        st.fixed_dictionaries({"maxCpu": st.sampled_from(["4", "2", "3.5"])}),
        st.dictionaries(st.sampled_from(["maxCpu", "maxMemory", "minCpu", "x"]), st.sampled_from(QUANTITIES)),
    ),
    "maxReplicas": st.sampled_from(NUMBERS),
    "minReplicas": st.sampled_from(NUMBERS),
    "numOfHosts": st.sampled_from(NUMBERS),
    "nodeName": st.sampled_from(["", "node-1", None]),
    "submissionMode": st.sampled_from(["K8sJobMode", "HTTPMode", "SidecarMode", "InteractiveMode", "", None]),
    "enableInTreeAutoscaling": st.sampled_from([True, False, None, "true"]),
    "autoscalerOptions": st.fixed_dictionaries(
        {},
        optional={
            "resources": CONTAINERS.map(lambda c: c.get("resources")),
            "securityContext": st.just({"privileged": True}),
        },
    ),
    "historyServerOptions": st.fixed_dictionaries(
        {}, optional={"collectorOptions": st.one_of(CONTAINERS, st.sampled_from([None, {}, {"resources": None}, "x"]))}
    ),
    "networkPolicy": st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(["DenyAllIngress", "DenyAllIngress", "DenyAll", "denyallingress", None]),
            "head": st.fixed_dictionaries({}, optional={"ingressRules": RULES, "egressRules": RULES}),
            "worker": st.fixed_dictionaries({}, optional={"ingressRules": RULES, "egressRules": RULES}),
        },
    ),
    "headServiceAnnotations": MARKS,
    "authOptions": st.fixed_dictionaries({}, optional={"mode": st.sampled_from(["token", "token", "disabled", None])}),
    "groupName": st.sampled_from(["small", "Small", "a.b", "g" * 63, "g" * 64, "-a", "", None, 5, "a\n"]),
    "serviceType": st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", None]),
    "headService": st.fixed_dictionaries(
        {},
        optional={
            "spec": SERVICES,
            "metadata": st.fixed_dictionaries({}, optional={"annotations": MARKS, "labels": MARKS}),
        },
    ),
    "serveService": st.fixed_dictionaries({}, optional={"spec": SERVICES}),
    "enableIngress": st.sampled_from([True, False, None]),
    "hostNetwork": st.sampled_from([True, False, None]),
    "hostPID": st.booleans(),
    "resources": st.sampled_from([None, {}, {"limits": {"cpu": "1"}}, {"limits": {"memory": "999Gi"}}]),
    "resourceClaims": st.sampled_from([[], [{"name": "gpu"}], None]),
    "rayClusterSpec": st.sampled_from([None, {}, {"headGroupSpec": {}}]),
    "submitterPodTemplate": st.sampled_from([None, {}, {"spec": {"containers": []}}]),
    "ingress": RULES,
    "egress": RULES,
    "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"], [], None]),
    "type": st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    "externalIPs": st.sampled_from([[], ["1.2.3.4"], None]),
    "namespace": st.sampled_from(["ray-a", "ray-a-dev", "ray-full", "ray-c", "ray-t", "ray", "other", "ray-a-x"]),
}
"""Field name -> what people, honest or not, might write there."""

PODLIKE = (
    "containers",
    "initContainers",
    "tolerations",
    "nodeSelector",
    "nodeName",
    "hostNetwork",
    "hostPID",
    "volumes",
    "affinity",
    "priorityClassName",
    "priority",
    "resources",
    "resourceClaims",
)
GROUPLIKE = (
    "groupName",
    "labels",
    "maxReplicas",
    "minReplicas",
    "numOfHosts",
    "serviceType",
    "headService",
    "enableIngress",
)
CLUSTERLIKE = (
    "headServiceAnnotations",
    "authOptions",
    "enableInTreeAutoscaling",
    "autoscalerOptions",
    "historyServerOptions",
    "networkPolicy",
    "rayClusterSpec",
)


@st.composite
def objects(draw: st.DrawFn) -> Json:
    """A good object of some kind and tenant, with a few changes."""
    subject = draw(st.sampled_from([*OF, *([next(iter(OF))] * 3)]))
    tenant = draw(st.sampled_from(CONFIG.tenants))
    value = deepcopy(draw(st.sampled_from(_sound(subject, tenant))))
    if draw(st.integers(0, 3)) == 0:
        sort = draw(st.sampled_from(["labels", "annotations"]))
        value["metadata"][sort] = {**value["metadata"].get(sort, {}), **draw(st.one_of(MARKS, QUEUES))}
    for _ in range(draw(st.integers(0, 4))):
        if _places(value):
            _change(draw, value)
    templates = [each for each in _maps(value) if isinstance(each.get("spec"), dict) and "containers" in each["spec"]]
    if templates and draw(st.booleans()):
        _move(draw, draw(st.sampled_from(templates)))
    older = {**value, "apiVersion": "ray.io/v1alpha1"}
    if (older["apiVersion"], older["kind"]) in SERVED and draw(st.integers(0, 7)) == 0:
        return older
    return value


def _sound(subject: Subject, tenant: Tenant) -> list[Json]:
    """Good objects; of kinds that open the network, which most tenants may not have, any."""
    if subject is not NETWORK_KINDS:
        return good(subject, CONFIG.platform, tenant)
    value = model(subject, CONFIG.platform, tenant)
    return [value | {"apiVersion": each.api_version, "kind": each.kind} for each in NETWORK_KINDS.resources]


def _move(draw: st.DrawFn, template: Json) -> None:
    """One thing of a pod or a pod template that has to do with where it goes and what it reaches."""
    name = draw(st.sampled_from(["affinity", "affinity", "volumes", "priorityClassName", "priority", "annotations"]))
    if name != "annotations":
        template["spec"][name] = deepcopy(draw(TYPICAL[name]))
    elif isinstance(template.get("metadata"), dict):
        template["metadata"][name] = deepcopy(draw(MOVING))


def _maps(value: Any) -> list[Json]:
    """Every map in a value."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) else []
    return own + [found for child in children for found in _maps(child)]


def _change(draw: st.DrawFn, value: Json) -> None:
    """One change at a place that is there, or of a field that might be."""
    places = _places(value)
    telling = [place for place in places if place[1] in TYPICAL]
    if telling and draw(st.booleans()):
        parent, key = draw(st.sampled_from(telling))
        parent[key] = deepcopy(draw(TYPICAL[key]))
        return
    parent, key = draw(st.sampled_from(places))
    name = key if isinstance(key, str) else ""
    if "annotations" not in value["metadata"] and draw(st.integers(0, 3)) == 0:
        parent, name = value["metadata"], "annotations"
        parent[name] = deepcopy(draw(TYPICAL[name]))
        return
    if isinstance(parent, dict) and draw(st.booleans()):
        name = draw(st.sampled_from(_fitting(parent)))
        parent[name] = deepcopy(draw(TYPICAL[name]))
        return
    how = draw(st.sampled_from(["typical", "mangle", "drop", "repeat"]))
    if how == "drop":
        del parent[key]
    elif how == "repeat" and isinstance(parent, list):
        parent.extend(deepcopy(parent[: draw(st.integers(1, 3))]))
    elif how == "typical" and name in TYPICAL:
        parent[key] = deepcopy(draw(TYPICAL[name]))
    else:
        # Drawn values are shared between draws; a change must not reach the next object.
        parent[key] = deepcopy(draw(MANGLED))


def _fitting(parent: Json) -> list[str]:
    """Fields that people would write here, by what stands beside them."""
    if "containers" in parent:
        return list(PODLIKE)
    if "groupName" in parent or "template" in parent:
        return list(GROUPLIKE)
    if "headGroupSpec" in parent:
        return list(CLUSTERLIKE)
    if "name" in parent and "namespace" in parent:
        return ["labels", "annotations", "namespace"]
    if "labels" in parent:
        return ["annotations"]
    return list(TYPICAL)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a value, but for what makes the object the object it is."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        parent = waiting.pop()
        pairs = parent.items() if isinstance(parent, dict) else enumerate(parent) if isinstance(parent, list) else ()
        for key, child in pairs:
            if not (parent is value and key in ("apiVersion", "kind", "metadata")) and key != "name":
                found.append((parent, key))
            waiting.append(child)
    return found
