"""The README's tour shows what the program says, and its tables name what there is."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from rayfence.rules import ids

from .command_line import rayfence

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ rayfence ((?:check|reach)[^\n]*)\n(.+?)```", README, re.DOTALL)


@pytest.fixture
def at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the README's commands are given."""
    monkeypatch.chdir(TOP)


def text_with(first: str) -> list[str]:
    """The lines of the block that begins so."""
    (found,) = re.findall(rf"```\w+\n({re.escape(first)}.*?)```", README, re.DOTALL)
    return str(found).splitlines()


def test_there_is_something_to_compare() -> None:
    assert ["check", "reach"] == [command.split()[0] for command, _ in SHOWN]


@pytest.mark.usefixtures("at_the_top")
@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_what_is_shown_is_said(command: str, shown: str) -> None:
    result = rayfence(*shlex.split(command))

    assert shown == result.stdout + result.stderr


@pytest.mark.usefixtures("at_the_top")
def test_the_build_says_what_is_shown(tmp_path: Path) -> None:
    out = str(tmp_path / "policies")

    assert "\n".join(text_with("$ rayfence build")[1:]) + "\n" == rayfence("build", "--out", out).stderr.replace(
        out, "policies"
    )


def test_a_namespace_of_two_tenants_is_told_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shown,) = text_with("tenants/team-d.yaml:9")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TOP / "tenants", "tenants")
    taken = Path("tenants/team-a.yaml").read_text(encoding="utf-8")
    Path("tenants/team-d.yaml").write_text(taken.replace("name: team-a ", "name: team-d "), encoding="utf-8")

    assert [shown, "1 problem; policies is as it was"] == rayfence("build").stderr.splitlines()


@pytest.mark.usefixtures("at_the_top")
def test_the_proofs_come_to_what_is_shown() -> None:
    shown = text_with("runs: Ray can start")

    assert shown == rayfence("reach").stdout.splitlines()[-len(shown) :]


def test_the_row_that_changes_is_one_of_the_policies() -> None:
    policy = (TOP / "policies/clusterpolicy/enforce-tenant-isolation.yaml").read_text(encoding="utf-8")
    context, old, new = text_with("             'ray-namespace'")

    assert {context, f" {old[1:]}"} <= {f" {line}" for line in policy.splitlines()}
    assert old.replace("|16|1Gi", "|32|1Gi")[1:] == new[1:]


def test_the_tenant_that_is_shown_is_the_samples() -> None:
    shown = next(each for each in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "kind: Tenant" in each)

    assert yaml.safe_load(shown) == yaml.safe_load((TOP / "tenants/team-a.yaml").read_text(encoding="utf-8"))


def test_every_rule_has_its_line() -> None:
    assert list(ids()) == re.findall(r"^\| `([a-z-]+)` \|", README.partition("## The rules")[2], re.MULTILINE)
