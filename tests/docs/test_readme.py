"""The README and the tour show what the program prints, and name what exists."""

from __future__ import annotations

import difflib
import json
import re
import shlex
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from controlplane.programs import KUBERNETES

from rayfence import gotool

from ..command_line import rayfence

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
TOUR = (TOP / "docs" / "tour.md").read_text(encoding="utf-8")
PAGES = README + TOUR
EXAMPLES = TOP / "docs" / "examples"


def blocks(text: str, language: str) -> list[str]:
    """The blocks in this language; those in a list without its indentation."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for _, block in found]


def commands(text: str) -> list[tuple[str, str]]:
    """The `check` and `reach` commands that are shown with their output."""
    shown = [block.partition("\n") for block in blocks(text, "console")]
    return [
        (first.removeprefix("$ rayfence "), output)
        for first, _, output in shown
        if re.match(r"\$ rayfence (check|reach)\b", first) and output and not output.startswith("$")
    ]


SHOWN = commands(PAGES)


@pytest.fixture
def at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the commands are given."""
    monkeypatch.chdir(TOP)


def text_with(first: str) -> list[str]:
    """The lines of the one block that begins so."""
    (found,) = [block for block in blocks(PAGES, r"\w+") if block.startswith(first)]
    return found.splitlines()


def test_there_is_something_to_compare() -> None:
    assert ["check", "check", "reach"] == [command.split()[0] for command, _ in SHOWN]


def test_a_command_is_found_with_its_output() -> None:
    block = "```console\n$ rayfence check a.yaml\n{}\n```\n"
    page = block.format("1 denied") + block.format("$ rayfence doctor")

    assert [("check a.yaml", "1 denied\n")] == commands(page)


@pytest.mark.usefixtures("at_the_top")
@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_prints_what_is_shown(command: str, shown: str) -> None:
    result = rayfence(*shlex.split(command))

    assert shown == result.stdout + result.stderr


def test_the_fix_that_is_shown_is_the_difference_of_the_examples() -> None:
    old, new = ((EXAMPLES / name).read_text(encoding="utf-8").splitlines() for name in ("ray.yaml", "fixed.yaml"))
    changed = [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if not line.startswith("@@")]

    assert changed[2:] == text_with("-  annotations")


@pytest.mark.usefixtures("at_the_top")
def test_the_build_prints_what_is_shown(tmp_path: Path) -> None:
    out = str(tmp_path / "policies")

    assert "\n".join(text_with("$ rayfence build")[1:]) + "\n" == rayfence("build", "--out", out).stderr.replace(
        out, "policies"
    )


def test_a_namespace_of_two_tenants_is_reported_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shown,) = text_with("tenants/team-d.yaml:9")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(TOP / "tenants", "tenants")
    taken = Path("tenants/team-a.yaml").read_text(encoding="utf-8")
    Path("tenants/team-d.yaml").write_text(taken.replace("name: team-a ", "name: team-d "), encoding="utf-8")

    assert [shown, "1 problem; policies is unchanged"] == rayfence("build").stderr.splitlines()


@pytest.mark.usefixtures("at_the_top")
def test_the_proofs_end_as_shown() -> None:
    shown = text_with("runs: Ray can start")

    assert shown == rayfence("reach").stdout.splitlines()[-len(shown) :]


@pytest.mark.engine
@pytest.mark.usefixtures("at_the_top")
def test_the_first_command_prints_the_table_that_is_shown() -> None:
    gotool.find(gotool.KYVERNO, print)
    words = "--testcases testcases/documented --no-derived --backend clusterpolicy"
    result = rayfence("test", *words.split())
    lines = result.stdout.splitlines()
    *rows, last = text_with("case ")

    assert rows == lines[lines.index(rows[0]) :][: len(rows)]
    assert re.sub(r"[\d.]+ s$", "", last) == re.sub(r"[\d.]+ s$", "", lines[-1])
    assert last in README


def parts_of(part: object, whole: object) -> bool:
    """Whether a mapping says nothing that another does not say."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        return all(key in whole and parts_of(value, whole[key]) for key, value in part.items())
    return part == whole


def shown_and_sample(name: str) -> tuple[object, object]:
    """A tenant as a page shows it, and its file."""
    tenants = [yaml.safe_load(block) for block in blocks(PAGES, "yaml") if "kind: Tenant" in block]
    (shown,) = [tenant for tenant in tenants if tenant["metadata"]["name"] == name]
    return shown, yaml.safe_load((TOP / "tenants" / f"{name}.yaml").read_text(encoding="utf-8"))


def test_the_tenant_of_the_readme_is_the_sample() -> None:
    shown, sample = shown_and_sample("team-a")

    assert sample == shown


def test_the_tenant_of_the_tour_is_a_part_of_the_sample() -> None:
    assert parts_of(*shown_and_sample("team-b"))


def test_a_tenant_that_differs_is_seen() -> None:
    assert not parts_of({"cpu": {"min": "1"}}, {"cpu": {"min": "2", "max": "4"}})
    assert not parts_of({"cpu": "1", "memory": "1"}, {"cpu": "1"})


def tried_here(page: str) -> dict[str, str]:
    """What the table of versions says was tried: name -> version."""
    table = page.partition("\n## What has been tried\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| ([\w ]+) \| (\d+\.\d+\.\d+) \|", table, re.MULTILINE))


def test_the_versions_that_were_tried_are_those_that_are_pinned() -> None:
    crds = json.loads((TOP / "tests/data/crd_paths.json").read_text(encoding="utf-8"))
    (ray,) = re.findall(r"^ray\[.+\]==([\d.]+)", (TOP / "testing/dataplane/requirements.txt").read_text(), re.MULTILINE)

    assert {
        "Kubernetes": KUBERNETES,
        "Kyverno": gotool.KYVERNO.version,
        "Gatekeeper": gotool.GATOR.version,
        "KubeRay": crds["kuberay"],
        "Ray": ray,
    } == tried_here(README)
    assert f"Cyclonus {gotool.CYCLONUS.version} " in README


def test_a_version_is_read_from_its_own_table_alone() -> None:
    page = (
        "| a | 1.0.0 |\n\n## What has been tried\n\n| a b | 1.2.3 | x |\n| c | none | 4.5.6 |\n\n## d\n| e | 7.8.9 |\n"
    )

    assert {"a b": "1.2.3"} == tried_here(page)


def test_both_commands_of_the_readme_are_commands() -> None:
    (two,) = [block for block in blocks(README, "console") if "tools/dev.py" in block]
    named = re.findall(r"python3 tools/dev\.py (\w+)", two)
    listed = subprocess.run(["python3", TOP / "tools/dev.py", "help"], capture_output=True, text=True, check=True)

    assert ["run", "check"] == named
    assert [] == [name for name in named if f"\n  {name} " not in listed.stdout]
