"""What is shipped, and that what is said of it in several places is the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import dev
import pytest
import yaml

import rayfence

TOP = Path(__file__).parents[1]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
HEAVY = {"fastjsonschema", "hypothesis", "jsonschema", "junitparser", "kubernetes", "rich", "yaml"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from this checkout without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=TOP, check=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def python(*arguments: str, cwd: Path = TOP, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=True
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "file",
    [
        "py.typed",
        "tenants/tenants.schema.json",
        *(f"diagram/page/{file}" for file in ("page.html", "page.css", "picture.css", "arrange.js", "page.js")),
        "tools/go/requirements.txt",
        *(f"tools/{tool}/{file}" for tool in ("kyverno", "kustomize", "gator") for file in ("go.mod", "go.sum")),
    ],
)
def test_the_wheel_has_what_is_not_code(wheel, file):
    assert f"rayfence/{file}" in wheel.namelist()


def test_the_wheel_has_every_module_and_nothing_beside_the_package(wheel):
    package = Path(rayfence.__file__).parent
    modules = {f"rayfence/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")}

    assert set() == modules - set(wheel.namelist())
    assert {"rayfence", f"rayfence-{rayfence.__version__}.dist-info"} == {
        name.split("/")[0] for name in wheel.namelist()
    }


def test_the_wheel_names_the_command(wheel):
    entries = wheel.read(f"rayfence-{rayfence.__version__}.dist-info/entry_points.txt").decode()

    assert "rayfence = rayfence.cli:main" in entries.splitlines()


@pytest.mark.slow
def test_an_installed_package_finds_the_pins_it_was_shipped_with(wheel, tmp_path):
    wheel.extractall(tmp_path)
    ask = "from rayfence.gotool.pins import folder; print(folder('kyverno'))"

    assert (
        str(tmp_path / "rayfence" / "tools" / "kyverno") == python("-c", ask, PYTHONPATH=str(tmp_path)).stdout.strip()
    )


def test_help_starts_without_heavy_imports():
    helped = python("-X", "importtime", "-m", "rayfence", "--help", PYTHONPATH=str(TOP / "generator"))
    loaded = set(re.findall(r"\| +(\w+)", helped.stderr))

    assert "Usage" in helped.stdout
    assert set() == loaded & HEAVY


@pytest.mark.parametrize("words", [("build", "--check"), ("check", "testcases/documented")], ids=" ".join)
@pytest.mark.slow
def test_only_what_asks_a_cluster_loads_its_client(words):
    loading = "import sys; from rayfence.cli import cli; cli(standalone_mode=False)"
    tell = f"{loading}\nprint([each for each in ('kubernetes', 'urllib3') if each in sys.modules])"
    ran = python("-c", tell, *words, PYTHONPATH=str(TOP / "generator"))

    assert "[]" == ran.stdout.splitlines()[-1]


def test_run_time_dependencies_have_a_lower_and_an_upper_bound():
    assert [] == [each for each in PROJECT["dependencies"] if not re.fullmatch(r"[\w.-]+>=[\d.]+,<\d+", each)]


@pytest.mark.parametrize("extra", sorted(PROJECT["optional-dependencies"]))
def test_extras_are_pinned(extra):
    assert [] == [
        each for each in PROJECT["optional-dependencies"][extra] if not re.fullmatch(r"[\w.-]+==[^\s;]+(; .+)?", each)
    ]


def test_every_python_that_is_claimed_is_tested():
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    workflow = yaml.safe_load((TOP / ".github" / "workflows" / "check.yaml").read_text())

    assert claimed == workflow["jobs"]["python"]["strategy"]["matrix"]["python"]
    assert f">={claimed[0]}" == PROJECT["requires-python"]


def test_make_knows_every_command_of_the_development_script():
    listed = re.findall(r"^  (\w+) +\S", python("tools/dev.py", "help").stdout, re.MULTILINE)
    targets = re.findall(r"^([\w ]+):$", (TOP / "Makefile").read_text(), re.MULTILINE)

    assert {"help", *listed} == {target for line in targets for target in line.split()}


def test_the_quick_loop_leaves_out_every_marker_that_there_is():
    # pytest takes a marker that nobody registered in an expression, and then leaves out nothing.
    options = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    markers = {each.partition(":")[0] for each in options["markers"]}

    # What is native is e2e too.
    assert markers - {"native"} == set(dev.NOT_QUICK)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"PYTHONDONTWRITEBYTECODE": "1"}, {"PYTHONPYCACHEPREFIX": str(dev.BYTECODE)}),
        ({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/mine"}, {"PYTHONPYCACHEPREFIX": "/mine"}),
    ],
    ids=["as usual", "none beside the source", "in a place of its own"],
)
def test_compiled_modules_are_kept(given, kept, monkeypatch):
    monkeypatch.setattr(os, "environ", given)
    dev.keep_bytecode()

    assert kept == given


def test_the_development_script_refuses_what_it_does_not_know():
    refused = subprocess.run(
        [sys.executable, TOP / "tools" / "dev.py", "chekc"], capture_output=True, text=True, check=False
    )

    assert (1, "not understood: chekc") == (refused.returncode, refused.stderr.splitlines()[-1])
