"""What is odd in a tenant config and does not stop anything, each with the exact words that are said about it.

The cases in `bad/warnings.txt` are written as those of `test_bad_tenants`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rayfence.tenants import load, parse

from ..command_line import contents, rayfence, tenant, write
from .test_bad_tenants import CASES, GOOD, cases_in

PLATFORM = (CASES / "base-platform.yaml").read_text("utf-8")
ODD = PLATFORM.replace("spec: {}", "spec: {operator: {podLabels: {}}}")

FINE = {
    "the default": "{}",
    "the default, written": "{nodeLabel: tenant}",
    "a node label of administrators": "{nodeLabel: node-restriction.kubernetes.io/tenant}",
    "a node label below that": "{nodeLabel: corp.node-restriction.kubernetes.io/tenant}",
    "a role": "{nodeLabel: node-role.kubernetes.io/ray}",
    "other keys": "{tenantLabel: corp.example/tenant, taintKey: corp.example/nvidia.com}",
    "a taint of administrators": "{taintKey: node-restriction.kubernetes.io/tenant}",
    "names that only look like everybody's": "{administrators: {groups: ['system:masters', 'authenticated']}}",
    "an account of nobody's": "{administrators: {users: ['system:serviceaccount:argocd:controller']}}",
    "a user called like an account": "{administrators: {users: ['serviceaccount:ray-a:default']}}",
    "link-local addresses": "{egress: {cidrs: [169.254.170.23/32, 169.254.169.252/32, 'fd00:ec2::23/128']}}",
    "a DNS on each node": "{dns: {cidrs: [169.254.20.10/32, 10.96.0.10/32]}}",
    "whole names of queues": "{allow: {queues: {queue: [root.a], ray.io/priority-class-name: [batch]}}}",
    "beginnings of annotations": "{allow: {podAnnotations: ['a*'], exposure: {annotations: ['b*']}}}",
    "labels of the operator": "{operator: {podLabels: {app: kuberay}, ports: [8265]}}",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(*case, id=title) for title, *case in cases_in("warnings", "base-platform.yaml")],
)
def test_what_is_odd_is_told_with_its_line_and_what_to_write(text: str, expected: list[str]) -> None:
    assert expected == list(parse([("a.yaml", text)]).warnings)


@pytest.mark.parametrize("spec", FINE.values(), ids=FINE)
def test_nothing_is_said_of(spec: str) -> None:
    assert () == parse([("a.yaml", PLATFORM.replace("spec: {}", f"spec: {spec}"))]).warnings


FEW = "  network: {head: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.16/28}}, {ipBlock: {cidr: 'fd00::/120'}}]}]}}\n"
WIDE_EGRESS = "  network: {head: {egress: [{to: [{ipBlock: {cidr: 10.20.0.0/16}}]}]}}\n"


@pytest.mark.parametrize(
    "fields",
    [
        "  enforcement: Audit\n  network: {enforce: false}\n",
        "  quota: {memory: 8Gi}\n",
        "  allow: {queues: {queue: [root.team-a*]}}\n",
        FEW,
        WIDE_EGRESS,
    ],
)
def test_nothing_is_said_of_a_tenant_with(fields: str) -> None:
    assert () == parse([("a.yaml", GOOD + fields)]).warnings


def test_the_samples_are_not_odd() -> None:
    assert () == load([Path(__file__).parents[2] / "tenants"]).warnings


def test_warnings_come_in_order_of_file_and_line() -> None:
    odd = GOOD.replace("max: 8Gi", "max: 8").replace("min: 2Gi", "min: 2") + "  network: {enforce: false}\n"
    found = parse([("b.yaml", ODD.partition("---")[0]), ("a.yaml", odd)]).warnings

    assert ["a.yaml:9", "a.yaml:9", "a.yaml:10", "b.yaml:4"] == [each.split(": ")[0] for each in found]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with an odd platform and a tenant."""
    write(tmp_path / "tenants", platform=ODD.partition("---")[0], b=tenant("team-b"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


SAID = (
    "warning: tenants/platform.yaml:4: spec.operator.podLabels: is empty, so every pod of that namespace counts as "
    "one; write the labels of its pods\n"
)
STOPPED = "1 warning, and --strict allows none; policies is unchanged\n"


def test_a_build_tells_what_is_odd_and_builds(place: Path) -> None:
    result = rayfence("build")

    assert (0, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith(f"{SAID}policies is written: ")


def test_a_strict_build_stops(place: Path) -> None:
    result = rayfence("build", "--strict")

    assert (1, "", SAID + STOPPED) == (result.exit_code, result.stdout, result.stderr)
    assert not (place / "policies").exists()


def test_a_strict_build_of_what_is_not_odd_builds(place: Path) -> None:
    (place / "tenants/platform.yaml").unlink()

    assert 0 == rayfence("build", "--strict").exit_code
    assert contents(place / "policies")


def test_a_strict_check_says_both(place: Path) -> None:
    rayfence("build")
    fresh, strict = rayfence("build", "--check"), rayfence("build", "--check", "--strict")

    assert (0, SAID) == (fresh.exit_code, fresh.stderr)
    assert (1, fresh.stdout, SAID + STOPPED) == (strict.exit_code, strict.stdout, strict.stderr)


def test_a_tenant_that_asks_for_less_than_its_platform_is_told() -> None:
    asking = PLATFORM.replace("spec: {}", "spec: {require: {authentication: token}}")
    expected = (
        "a.yaml:15: spec.require: is without the Platform's authentication: token; "
        "leave require out, or write authentication"
    )

    assert (expected,) == parse([("a.yaml", f"{asking}  require: {{}}\n")]).warnings
    assert () == parse([("a.yaml", f"{PLATFORM}  require: {{}}\n")]).warnings
    assert () == parse([("a.yaml", f"{asking}  require: {{authentication: token}}\n")]).warnings
