"""Kyverno away, killed or told to end: nothing of Ray gets in, and what isolates the tenants stays where it is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from controlplane.client import Client
from controlplane.kyverno import Kyverno
from controlplane.processes import until

from rayfence import admission
from rayfence.config import Config

from . import isolation
from .bundled import Bundled

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
    assert isolation.wanted(config, running) == isolation.found(admin, running)
    assert isolation.must_be_static(config) == isolation.static(admin, config)


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
