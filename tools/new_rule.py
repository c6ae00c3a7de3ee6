"""Begin a new rule: its module, its tests, two testcases and its lines in the table of rules.

What it writes fails until somebody has written the rule: each part says so, and raises or fails where it is reached.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import click

from rayfence.cel import context
from rayfence.rules import ids
from rayfence.rules.rule import UNWRITTEN

ROOT = Path(__file__).resolve().parent.parent
TABLE = "generator/rayfence/rules/__init__.py"

_ID = re.compile(r"[a-z]+(-[a-z]+)+")

# --- what is written --------------------------------------------------------------------------------------------------

MODULE = Template(f'''\
"""{UNWRITTEN}: what the rule requires, in one sentence.

{UNWRITTEN}: the traps, and why the rule reads them as it does. Delete this paragraph if there are none.
"""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.cel import $helpers
from rayfence.model.config import Platform, Tenant
${{imports}}\
from rayfence.model.subjects import $names
from rayfence.rules.rule import At, Edit, Edits, Violation, unwritten
from rayfence.workload import Workload

ID = "$id"
FAMILY = "{UNWRITTEN}"
WHY = "{UNWRITTEN}: what a tenant could do without the rule."
SUBJECTS = $subjects


def cel(platform: Platform) -> Iterator[str]:
$cel

def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
$python

def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return {{"{UNWRITTEN}": Edit(At.$at, unwritten("an edit of $part that breaks the rule"))}}


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return {{"{UNWRITTEN}": Edit(At.$at, unwritten("an edit of $part that comes near and is fine"))}}
''')

TESTS = Template(f'''\
"""{UNWRITTEN}: what the rule requires, in one sentence."""

from __future__ import annotations

import pytest

from rayfence.cases.good import model
from rayfence.model.subjects import $subject
from rayfence.rules import $module

from .objects import PLATFORM, TEAM_A, broken

GOOD = model($subject, PLATFORM, TEAM_A)


def test_a_good_object_keeps_the_rule() -> None:
    assert [] == broken($module, GOOD)


def test_what_breaks_the_rule_is_found_at_its_field() -> None:
    pytest.fail("{UNWRITTEN}: change the good object, and compare the paths")
''')

_TEMPLATE_CEL = """\
    wrong = unwritten("CEL that is true for a `{name}` that breaks the rule")
    told = filled("%s{dot}spec.FIELD: NOT WRITTEN YET", "{name}.path")
    yield f"variables.{variable}.filter({name}, {{wrong}}).map({name}, {{told}})"
"""
_OBJECT_CEL = """\
    wrong = unwritten("CEL that is true for an `object` that breaks the rule")
    yield f"variables.tenant_name == '' ? [] : {when(wrong, literal('spec.FIELD: NOT WRITTEN YET'))}"
"""
_SITES = """\
    for site in work.sites:
        if unwritten("whether a pod spec breaks the rule", site.spec):
            yield Violation(ID, site.path / "spec" / "FIELD", "NOT WRITTEN YET")
"""
_TEMPLATES = """\
    for path, template in work.templates:
        if unwritten("whether a pod or pod template breaks the rule", template):
            yield Violation(ID, path / "spec" / "FIELD", "NOT WRITTEN YET")
"""
_OBJECT = """\
    if unwritten("whether an object breaks the rule", work.value):
        yield Violation(ID, FieldPath.of("spec", "FIELD"), "NOT WRITTEN YET")
"""

_RAY_CLUSTER = """\
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: $name
  namespace: ray-namespace
  labels:
    tenant: team-a
spec:
  rayVersion: "2.9.0"
  headGroupSpec:
    rayStartParams:
      dashboard-host: 0.0.0.0
    template:
      metadata:
        labels:
          tenant: team-a
      spec:$fails
        nodeSelector:
          tenant: team-a
        tolerations:
          - {key: tenant, operator: Equal, value: team-a, effect: NoSchedule}
        containers:
          - name: ray-head
            image: rayproject/ray:2.9.0
            resources:
              requests: {cpu: "1", memory: 2Gi}
              limits: {cpu: "1", memory: 2Gi}
"""
_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: $name
  namespace: ray-namespace
  labels:
    app: any
spec:$fails
  containers:
    - name: main
      image: busybox
"""
_NETWORK_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: $name
  namespace: ray-namespace
spec:$fails
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector: {matchLabels: {app: client}}
"""
_SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: $name
  namespace: ray-namespace
spec:$fails
  type: ClusterIP
  selector: {app: any}
  ports:
    - {port: 80}
"""
_ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: $name
  namespace: ray-team-c
spec:$fails
  parentRefs:
    - {name: shared, namespace: infra}
"""


@dataclass(frozen=True)
class Skeleton:
    """What a rule of some subjects begins with, the main one first."""

    subjects: tuple[str, ...]
    cel: str
    python: str
    manifest: str

    @property
    def is_of_object(self) -> bool:
        """Whether it is about the object itself, and not about pod templates."""
        return self.python == _OBJECT


def _of_object(subject: str, manifest: str) -> Skeleton:
    return Skeleton((subject,), _OBJECT_CEL, _OBJECT, manifest)


_OF_SITES = _TEMPLATE_CEL.format(name="template", dot=".", variable="pod_templates")
_OF_PODS = _TEMPLATE_CEL.format(name="pod", dot="", variable="pod_definitions")

SKELETONS: Mapping[str, Skeleton] = {
    "ray": Skeleton(("RAY",), _OF_SITES, _SITES, _RAY_CLUSTER),
    "templates": Skeleton(("RAY", "PODS"), _OF_PODS, _TEMPLATES, _RAY_CLUSTER),
    "pods": Skeleton(("PODS",), _OF_PODS, _TEMPLATES, _POD),
    "network-policies": _of_object("NETWORK_POLICIES", _NETWORK_POLICY),
    "exposure": _of_object("EXPOSURE", _SERVICE),
    "network-kinds": _of_object("NETWORK_KINDS", _ROUTE),
}

NEXT = Template(f"""\
Next:
1. Replace every "{UNWRITTEN}" and every call of `unwritten` in these files. docs/cel.md lists what CEL may read.
2. .venv/bin/pytest tests/rules/test_$module.py tests/rules/test_every_rule.py -n 0 -k "$id or $module or good"
3. .venv/bin/rayfence test --testcases testcases/$id --backend gatekeeper
4. .venv/bin/rayfence build and .venv/bin/python tools/docs.py; read the diff of policies/ and docs/rules.md.
5. CHANGELOG.md, and docs/threats.md if the rule stops an attack. CONTRIBUTING.md has the rest.
If the platform may switch the rule off, add its id to disabledRules in tenants.schema.json. If it binds only some
tenants, add `asked` and `fields` (rules/rule.py, RuleOfSome).""")


def files(rule: str, skeleton: Skeleton) -> dict[str, str]:
    """Path below the repository's top -> text of each new file."""
    module = module_of(rule)
    of_object = skeleton.is_of_object
    text = MODULE.substitute(
        id=rule,
        cel=skeleton.cel,
        python=skeleton.python,
        helpers="literal, when" if of_object else "filled",
        imports="from rayfence.model.field_path import FieldPath\n" if of_object else "",
        at="OBJECT" if of_object else "POD",
        part="an object" if of_object else "a pod spec",
        subjects=f"({', '.join(skeleton.subjects)}{',' if len(skeleton.subjects) == 1 else ''})",
        names=", ".join(sorted(skeleton.subjects)),
    )
    case = Template(skeleton.manifest)
    return {
        f"generator/rayfence/rules/{module}.py": text,
        f"tests/rules/test_{module}.py": TESTS.substitute(module=module, subject=skeleton.subjects[0]),
        f"testcases/{rule}/breaks.yaml": f"# {UNWRITTEN}: what is wrong, and the mark on its line.\n"
        + case.substitute(name=f"{rule}-breaks", fails=f"  # fails: {rule}"),
        f"testcases/{rule}/passes.yaml": f"# {UNWRITTEN}: what comes near and is fine.\n"
        + case.substitute(name=f"{rule}-passes", fails=""),
    }


def module_of(rule: str) -> str:
    """The name of a rule's module."""
    return rule.replace("-", "_")


# --- the table of rules -----------------------------------------------------------------------------------------------


def entered(source: str, module: str) -> str:
    """The table's source with a module imported, and named last in `RULES`."""
    tree, lines = ast.parse(source), source.splitlines(keepends=True)
    for line in sorted((_import_line(tree, module), _table_end(tree)), reverse=True):
        lines.insert(line - 1, f"    {module},\n")
    return "".join(lines)


def _import_line(tree: ast.Module, module: str) -> int:
    """The line before which the module is imported, so that the names stay sorted."""
    (found,) = (each for each in tree.body if isinstance(each, ast.ImportFrom) and each.module == "rayfence.rules")
    after = [alias for alias in found.names if alias.name > module]
    return after[0].lineno if after else found.names[-1].lineno + 1


def _table_end(tree: ast.Module) -> int:
    """The line on which the tuple `RULES` ends."""
    assigned = (each for each in tree.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name))
    (table,) = (each.value for each in assigned if isinstance(each.target, ast.Name) and each.target.id == "RULES")
    assert isinstance(table, ast.Tuple)
    return table.end_lineno or 0


# --- doing it ---------------------------------------------------------------------------------------------------------


def leftovers(root: Path) -> list[str]:
    """The files in which a part of a rule is still to be written."""
    own = {root / "generator/rayfence/rules/rule.py"}
    found = (path for path in _candidates(root) if path not in own and _is_unwritten(path.read_text(encoding="utf-8")))
    return [path.relative_to(root).as_posix() for path in found]


def _candidates(root: Path) -> Iterator[Path]:
    for folder, pattern in (("generator/rayfence/rules", "*.py"), ("testcases", "*.yaml"), ("tests/rules", "*.py")):
        yield from sorted((root / folder).rglob(pattern))


def _is_unwritten(text: str) -> bool:
    return UNWRITTEN in text or re.search(r"\bunwritten\(", text) is not None


def problem(rule: str, root: Path) -> str:
    """Why there can be no rule of this id, '' if there can."""
    if not _ID.fullmatch(rule):
        return f"{rule!r} is no id; write two or more words in lower case with hyphens between them"
    if rule in ids():
        return f"{rule} is a rule already"
    if module_of(rule) in {each.name for each in context.VARIABLES}:
        return f"{module_of(rule)} is a variable of the policies (docs/cel.md); choose another id"
    there = [path for skeleton in SKELETONS.values() for path in files(rule, skeleton) if (root / path).exists()]
    return f"{there[0]} is there already; delete it, or choose another id" if there else ""


def begin(rule: str, subject: str, root: Path) -> list[str]:
    """Write everything; the paths, below the repository's top, that are new or changed."""
    skeleton = SKELETONS[subject]
    table = (root / TABLE).read_text(encoding="utf-8")
    texts = {**files(rule, skeleton), TABLE: entered(table, module_of(rule))}
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return list(texts)


@click.command()
@click.argument("rule", metavar="RULE-ID")
@click.option(
    "--subject",
    type=click.Choice(list(SKELETONS)),
    required=True,
    help="What the rule holds for. `templates` are Ray objects and pods.",
)
def main(rule: str, subject: str) -> None:
    """Begin the rule RULE-ID: module, tests, testcases, and its lines in the table of rules."""
    if wrong := problem(rule, ROOT):
        sys.exit(wrong)
    for path in begin(rule, subject, ROOT):
        click.echo(f"wrote {path}")
    click.echo(NEXT.substitute(id=rule, module=module_of(rule)))


if __name__ == "__main__":
    main()
