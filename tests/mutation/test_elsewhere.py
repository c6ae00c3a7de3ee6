"""What no case of the sample tenants can show: other tenants, and updates of what was there before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import pytest

from rayfence import mutation
from rayfence.admission.evaluate import Evaluator
from rayfence.cases import Case, derived
from rayfence.cases.good import good, model, ray_cluster, ray_object
from rayfence.cases.sites import sites
from rayfence.gotool import GATOR, find
from rayfence.manifests import bundle
from rayfence.model.config import (
    Allow,
    Authentication,
    Bounds,
    Config,
    Container,
    Dns,
    Egress,
    Mode,
    Network,
    Platform,
    Provider,
    Require,
    Tenant,
)
from rayfence.model.subjects import EXPOSURE, NETWORK_KINDS, NETWORK_POLICIES, PODS
from rayfence.mutation import Mutant, MutantResult, known, mutants
from rayfence.rules import restrict_pod_metadata, restrict_scheduling, restrict_volumes
from rayfence.workload import KINDS, Request

Json = dict[str, Any]

BY_KUBERAY = Tenant(
    "team-k",
    ("ray-k",),
    Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")),
    network=Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_EGRESS),
)
PLAIN = Tenant("team-p", ("ray-p",), Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")))
LISTED = Tenant(
    "team-l",
    ("ray-l",),
    Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")),
    allow=Allow(
        volumes=("nfs", "csi/smb.csi.k8s.io"),
        networks=("ray-l/sriov", "default"),
        pod_annotations=("iam.amazonaws.com/*", "k8s.aliyun.com/pod-eni"),
        priority_classes=("batch",),
        queues={"volcano.sh/queue-name": ("team-l",), "yunikorn.apache.org/app-id": ("team-l-*",)},
        exposure_annotations=("external-dns.alpha.kubernetes.io/*", "istio.io/global"),
        exposure_kinds=("HTTPRoute.gateway.networking.k8s.io",),
    ),
)
NOTHING = Tenant(
    "team-n",
    ("ray-n",),
    PLAIN.container,
    allow=Allow(volumes=(), networks=(), pod_annotations=(), priority_classes=()),
)
WITH_TOKEN = Tenant(
    "team-t",
    ("ray-t",),
    Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")),
    require=Require(Authentication.TOKEN),
)
PLATFORM = Platform(
    allow=Allow(
        volumes=("image",),
        networks=("storage",),
        pod_annotations=("yangtse.io/x",),
        priority_classes=("serving",),
        queues={"kai.scheduler/queue": ("shared",)},
        exposure_annotations=("skupper.io/*",),
        exposure_kinds=("Route.route.openshift.io",),
    ),
    egress=Egress(cidrs=("10.0.0.0/8", "169.254.0.0/15", "fd00:ec2::/32", "169.254.170.23/32")),
    dns=Dns(cidrs=("169.254.20.10/32", "192.0.2.53/32")),
)
CONFIG = Config(PLATFORM, (BY_KUBERAY, LISTED, NOTHING, PLAIN, WITH_TOKEN))
FILES = bundle.files(CONFIG, ["gatekeeper"])
MUTANTS = mutants(FILES, "gatekeeper")

OF_OTHERS = tuple(
    f"{rule}/"
    for rule in (
        "require-network-policy",
        "require-authentication",
        "require-tenant-queue",
        "restrict-exposure",
        "restrict-network-kinds",
    )
)


def small(number: int, cpu: str, memory: str) -> Tenant:
    return Tenant(f"team-{number}", (f"ray-{number}",), Container(Bounds("1m", cpu), Bounds("1", memory)))


SMALL = tuple(
    small(number, cpu, memory)
    for number, (cpu, memory) in enumerate(
        (
            *(("500m", "512Mi"), ("499m", "512Mi"), ("500m", "536870911")),
            *(("200m", "256Mi"), ("199m", "256Mi"), ("200m", "268435455")),
            *(("1", "1Gi"), ("999m", "1Gi"), ("1", "1073741823")),
        )
    )
)
"""Each at what KubeRay gives a container that it adds, or one unit below."""

SECRET = "169.254.0.0/16"
ASKING = [{"port": 53, "protocol": "UDP"}]
"""The ports of a rule for DNS. The others are for all."""

OPEN: dict[str, Json] = {
    "all of what is opened": {"cidr": "10.0.0.0/8"},
    "a part of it": {"cidr": "10.1.0.0/16"},
    "without the metadata service": {"cidr": "169.254.0.0/15", "except": [SECRET]},
    "an address that is opened alone": {"cidr": "169.254.170.23/32"},
    "an address of the DNS, to ask it": {"cidr": "169.254.20.10/32"},
    "another address of the DNS, to ask it": {"cidr": "192.0.2.53/32"},
    "a part of what is opened, to ask the DNS": {"cidr": "10.1.0.0/16"},
}
CLOSED: dict[str, Json] = {
    "elsewhere": {"cidr": "11.0.0.0/8"},
    "more than is opened": {"cidr": "10.0.0.0/7"},
    "an address": {"cidr": "10.0.0.1"},
    "an address of the DNS": {"cidr": "169.254.20.10/32"},
    "another address of the DNS": {"cidr": "192.0.2.53/32"},
    "an address beside one that is opened": {"cidr": "169.254.170.22/32"},
    "two addresses, one of them opened": {"cidr": "169.254.170.22/31"},
    "elsewhere, to ask the DNS": {"cidr": "11.0.0.0/8"},
    "an address beside that of the DNS, to ask it": {"cidr": "169.254.20.11/32"},
    "a number": {"cidr": 10},
    "the metadata service alone": {"cidr": "169.254.169.254/32"},
    "its range, all of which is left out": {"cidr": SECRET, "except": [SECRET]},
    "with the metadata service": {"cidr": "169.254.0.0/15"},
    "without something else": {"cidr": "169.254.0.0/15", "except": ["169.255.0.0/16"]},
    "without half of its range": {"cidr": "169.254.0.0/15", "except": ["169.254.0.0/17"]},
    "without what is no range": {"cidr": "169.254.0.0/15", "except": ["metadata"]},
}


def ranges() -> Iterator[Case]:
    """Each range as a tenant's own policy has it, and as a cluster has it."""
    for number, (name, block) in enumerate([*OPEN.items(), *CLOSED.items()]):
        rule = {"to": [{"ipBlock": block}], **({"ports": ASKING} if "to ask" in name else {})}
        policy, cluster = good(NETWORK_POLICIES, PLATFORM, PLAIN)[0], ray_cluster(PLATFORM, PLAIN)
        policy["spec"]["egress"] = [rule]
        cluster["spec"]["networkPolicy"] = {"mode": "DenyAll", "worker": {"egressRules": [rule]}}
        for value, broken in ((policy, "guard-network-policies"), (cluster, "restrict-network-rules")):
            value["metadata"]["name"] = f"range-{number}"
            yield Case(f"{broken}/{name}", value, frozenset({broken} if name in CLOSED else ()))


def updates() -> Iterator[Case]:
    """Broken objects that are there already, each asked to be changed; only its other metadata may be."""
    cluster, older = ray_cluster(PLATFORM, BY_KUBERAY), ray_cluster(PLATFORM, PLAIN)
    pod, service = good(PODS, PLATFORM, PLAIN)[0], good(EXPOSURE, PLATFORM, PLAIN)[0]
    older["apiVersion"] = "ray.io/v1alpha1"
    for value in (cluster, older):
        del value["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"]
    pod["spec"]["hostNetwork"], service["spec"]["type"] = True, "LoadBalancer"
    broken = {
        "require-tenant-nodes": (cluster, older),
        "guard-pods": (pod,),
        "restrict-exposure": (service,),
        "restrict-network-kinds": (model(NETWORK_KINDS, Platform(), PLAIN),),
    }
    for rule, values in broken.items():
        for value in values:
            yield changed(f"{rule}/a finalizer is taken off", value, finalizers=["ray.io/one"])
            yield changed(f"{rule}/a label is put on", value, rule, labels={})
            yield changed(f"{rule}/an annotation is put on", value, rule, annotations={"a": "b"})
    unseen = deepcopy(cluster) | {"apiVersion": "ray.io/v1alpha1"}
    rules = ("require-tenant-nodes", "require-network-policy")
    yield changed("require-network-policy/through an older version", unseen, *rules, finalizers=["ray.io/one"])


def added(config: Config) -> Iterator[Case]:
    """What KubeRay adds and sizes by itself, for tenants whose maximum is at its size or below."""
    asked: dict[str, Json] = {
        "nothing": {},
        "no autoscaler": {"enableInTreeAutoscaling": False},
        "the autoscaler": {"enableInTreeAutoscaling": True},
        "the autoscaler, sized": {"enableInTreeAutoscaling": True, "autoscalerOptions": {"resources": SIZED}},
        "the collector": {"historyServerOptions": {"collectorOptions": {}}},
        "the collector, sized": {"historyServerOptions": {"collectorOptions": {"resources": SIZED}}},
    }
    for tenant in config.tenants:
        for name, fields in asked.items():
            value = ray_cluster(PLATFORM, tenant)
            value["spec"] |= deepcopy(fields)
            yield judged(config, f"limit-resources/{name}", value)
        for mode in ("SidecarMode", "HTTPMode"):
            value = ray_object(KINDS[1], PLATFORM, tenant)
            del value["spec"]["submitterPodTemplate"]
            value["spec"]["submissionMode"] = mode
            yield judged(config, f"limit-resources/{mode}", value)


SIZED: Json = {side: {"cpu": "1m", "memory": "1"} for side in ("requests", "limits")}


def judged(config: Config, name: str, value: Json) -> Case:
    """The case that the reading in Python makes of an object; `tests/rules` tests that reading by itself."""
    found = {violation.rule for violation in Evaluator(config).violations(value)}
    value["metadata"]["name"] = name.rpartition("/")[2].lower().translate(str.maketrans(" ", "-", ","))
    return Case(name, value, frozenset(found))


def allowances() -> Iterator[Case]:
    """Each break and each pass of the rules with allowances, for tenants with lists, with empty ones, with none."""
    for tenant in (LISTED, NOTHING, PLAIN):
        for value in (ray_cluster(PLATFORM, tenant), good(PODS, PLATFORM, tenant)[-1]):
            for rule in (restrict_scheduling, restrict_volumes, restrict_pod_metadata):
                breaks, passes = rule.breaks(PLATFORM, tenant), rule.passes(PLATFORM, tenant)
                for number, (name, edit) in enumerate([*breaks.items(), *passes.items()]):
                    edited = deepcopy(value)
                    edit.apply(next(iter(sites(edited, edit.at).values()))(edited), tenant)
                    edited["metadata"]["name"] = f"allowance-{number}"
                    yield Case(f"{rule.ID}/{name}", edited, frozenset({rule.ID} if name in breaks else ()))


def changed(name: str, value: Json, *fails: str, **metadata: Any) -> Case:
    """The object where it had this metadata before."""
    old = {**value, "metadata": value["metadata"] | metadata}
    return Case(name, value, frozenset(fails), lines=frozenset(), request=Request(operation="UPDATE", old=old))


def of_ranges(mutant: Mutant) -> bool:
    """Whether it is made between the address range of a peer and what is said of the metadata service."""
    text = FILES[mutant.file]
    start = text.rfind("peer.?ipBlock.orValue(null)].map(block", 0, mutant.position)
    return 0 <= start and mutant.position < text.find("must leave out the metadata service", start)


def survivors(
    cases: Sequence[Case], chosen: Sequence[Mutant], config: Config = CONFIG, files: Mapping[str, str] = FILES
) -> list[str]:
    program = find(GATOR, print).path
    results = [mutation.result_of(config, cases, "gatekeeper", program, files, each) for each in chosen]
    return [f"{result.mutant.file}:{result.line}: {result.mutant.name}" for result in results if is_missed(result)]


def is_missed(result: MutantResult) -> bool:
    return not result.killed and not (result.known and not result.known.test)


def elsewhere(name: str) -> list[Mutant]:
    """The mutants that are said to be noticed by a test."""
    entries = ((mutant, known(mutant, FILES)) for mutant in MUTANTS)
    return [mutant for mutant, entry in entries if entry and entry.test.endswith(f"::{name}")]


@pytest.mark.engine
def test_what_only_other_tenants_can_show_is_noticed() -> None:
    chosen = elsewhere("test_what_only_other_tenants_can_show_is_noticed")

    assert 10 < len(chosen)
    # What a tenant without a list of its own may use is the platform's.
    plain = [case for case in derived(Config(PLATFORM, (PLAIN,))) if "/passes/" in case.name]
    tried = [*plain, *derived(CONFIG)]
    assert [] == survivors([case for case in tried if case.name.startswith(OF_OTHERS)], chosen)


@pytest.mark.engine
def test_what_only_an_older_object_can_show_is_noticed() -> None:
    chosen = elsewhere("test_what_only_an_older_object_can_show_is_noticed")

    assert 30 < len(chosen)
    assert [] == survivors(list(updates()), chosen)


@pytest.mark.engine
def test_what_only_tenants_with_small_maxima_can_show_is_noticed() -> None:
    config = Config(PLATFORM, SMALL)
    files = bundle.files(config, ["gatekeeper"])
    chosen = [
        mutant
        for mutant in mutants(files, "gatekeeper")
        if mutant.variable in ("operator_defaults", "limit_resources_4")
    ]

    assert 5 < len(chosen)
    assert [] == survivors(list(added(config)), chosen, config, files)


@pytest.mark.engine
def test_what_only_a_platform_that_opens_addresses_can_show_is_noticed() -> None:
    chosen = [mutant for mutant in MUTANTS if of_ranges(mutant)]

    assert 30 < len(chosen)
    assert [] == survivors(list(ranges()), chosen)


@pytest.mark.engine
def test_what_only_tenants_with_allowances_can_show_is_noticed() -> None:
    chosen = elsewhere("test_what_only_tenants_with_allowances_can_show_is_noticed")

    assert 10 < len(chosen)
    assert [] == survivors(list(allowances()), chosen)
