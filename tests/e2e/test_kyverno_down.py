"""Kyverno away, killed or told to end: nothing of a tenant's gets in, and what isolates the tenants stays where it is.

In a namespace that no tenant has, everything but Ray goes on.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from controlplane import access
from controlplane.client import Answer, Client
from controlplane.kyverno import Kyverno
from controlplane.processes import until

from rayfence import admission
from rayfence.model.config import Config
from rayfence.model.subjects import SUBJECTS

from . import isolation
from .bundled import Bundled
from .conftest import TENANT

WAYS = [pytest.param(signal.SIGKILL, id="killed"), pytest.param(signal.SIGTERM, id="told to end")]


@pytest.fixture
def end_kyverno(kyverno: Kyverno) -> Iterator[Callable[[signal.Signals], None]]:
    """Ends all of Kyverno's controllers; afterwards they run again."""
    yield kyverno.stop
    kyverno.start()


@pytest.fixture
def running(backend: str, bundled: Bundled, admin: Client, tenant: Client, config: Config) -> Iterator[dict[str, Any]]:
    """A RayCluster from before."""
    bundled.use(backend)
    value = isolation.new_cluster(config, "running")
    isolation.start(admin, tenant, config, value)
    yield value
    admin.delete(value).or_raise()


def good(config):
    return isolation.new_cluster(config, "while-away")


def bad(config):
    value = good(config)
    value["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"] = {}
    return value


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("backend", ["validatingpolicy", "clusterpolicy"])
def test_nothing_of_ray_gets_in_and_tenants_stay_isolated(backend, how, running, end_kyverno, admin, tenant, config):
    end_kyverno(how)

    closed = isolation.named(running, "head"), {"metadata": {"labels": {"example.com/mine": "yes"}}}
    answers = [
        tenant.create(bad(config)),
        tenant.create(good(config)),
        tenant.patch(running, {"metadata": {"labels": {"tenant": "team-b"}}}),
        tenant.patch(*closed),
        tenant.delete(closed[0]),
    ]

    assert [(500, "failed calling webhook")] * len(answers) == [
        (answer.status, "failed calling webhook" if "failed calling webhook" in answer.message else answer.message)
        for answer in answers
    ]
    # A ClusterPolicy that generates wants to hear of deletions, and fails closed.
    assert (backend == "validatingpolicy") is tenant.delete(running, dry_run=True).ok
    assert isolation.wanted(config, running) == isolation.found(admin, running)
    assert isolation.must_be_static(config) == isolation.static(admin, config)


NOBODYS = "rayfence-e2e-nobodys"
KYVERNO = pytest.mark.parametrize("backend", ["validatingpolicy", "clusterpolicy"])
GUARDED = {resource.plural for subject in SUBJECTS if not subject.everywhere for resource in subject.resources}


@pytest.fixture(scope="session")
def nobodys(admin: Client) -> str:
    """A namespace that no tenant has; the suite's tenant may edit it, too."""
    access.let_edit(admin, [NOBODYS], [TENANT])
    return NOBODYS


def ordinary(namespace: str) -> list[dict[str, Any]]:
    """What any team may have, and no rule objects to: one of each kind that guards speak of."""
    metadata = {"name": "ordinary", "namespace": namespace}
    backend = {"service": {"name": "ordinary", "port": {"number": 80}}}
    specs = {
        ("v1", "Pod"): {"containers": [{"name": "main", "image": "busybox"}]},
        ("v1", "Service"): {"ports": [{"port": 80}]},
        ("networking.k8s.io/v1", "NetworkPolicy"): {"podSelector": {}},
        ("networking.k8s.io/v1", "Ingress"): {"defaultBackend": backend},
    }
    return [
        {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        for (version, kind), spec in specs.items()
    ]


def cluster_in(config: Config, namespace: str) -> dict[str, Any]:
    value = good(config)
    value["metadata"]["namespace"] = namespace
    return value


def is_stopped(answer: Answer) -> bool:
    """Whether the API server wanted to ask Kyverno, and so refused."""
    return answer.status == 500 and "failed calling webhook" in answer.message


def webhooks(admin: Client) -> list[dict[str, Any]]:
    """All that the API server asks before it does what is asked of it."""
    kinds = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
    found = [each for kind in kinds for each in admin.list("admissionregistration.k8s.io/v1", kind)]
    return [hook for each in found for hook in each.get("webhooks", ())]


def ask_of_everybody(hooks: list[dict[str, Any]]) -> list[str]:
    """The webhooks that are asked about some kind that guards speak of, in every namespace."""
    return [
        hook["name"]
        for hook in hooks
        if not hook.get("matchConditions")
        and any(not GUARDED.isdisjoint(rule["resources"]) for rule in hook.get("rules", ()))
    ]


def all_guards_have_webhooks(admin: Client, config: Config) -> bool:
    names = [hook["name"] for hook in webhooks(admin)]
    guards = [policy.name for policy in admission.policies(config) if not policy.subject.everywhere]
    return all(any(name.endswith(f"-{guard}") for name in names) for guard in guards)


@KYVERNO
def test_nothing_of_a_tenants_gets_in_and_others_go_on(
    backend, bundled: Bundled, end_kyverno, nobodys, admin, tenant, config
):
    bundled.use(backend)
    until("a webhook for each guard", lambda: all_guards_have_webhooks(admin, config), 60)
    asked = webhooks(admin)
    end_kyverno(signal.SIGKILL)

    others = [tenant.create(each) for each in ordinary(nobodys)]
    others += [tenant.patch(each, {"metadata": {"labels": {"a": "b"}}}) for each in ordinary(nobodys)]
    others += [tenant.delete(each) for each in ordinary(nobodys)]
    tenants = [tenant.create(each) for space in config.by_namespace() for each in ordinary(space)]
    ray = [tenant.create(cluster_in(config, space)) for space in (nobodys, "default", *config.by_namespace())]
    ray[1:2] = [admin.create(cluster_in(config, "default"))]

    assert [] == [answer.message for answer in others if not answer.ok]
    assert [] == [answer.value for answer in (*tenants, *ray) if not is_stopped(answer)]
    assert [] == ask_of_everybody(asked)


@KYVERNO
def test_no_label_of_a_namespace_takes_it_out_of_a_guards_care(
    backend, bundled: Bundled, end_kyverno, nobodys, admin, tenant, config
):
    bundled.use(backend)
    until("a webhook for each guard", lambda: all_guards_have_webhooks(admin, config), 60)
    name = config.tenants[0].namespaces[0]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    labels = {"kubernetes.io/metadata.name": nobodys, "example.com/mine": "yes"}
    relabelled = admin.patch(namespace, {"metadata": {"labels": labels}}).or_raise()["metadata"]["labels"]
    try:
        bare = ordinary(name)[0]
        bare["spec"]["nodeName"] = "node-1"
        judged = admin.as_user(TENANT).create(bare, dry_run=True)
        end_kyverno(signal.SIGKILL)
        stopped = [tenant.create(each, dry_run=True) for each in ordinary(name)]
    finally:
        admin.patch(namespace, {"metadata": {"labels": {"example.com/mine": None}}}).or_raise()

    assert (name, "yes") == (relabelled["kubernetes.io/metadata.name"], relabelled["example.com/mine"])
    assert {"guard-pods"} == set(admission.read(judged.message)[0])
    assert [True] * len(stopped) == [is_stopped(answer) for answer in stopped]


def test_native_policies_stop_nobody_else(end_kyverno, bundled: Bundled, nobodys, admin, tenant, config):
    bundled.use("validatingadmissionpolicy")
    end_kyverno(signal.SIGKILL)
    bare = [ordinary(space)[0] for space in (nobodys, config.tenants[0].namespaces[0])]
    for each in bare:
        each["spec"]["nodeName"] = "node-1"

    others, own = (tenant.create(each, dry_run=True) for each in bare)

    assert others.ok
    assert {"guard-pods"} == set(admission.read(own.message)[0])


def test_once_it_is_back_good_ones_get_in_and_bad_ones_do_not(bundled: Bundled, admin, tenant, config):
    bundled.use("validatingpolicy")

    until("a good RayCluster", lambda: tenant.create(good(config), dry_run=True).ok, 60)
    refused = tenant.create(bad(config), dry_run=True)

    assert {"require-tenant-nodes"} == set(admission.read(refused.message)[0])


def test_native_policies_do_not_need_it(end_kyverno, bundled: Bundled, admin, tenant, config):
    bundled.use("validatingadmissionpolicy")
    end_kyverno(signal.SIGKILL)

    refused = tenant.create(bad(config), dry_run=True)

    assert {"require-tenant-nodes"} == set(admission.read(refused.message)[0])
    assert tenant.create(good(config), dry_run=True).ok
    assert isolation.must_be_static(config) == isolation.static(admin, config)
