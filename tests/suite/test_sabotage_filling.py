"""The suite looks at what is filled in, object by object: a policy that fills in wrongly or not at all turns it red."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rayfence import suite
from rayfence.cases import Case
from rayfence.cases.good import good
from rayfence.gotool import KYVERNO, find
from rayfence.manifests import bundle
from rayfence.model.config import Config, Mode, Network, Platform, Provider, Tenant
from rayfence.model.outcome import SuiteReport
from rayfence.model.subjects import RAY
from rayfence.rules import OF

from ..builders import BOUNDS

pytestmark = pytest.mark.engine

OWN = Tenant("team-a", ("ray-a",), BOUNDS)
BY_KUBERAY = Tenant(
    "team-k", ("ray-k",), BOUNDS, network=Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_INGRESS)
)
OTHERS = tuple(rule.ID for subject, rules in OF.items() if subject is not RAY for rule in rules)
CONFIG = Config(Platform(disabled_rules=OTHERS), (OWN, BY_KUBERAY))

BACKENDS = pytest.mark.parametrize("backend", ["clusterpolicy", "validatingpolicy"])
FILLING = "fill-network-policy.yaml"


def cases() -> list[Case]:
    """A good object of each kind of both tenants, and for one of them a RayCluster that asks for nothing."""
    found = [
        Case(
            f"{value['kind']} of {tenant.name}", {**value, "metadata": {**value["metadata"], "name": name}}, frozenset()
        )
        for tenant in CONFIG.tenants
        for value in good(RAY, CONFIG.platform, tenant)
        for name in [f"{value['kind'].lower()}-{value['apiVersion'].rpartition('/')[2]}"]
    ]
    (silent,) = (value for value in good(RAY, CONFIG.platform, BY_KUBERAY) if value["kind"] == "RayCluster")
    silent["metadata"]["name"] = "silent"
    del silent["spec"]["networkPolicy"]
    return [*found, Case("silent", silent, frozenset({"require-network-policy"}))]


def run(backend: str, files: Mapping[str, str]) -> SuiteReport:
    program: Path = find(KYVERNO, print).path
    return suite.run(CONFIG, cases(), [backend], program, jobs=1, files=files)


def complaints(report: SuiteReport) -> list[str]:
    return [*report.problems, *(problem for outcome in report.outcomes for problem in outcome.problems)]


@BACKENDS
def test_policies_as_they_are_come_out_as_expected(backend: str) -> None:
    report = run(backend, bundle.files(CONFIG, [backend]))

    assert [] == complaints(report)
    # One that judges, those that generate, and one that fills in.
    assert 2 + {"clusterpolicy": 2, "validatingpolicy": 1}[backend] == report.rules_loaded


@BACKENDS
@pytest.mark.parametrize("how", ["another mode", "no policy"])
def test_a_policy_that_fills_in_wrongly_is_noticed(backend: str, how: str) -> None:
    files = dict(bundle.files(CONFIG, [backend]))
    text = files.pop(f"{backend}/{FILLING}")
    assert "DenyAllIngress" in text
    if how == "another mode":
        files[f"{backend}/{FILLING}"] = text.replace("DenyAllIngress", "DenyAll")

    missing = ["0 of 1 rules fill-network-policy were loaded"] if how == "no policy" else []
    assert [*missing, "fill-network-policy: its object differs from what it must be"] == complaints(run(backend, files))


@BACKENDS
def test_a_policy_that_fills_in_for_everybody_is_noticed(backend: str) -> None:
    files = dict(bundle.files(CONFIG, [backend]))
    path = f"{backend}/{FILLING}"
    files[path] = files[path].replace("ray-k", "ray-a")

    assert 5 <= complaints(run(backend, files)).count("fill-network-policy: its object differs from what it must be")
