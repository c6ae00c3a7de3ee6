"""A table too long for one policy object, on a live server: of each namespace exactly one of them is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest
from controlplane import access
from controlplane.client import Answer, Client
from controlplane.processes import until

from rayfence import admission
from rayfence.admission.shards import MOST_ROWS
from rayfence.cases.good import good, ray_cluster
from rayfence.cluster.connecting import connect
from rayfence.installation import install, uninstall
from rayfence.installation.desired import desired_objects
from rayfence.model.config import Bounds, Config, Container, Network, Platform, Tenant
from rayfence.model.subjects import EXPOSURE, NETWORK_KINDS, NETWORK_POLICIES, PODS, RAY
from rayfence.rules import OF

from .asking import broken
from .bundled import Bundled
from .conftest import NATIVE, TENANT

BACKENDS = ("validatingpolicy", NATIVE, "clusterpolicy")

FIRST, LAST = "ray-x0000", f"ray-x{MOST_ROWS:04}"
"""A namespace of a tenant in each policy object: the second one begins with the last."""

UNCLAIMED = ("ray-a", f"ray-x{MOST_ROWS - 1:04}-b", f"{LAST}-b", "ray-z")
"""Two that nobody has in each one's care."""


@pytest.fixture(scope="module")
def many() -> Config:
    """As few tenants as make two objects, and of their rules those for Ray and for what is deleted as well."""
    bounds = Container(Bounds("1", "4"), Bounds("2Gi", "8Gi"))
    found = [
        Tenant(f"x{number:04}", (f"ray-x{number:04}",), bounds, network=Network(enforce=False))
        for number in range(MOST_ROWS + 1)
    ]
    left_out = tuple(rule.ID for subject in (PODS, EXPOSURE, NETWORK_KINDS) for rule in OF[subject])
    return Config(Platform(disabled_rules=left_out), tuple(found))


@pytest.fixture(scope="module")
def cut(bundled: Bundled, admin: Client, tenant: Client, many: Config) -> Iterator[Bundled]:
    """The bundle for those tenants, in place of what else is there; a reserved NetworkPolicy in two namespaces."""
    bundled.remove()
    # The layer has a quota in each namespace of an enforced tenant, and one more tenant comes later.
    every = (f"ray-x{number:04}" for number in range(MOST_ROWS + 2))
    access.let_edit(admin, (*every, "ray-x9999", *UNCLAIMED), [TENANT])
    closed = [reserved(many, place) for place in (FIRST, LAST)]
    for each in closed:
        admin.apply(each).or_raise()
    yield (found := Bundled(admin, tenant, many))
    found.remove()
    for each in closed:
        admin.delete(each).or_raise()


def cluster(config: Config, namespace: str, nodes: str = "") -> dict[str, Any]:
    """A RayCluster, good but for the nodes of its head, if such are named."""
    owner = config.by_namespace().get(namespace, config.tenants[0])
    value = ray_cluster(config.platform, owner)
    value["metadata"] |= {"name": "at-the-cut", "namespace": namespace}
    if nodes:
        value["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"] = {"tenant": nodes}
    return value


def reserved(config: Config, namespace: str) -> dict[str, Any]:
    """A NetworkPolicy that only Kyverno and administrators may touch."""
    value = good(NETWORK_POLICIES, config.platform, config.by_namespace()[namespace])[0]
    value["metadata"] |= {"name": "rayfence-at-the-cut", "namespace": namespace}
    return value


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_namespace_is_judged_and_by_its_own_row(backend, cut, many, tenant):
    cut.use(backend)

    let_in = [tenant.create(cluster(many, place), dry_run=True) for place in (FIRST, LAST)]
    bad = [tenant.create(cluster(many, place, nodes="team-z"), dry_run=True) for place in (FIRST, LAST)]
    homeless = [tenant.create(cluster(many, place), dry_run=True) for place in UNCLAIMED]
    deleted = [tenant.delete(reserved(many, place), dry_run=True) for place in (FIRST, LAST)]

    assert [] == [answer.message for answer in let_in if not answer.ok]
    assert [{"require-tenant-nodes"}] * 2 == [broken(answer) for answer in bad]
    assert [True] * len(UNCLAIMED) == ["restrict-namespace" in broken(answer) for answer in homeless]
    assert [{"guard-network-policies"}] * 2 == [broken(answer) for answer in deleted]


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_namespace_is_in_nobodys_care_while_a_cut_moves(backend, cut, many, admin, controlplane):
    """The first tenant goes and one comes at the end: the last one's namespace is the first object's then, and back."""
    cut.remove()
    here, later = (
        connect(str(controlplane.kubeconfig)),
        replace(many.tenants[0], name="x9999", namespaces=("ray-x9999",)),
    )
    moved = replace(many, tenants=(*many.tenants[1:], later))
    objects = [desired_objects(each, backend) for each in (many, moved, many)]
    say, bad = (lambda sentence: None), cluster(many, LAST, nodes="team-z")
    install(here, objects[0], say)
    try:
        with asking(admin.as_user(TENANT), bad) as answers:
            for each in objects[1:]:
                install(here, each, say)
    finally:
        uninstall(here, say)

    assert len(answers) > 20
    assert [] == [answer.message for answer in answers if "require-tenant-nodes" not in broken(answer)]


@contextmanager
def asking(user: Client, value: dict[str, Any]) -> Iterator[list[Answer]]:
    """Somebody who tries to create an object all the while, and what was said to it."""
    answers: list[Answer] = []
    enough = Event()

    def ask() -> None:
        while not enough.wait(0.05):
            answers.append(user.create(value, dry_run=True))

    asker = Thread(target=ask)
    asker.start()
    try:
        yield answers
    finally:
        enough.set()
        asker.join()


def test_where_nobody_is_in_charge_the_answer_shows_it(cut, many, tenant, admin):
    cut.use(NATIVE)
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": f"{RAY.name}-2"},
    }
    first, last = (cluster(many, place, nodes="team-z") for place in (FIRST, LAST))
    nobody = {"spec": {"matchConditions": [{"name": admission.IN_CHARGE, "expression": "false"}]}}
    admin.patch(policy, nobody).or_raise()
    try:
        until("the change is felt", lambda: tenant.create(last, dry_run=True).ok, 30)
        assert {"require-tenant-nodes"} == broken(tenant.create(first, dry_run=True))
    finally:
        cut.remove()
