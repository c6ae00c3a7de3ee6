"""`docs/rules.md`: each rule with its requirement, reason, a bad example next to the good one, and the message."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from difflib import unified_diff
from types import ModuleType
from typing import Any, cast

from rayfence import yamlio
from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import model
from rayfence.cases.sites import sites
from rayfence.model.config import (
    Allow,
    Authentication,
    Bounds,
    Config,
    Container,
    Network,
    Platform,
    Provider,
    Quota,
    Require,
    Tenant,
)
from rayfence.model.subjects import Subject
from rayfence.rules import OF, RULES, restrict_pod_metadata
from rayfence.rules.rule import Edit, Rule
from rayfence.rules.shared import pod_annotations
from rayfence.tenants import shape

TENANT = Tenant(
    "team-a",
    ("ray-team-a",),
    Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")),
    quota=Quota("64", "256Gi", 4, 16),
    allow=Allow(exposure_kinds=("HTTPRoute.gateway.networking.k8s.io",)),
)
OF_SOME = {
    "network.provider: kuberay": replace(TENANT, network=Network(provider=Provider.KUBERAY)),
    "require.authentication: token": replace(TENANT, require=Require(Authentication.TOKEN)),
}
"""What some rules hold for alone, and a tenant with that."""
PLATFORM = Platform()

INTRO = """# Rules

The policies refuse an object that breaks one of these rules. Messages, test cases and the tenant config name a rule by
its id. A message has the rule id in brackets, then the field path, then what is wrong.

Each example breaks a good object of the tenant `team-a`. A line with `-` is correct and was removed. A line with `+` is
wrong. To fix such an object, undo the change. The message of `rayfence check` stands below the example."""


def page() -> str:
    """The whole page."""
    table = ["| rule | family | what it requires |", "| --- | --- | --- |"]
    table += [f"| [`{rule.ID}`](#{rule.ID}) | {rule.FAMILY} | {_says(rule)} |" for rule in RULES]
    return "\n\n".join([INTRO, "\n".join(table), *(_section(rule) for rule in RULES)]) + "\n"


def _says(rule: Rule) -> str:
    """The first line of the rule's module."""
    return (inspect.getdoc(cast(ModuleType, rule)) or "").splitlines()[0]


def _section(rule: Rule) -> str:
    subjects = [subject for subject, rules in OF.items() if rule in rules]
    kinds = sorted({f"`{each.kind}`" for subject in subjects for each in subject.resources})
    facts = (
        f"Applies to {', '.join(kinds)}. {'May be disabled.' if rule.ID in _disablable() else 'Cannot be disabled.'}"
    )
    field, tenant = _of_some(rule)
    facts += f" Applies only to tenants with `{field}`." if field else ""
    tried = [f"- {name}" for name in rule.breaks(PLATFORM, tenant)]
    passing = [f"- {name}" for name in rule.passes(PLATFORM, tenant)]
    parts = [f"## {rule.ID}", f"**{_says(rule)}** {rule.WHY}", facts, _example(rule, subjects[0])]
    parts += _families() if rule.ID == restrict_pod_metadata.ID else []
    parts += ["Test cases that must be refused:", "\n".join(tried)]
    return "\n\n".join(parts + (["Test cases that must be admitted:", "\n".join(passing)] if passing else []))


def _families() -> list[str]:
    """The annotations that the rule knows, by what reads them."""
    rows = ["| read by | gives a pod | annotations |", "| --- | --- | --- |"]
    for name, family in pod_annotations.FAMILIES.items():
        rows.append(f"| {name} | {family.gives} | {', '.join(f'`{key}`' for key in family.keys)} |")
    return ["`*` matches any text.", "\n".join(rows)]


def _of_some(rule: Rule) -> tuple[str, Tenant]:
    """What the rule holds for alone, '' where it holds for all, and a tenant for whom it does."""
    tenants = {"": TENANT, **OF_SOME}
    return next((field, tenant) for field, tenant in tenants.items() if rule.breaks(PLATFORM, tenant))


def _disablable() -> list[str]:
    fields = shape.schema()["$defs"]["platformSpec"]["properties"]["disabledRules"]["items"]
    return list(_resolved(fields).get("enum", ()))


def _resolved(field: dict[str, Any]) -> dict[str, Any]:
    name = field.get("$ref", "").removeprefix("#/$defs/")
    return shape.schema()["$defs"][name] if name else field


def _example(rule: Rule, subject: Subject) -> str:
    """The smallest of the rule's breaks, as a difference, with what is said of it."""
    found = min(_broken(rule, subject), key=lambda each: (len(each[0]), each[0]))
    said = "\n".join(f"[{rule.ID}] {line}" for line in found[1])
    return f"```diff\n{found[0]}\n```\n\n```text\n{said}\n```"


def _broken(rule: Rule, subject: Subject) -> Iterator[tuple[str, list[str]]]:
    _, tenant = _of_some(rule)
    value = model(subject, PLATFORM, tenant)
    evaluator = Evaluator(Config(PLATFORM, (tenant,)))
    for edit in rule.breaks(PLATFORM, tenant).values():
        changed = _edited(value, edit, tenant)
        said = [f"{each.path}: {each.message}" for each in evaluator.violations(changed) if each.rule == rule.ID]
        before, after = (yamlio.dump([each]).splitlines() for each in (value, changed))
        lines = list(unified_diff(before, after, n=2, lineterm=""))[2:]
        if said and lines:
            yield "\n".join(lines), said


def _edited(value: dict[str, Any], edit: Edit, tenant: Tenant) -> dict[str, Any]:
    changed = deepcopy(value)
    next(iter(sites(changed, edit.at).values()))(changed)
    edit.apply(next(iter(sites(changed, edit.at).values()))(changed), tenant)
    return changed


if __name__ == "__main__":
    sys.stdout.write(page())
