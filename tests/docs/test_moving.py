"""The commands of the page on moving from ClusterPolicy, run by bash on the bundle of the sample tenants.

There is no cluster: `kubectl` writes down what it is told, and answers what a cluster with the bundle would. So what is
shown is that files are there, that what reaches the server is whole, and that patches fit the objects they are for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..builders import sample_files

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/moving-from-clusterpolicy.md").read_text(encoding="utf-8")
KINDS = ("clusterpolicy", "validatingpolicy")

Json = dict[str, Any]

KUBECTL = """\
#!{python}
import json, os, sys
told = sys.argv[1:]
standard = sys.stdin.read() if "-" in told else ""
with open(os.environ["CALLS"], "a", encoding="utf-8") as calls:
    calls.write(json.dumps([told, standard]) + "\\n")
answers = json.loads(os.environ["ANSWERS"])
print(next((text for words, text in answers.items() if " ".join(told).startswith(words)), ""))
"""


@dataclass(frozen=True)
class Call:
    """What kubectl was told, and what came on its standard input."""

    words: tuple[str, ...]
    standard: str

    def values(self, *flags: str) -> list[str]:
        """What stands behind each of the flags."""
        return [value for flag, value in zip(self.words, self.words[1:], strict=False) if flag in flags]


def script(heading: str) -> str:
    """The commands below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return "set -euo pipefail\n" + "".join(re.sub(r"^\$ ", "", block, flags=re.MULTILINE) for block in blocks)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to stand in: the bundle, an older one, and programs that only write down what they are told."""
    files = {path: text for path, text in sample_files().items() if path.partition("/")[0] in (*KINDS, "tenants")}
    for path, text in files.items():
        for folder in ("policies", "OLD"):
            (tmp_path / folder / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / path).write_text(text, encoding="utf-8")
    (tmp_path / "testcases").symlink_to(TOP / "testcases")
    (tmp_path / "bin").mkdir()
    for name, text in {"kubectl": KUBECTL.format(python=sys.executable), "rayfence": "#!/bin/sh\n"}.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def run(place: Path, text: str, answers: Mapping[str, str] | None = None) -> tuple[list[Call], str, int]:
    """What kubectl was told, what the commands printed, and how they ended."""
    calls = place / "calls"
    calls.write_text("")
    environment = {
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(calls),
        "ANSWERS": json.dumps(answers or {}),
    }
    done = subprocess.run(
        ["bash", "-c", text], cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    found = [json.loads(line) for line in calls.read_text().splitlines()]
    assert "" == done.stderr
    return [Call(tuple(words), standard) for words, standard in found], done.stdout, done.returncode


def objects(text: str) -> list[Json]:
    return [value for value in yaml.load_all(text, yaml.CSafeLoader) if value]


def in_bundle(kind: str, *names: str) -> list[Json]:
    """The objects of these files of the bundle."""
    return [value for name in names for value in objects(sample_files()[f"{kind}/{name}.yaml"])]


JUDGES = ("enforce-tenant-isolation", "guard-exposure", "guard-network-policies", "guard-pods")
EITHER_WAY = "guard-network-kinds"
"""A ValidatingPolicy in both bundles."""
GENERATOR = "generate-network-policies"
POLICIES = {
    "get clusterpolicies": f"clusterpolicy.kyverno.io/{JUDGES[0]}\nclusterpolicy.kyverno.io/{GENERATOR}",
    "get validatingpolicies": "\n".join(
        f"validatingpolicy.policies.kyverno.io/{name}" for name in (*JUDGES, f"{EITHER_WAY}-audit", EITHER_WAY)
    ),
    "get generatingpolicies": f"generatingpolicy.policies.kyverno.io/{GENERATOR}",
}
STEPS = re.findall(r"^## (Before|\d\. .+|Roll back)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("heading", [step for step in STEPS if not step.startswith("2.")])
def test_every_command_runs_and_names_files_that_are_there(place: Path, heading: str) -> None:
    calls, _, code = run(place, script(heading), POLICIES)
    files = [value for call in calls for value in call.values("-f", "-k") if value != "-"]

    assert 0 == code
    assert calls
    assert [] == [file for file in files if not (place / file).exists()]


def test_all_steps_are_run() -> None:
    assert ["Before", "1.", "2.", "3.", "4.", "5.", "Roll back"] == [re.sub(r"(?<=\.) .*", "", s) for s in STEPS]


def test_the_new_judges_come_whole_and_refuse_nothing(place: Path) -> None:
    calls, _, _ = run(place, script(STEPS[1]))
    (applied,) = [objects(call.standard) for call in calls if call.standard]
    expected = in_bundle("validatingpolicy", *JUDGES)
    for each in expected:
        actions = each["spec"]["validationActions"]
        each["spec"]["validationActions"] = ["Audit" if action == "Deny" else action for action in actions]

    assert len(expected) > len(JUDGES)
    assert expected == applied


def test_the_judges_that_refuse_are_those_that_audited(place: Path) -> None:
    calls, _, _ = run(place, script(STEPS[3]))
    applied = [Path(value).stem for call in calls if call.words[0] == "apply" for value in call.values("-f")]

    assert sorted([*JUDGES, EITHER_WAY]) == sorted(applied)


def test_every_rule_of_the_old_generator_leaves_what_it_made(place: Path) -> None:
    calls, _, _ = run(place, script(STEPS[4]), POLICIES)
    patches = [call for call in calls if call.words[0] == "patch"]
    (policy,) = in_bundle("clusterpolicy", GENERATOR)
    (operations,) = [json.loads(value) for call in patches for value in call.values("-p")]

    assert [f"clusterpolicy.kyverno.io/{GENERATOR}"] == [call.words[1] for call in patches]
    assert [
        f"/spec/rules/{n}/generate/orphanDownstreamOnPolicyDelete" for n, _ in enumerate(policy["spec"]["rules"])
    ] == [each["path"] for each in operations]
    assert all("generate" in rule for rule in policy["spec"]["rules"])
    assert [("add", True)] * len(operations) == [(each["op"], each["value"]) for each in operations]


def test_the_new_generator_leaves_what_it_made_on_the_way_back(place: Path) -> None:
    calls, _, _ = run(place, script("Roll back"), POLICIES)
    (call,) = [call for call in calls if call.words[0] == "patch"]
    (patch,) = [json.loads(value) for value in call.values("-p")]

    assert {"spec": {"evaluation": {"orphanDownstreamOnPolicyDelete": {"enabled": True}}}} == patch
    assert all("evaluation" in each["spec"] for each in in_bundle("validatingpolicy", GENERATOR))


def test_what_is_in_both_bundles_stays_on_the_way_back(place: Path) -> None:
    calls, _, _ = run(place, script("Roll back"), POLICIES)
    deleted = [word for call in calls if call.words[0] == "delete" for word in call.words[1:]]

    assert {f"validatingpolicy.policies.kyverno.io/{name}" for name in JUDGES} == {
        each for each in deleted if each.startswith("validatingpolicy.")
    }
    assert in_bundle("clusterpolicy", EITHER_WAY) == in_bundle("validatingpolicy", EITHER_WAY)


@pytest.mark.parametrize("name", JUDGES)
def test_pods_and_network_policies_that_are_there_are_in_no_reports(name: str) -> None:
    old = {each["spec"]["background"] for each in in_bundle("clusterpolicy", name)}
    new = {each["spec"]["evaluation"]["background"]["enabled"] for each in in_bundle("validatingpolicy", name)}

    assert old == new == {name not in ("guard-network-policies", "guard-pods")}


def report(source: str, policy: str, result: str, message: str) -> Json:
    return {
        "metadata": {"namespace": "ray-a"},
        "scope": {"kind": "RayCluster", "name": "one"},
        "results": [{"source": source, "policy": policy, "result": result, "message": message}],
    }


OLD = report("kyverno", JUDGES[0], "fail", "limit-resources: [limit-resources] a: b")
NEW = report("KyvernoValidatingPolicy", JUDGES[0], "fail", "limit-resources: [limit-resources] other words")
OTHER = report("KyvernoValidatingPolicy", JUDGES[0], "fail", "require-tenant-label: [require-tenant-label] a: b")
FOREIGN = report("kyverno", "somebody-elses", "fail", "x: y")
PASSED = report("kyverno", JUDGES[1], "pass", "")


@pytest.mark.skipif(shutil.which("jq") is None, reason="the page asks for jq")
@pytest.mark.parametrize(
    ("reports", "agree"),
    [([OLD, NEW, FOREIGN, PASSED], True), ([OLD, FOREIGN], False), ([OLD, OTHER], False)],
    ids=["the same", "one says nothing", "another rule"],
)
def test_reports_that_differ_are_shown(place: Path, reports: list[Json], agree: bool) -> None:
    first = script(STEPS[2]).partition("kubectl get events")[0]
    _, printed, code = run(place, first, {"get policyreports": json.dumps({"items": reports})})

    assert (agree, 0 if agree else 1) == (printed == "", code)
