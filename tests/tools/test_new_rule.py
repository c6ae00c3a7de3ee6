"""`tools/new_rule.py` begins a rule that is in the table at once, and fails until somebody has written it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import new_rule
import pytest

from ..command_line import contents, surroundings

TOP = Path(__file__).parents[2]
FOLDERS = ("generator", "tenants", "testcases", "tests", "tools")
RULES = {f"limit-{subject}-hosts": subject for subject in new_rule.SKELETONS}
UNWRITTEN = new_rule.UNWRITTEN

REACHED = """
import json, sys
from rayfence.cases.good import model
from rayfence.model.config import Bounds, Container, Platform, Tenant
from rayfence.rules import OF, RULES, ids
from rayfence.workload import Workload

tenant = Tenant("team-a", ("ray-a",), Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")))

def said(part):
    try:
        return f"nothing: {list(part())}"
    except NotImplementedError as error:
        return str(error)

def parts(rule, subject):
    work = Workload(model(subject, Platform(), tenant))
    yield said(lambda: rule.cel(Platform()))
    yield said(lambda: rule.violations(work, tenant, Platform()))
    yield said(lambda: rule.breaks(Platform(), tenant))
    yield said(lambda: rule.passes(Platform(), tenant))

new = {
    f"{rule.ID} {subject.name}": list(parts(rule, subject))
    for subject, rules in OF.items() for rule in rules if rule.ID.endswith("-hosts")
}
print(json.dumps([list(ids()), new]))
"""


def copied(folder: Path) -> Path:
    """What of the repository has to do with rules, where it may be changed."""
    for each in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "e2e", "dataplane", "node_modules")
        shutil.copytree(TOP / each, folder / each, ignore=ignored)
    shutil.copy(TOP / "pyproject.toml", folder)
    return folder


def run(top: Path, *words: str) -> subprocess.CompletedProcess[str]:
    where = surroundings(PYTHONPATH=f"{top / 'generator'}:{top / 'tools'}")
    return subprocess.run(
        [sys.executable, *words], cwd=top, env=where, capture_output=True, text=True, check=False, timeout=120
    )


def outcome(top: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(top, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-q", *words)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which a rule of every subject was begun."""
    top = copied(tmp_path_factory.mktemp("begun"))
    for rule, subject in RULES.items():
        new_rule.begin(rule, subject, top)
    return top


@pytest.mark.slow
def test_a_rule_that_was_begun_is_in_the_table_and_each_part_of_it_fails(begun: Path) -> None:
    found = run(begun, "-c", REACHED)
    ids, parts = json.loads(found.stdout)
    missing = {key: [said for said in each if not said.startswith(UNWRITTEN)] for key, each in parts.items()}

    assert set(RULES) <= set(ids), found.stderr
    assert {rule.split()[0] for rule in parts} == set(RULES)
    assert len(parts) == len(RULES) + 1  # One for Ray objects and pods.
    assert [] == [each for each in missing.items() if each[1]]


@pytest.mark.slow
def test_its_tests_and_its_testcases_fail(begun: Path) -> None:
    own, cases = (
        outcome(begun, "tests/rules/test_limit_ray_hosts.py"),
        outcome(begun, "tests/cases/test_testcases.py", "-k", "limit-ray-hosts"),
    )

    assert (1, 1) == (own.returncode, cases.returncode)
    assert "2 failed" in own.stdout.splitlines()[-1]
    assert f"{UNWRITTEN}: change the good object" in own.stdout
    assert f"NotImplementedError: {UNWRITTEN}: whether a pod" in cases.stdout


@pytest.mark.slow
def test_what_was_begun_has_the_style_of_the_rest(begun: Path) -> None:
    paths = ("generator/rayfence/rules", "tests/rules", "tools/new_rule.py")

    assert 0 == run(begun, "-m", "ruff", "format", "--no-cache", "--check", *paths).returncode
    assert "All checks passed!\n" == run(begun, "-m", "ruff", "check", "--no-cache", *paths).stdout


@pytest.mark.slow
def test_what_is_left_to_write_is_found(begun: Path) -> None:
    files = [path for rule, subject in RULES.items() for path in new_rule.files(rule, new_rule.SKELETONS[subject])]

    assert len(files) == 4 * len(RULES)
    assert sorted(files) == sorted(new_rule.leftovers(begun))


def test_every_rule_here_is_written() -> None:
    assert [] == new_rule.leftovers(TOP)


WRITTEN = {
    'wrong = unwritten("CEL that is true for a `template` that breaks the rule")': (
        'wrong = "template.spec.?hostname.hasValue()"'
    ),
    ", unwritten\n": "\n",
    'unwritten("whether a pod spec breaks the rule", site.spec)': 'site.get("hostname") is not None',
    'unwritten("an edit of a pod spec that breaks the rule")': 'lambda spec, tenant: spec.update(hostname="head")',
    'unwritten("an edit of a pod spec that comes near and is fine")': (
        'lambda spec, tenant: spec.update(subdomain="head")'
    ),
    "    spec:  # fails: limit-pod-hosts\n": "    spec:\n        hostname: head  # fails: limit-pod-hosts\n",
    f'    pytest.fail("{UNWRITTEN}: change the good object, and compare the paths")\n': (
        '    GOOD["spec"]["headGroupSpec"]["template"]["spec"]["hostname"] = "head"\n\n'
        '    assert ["[limit-pod-hosts] spec.headGroupSpec.template.spec.hostname"] == broken(limit_pod_hosts, GOOD)\n'
    ),
    "import pytest\n\n": "",
    "FIELD": "hostname",
    UNWRITTEN: "must be left out",
}


@pytest.mark.slow
def test_once_it_is_written_it_is_tested_like_any_other_rule(tmp_path: Path) -> None:
    top, rule = copied(tmp_path), "limit-pod-hosts"
    said = run(top, "tools/new_rule.py", rule, "--subject", "ray")
    for path in new_rule.files(rule, new_rule.SKELETONS["ray"]):
        text = (top / path).read_text(encoding="utf-8")
        for before, after in WRITTEN.items():
            text = text.replace(before, after)
        (top / path).write_text(text, encoding="utf-8")
    tests = ("tests/rules/test_every_rule.py", "tests/rules/test_limit_pod_hosts.py", "tests/cases/test_testcases.py")
    found = outcome(top, *tests, "-m", "not engine", "-k", f"(plain or test_testcases) and {rule} or limit_pod_hosts")

    assert (0, "") == (said.returncode, said.stderr)
    assert f"pytest tests/rules/test_{new_rule.module_of(rule)}.py" in said.stdout
    assert [] == new_rule.leftovers(top)
    assert 0 == found.returncode, found.stdout
    assert "7 passed" in found.stdout.splitlines()[-1], found.stdout


@pytest.mark.slow
def test_the_tool_changes_the_copy_that_it_stands_in_alone(tmp_path: Path) -> None:
    top, before = copied(tmp_path), contents(TOP / "generator" / "rayfence" / "rules")
    found = run(top, "tools/new_rule.py", "limit-pod-hosts", "--subject", "pods")
    again = run(top, "tools/new_rule.py", "limit-pod-hosts", "--subject", "pods")

    assert 0 == found.returncode, found.stderr
    assert (1, "limit-pod-hosts is a rule already\n") == (again.returncode, again.stderr)
    assert set(before) == set(contents(TOP / "generator" / "rayfence" / "rules"))


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("limit-resources", "limit-resources is a rule already"),
        ("Limit-Names", "'Limit-Names' is no id; "),
        ("limit", "'limit' is no id; "),
        ("limit_names", "'limit_names' is no id; "),
        ("../limit-names", "'../limit-names' is no id; "),
        ("ray-pods", "ray_pods is a variable of the policies"),
    ],
)
def test_what_can_be_no_rule_is_refused(rule: str, wrong: str) -> None:
    assert new_rule.problem(rule, TOP).startswith(wrong)


def test_a_new_id_is_fine() -> None:
    assert "" == new_rule.problem("limit-names", TOP)


TABLE = """\
from rayfence.rules import (
    alpha,
    gamma,
)

RULES: tuple[Rule, ...] = (
    gamma,
    alpha,  # last
)
OTHERS: tuple[Rule, ...] = (alpha,)
"""


def test_a_rule_is_entered_where_it_belongs() -> None:
    imported = TABLE.replace("    alpha,\n", "    alpha,\n    beta,\n", 1)

    assert imported.replace("# last\n", "# last\n    beta,\n") == new_rule.entered(TABLE, "beta")
    assert "    gamma,\n    zeta,\n)\n\n" in new_rule.entered(TABLE, "zeta")
