"""`docs/cel.md`: what the CEL of a rule may read, from `rayfence.cel_context`, and the helpers that write CEL."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType

from rayfence import cel, workload
from rayfence.cel import context, row
from rayfence.cel.context import Record, Type, Variable
from rayfence.model.config import Platform
from rayfence.model.subjects import EXPOSURE, NETWORK_KINDS, NETWORK_POLICIES, PODS, RAY, SUBJECTS, Subject
from rayfence.rules import RULES
from rayfence.rules.rule import RuleOfVariables
from rayfence.rules.shared import allowances
from rayfence.workload import exposed

INTRO = """# CEL of a rule

This page is for contributors who write a rule ([Contributing](../CONTRIBUTING.md#add-a-rule)). It lists what the CEL of
a rule may read, and the helpers in Python that write CEL.

The `cel` function of a rule yields CEL expressions. Each is a list of texts `path: what is wrong`, and is empty where
the rule holds. It must also be empty where `variables.tenant_name` is `''`. Lists of parts of the object, such as
`pod_templates`, are empty then; a rule that reads `object` itself has to check.

Several short expressions compile faster than a long one ([decision 0016](decisions/0016-many-short-expressions.md)).
`variables.<rule_id>` is the name of a rule's own result. No other rule may read it."""

CONTAINERS = """## Which list of containers

| you check | use |
| --- | --- |
| any field of a container of a Ray object | `containers` |
| cpu or memory of a container | `container_amounts.flatten()`, where amounts are quantities already |
| containers together with their pod or group | `ray_pods` |
| what the operator adds, with resources from the manifest | `operator_containers`, a part of `containers` |
| what the operator adds, with resources of its own | `operator_defaults` |
| security, in Ray objects and in pods, ephemeral containers too | `security_containers` |"""

TITLES: Mapping[Subject, str] = {
    RAY: "Ray objects",
    PODS: "Pods",
    NETWORK_POLICIES: "NetworkPolicies",
    EXPOSURE: "Services and Ingresses",
    NETWORK_KINDS: "Other network kinds",
}

EXAMPLES: Mapping[Callable[..., str], tuple[object, ...]] = {
    cel.literal: ("ray.io/cluster",),
    cel.long_literal: ("a text",),
    cel.literals: (("cpu", "memory"),),
    cel.value: ([True, "x"],),
    cel.steps: ("limits", "cpu"),
    cel.let: ("port", "object.spec.port", "port > 0 && port < 1024"),
    cel.filled: ("%s.spec.hostname: must not be %s", "template.path", "variables.tenant_name"),
    cel.items: ("object.?spec.?tolerations",),
    cel.as_list: ("peer.value",),
    cel.entries: ("object.metadata.?labels",),
    cel.scalar: ("object.?spec.?hostname",),
    cel.said: ("port.value",),
    cel.number: ("group.value.?replicas", "1.0"),
    cel.is_quantity: ("written",),
    cel.amount: ("limit",),
    cel.when: ("object.kind == 'RayJob'", "'spec: is a job'"),
    row.field: ("quota.cpu",),
    allowances.covered: ("variables.allowed_queues", "queue.key + '=' + queue.value"),
}
"""Every helper, with arguments to show what it writes."""


def page() -> str:
    """The whole page."""
    common = [each for each in context.VARIABLES if each.subjects == SUBJECTS and each.for_rules]
    always, on_demand = ([each for each in common if each.on_demand is asked] for asked in (False, True))
    own = {each: [one for one in context.of(each) if one.subjects != SUBJECTS] for each in SUBJECTS}
    taken = ", ".join(f"`{each.name}`" for each in context.VARIABLES if not each.for_rules)
    given = _table(("name", "meaning"), ((f"`{name}`", meaning) for name, meaning in context.GIVEN.items()))
    fields = _table(("field", "meaning"), ((f"`{name}`", text) for name, text in context.TENANT_FIELDS.items()))
    parts = [
        INTRO,
        CONTAINERS,
        f"## What an engine gives\n\n{given}",
        f"## Every object\n\nEvery policy object has these variables.\n\n{_variables(always)}",
        f"A policy object has each of these if one of its rules reads it.\n\n{_variables(on_demand)}",
        *(f"## {TITLES[subject]}\n\n{_variables(found)}" for subject, found in own.items() if found),
        f"## Names that are taken\n\nThe policy itself uses {taken}. A rule may not read them.",
        f"## Fields of the tenant\n\n`variables.tenant` has the fields that the tenant's config sets. `row.field` "
        f"reads one, `''` where it is not set.\n\n{fields}",
        "## Records\n\nA rule reads a field as `template.path`. Every record of a list has every field.",
        *(f"### {record.name}\n\n{_record(record)}" for record in context.records()),
        "## Helpers\n\nThese functions return CEL text. An argument called `optional` is CEL with `.?`, such as "
        "`object.?spec.?tolerations`. Under each call is the text that it writes.",
        *(f"### {_name(each)}\n\n{_helper(each, values)}" for each, values in EXAMPLES.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _variables(variables: list[Variable]) -> str:
    rows = ((f"`{each.name}`", _type(each.type), each.meaning, f"`{made_in(each)}`") for each in variables)
    return _table(("variable", "type", "meaning", "made in"), rows)


def _record(record: Record) -> str:
    rows = (
        (
            f"`{each.name}`",
            _type(each.type),
            f"{each.meaning} Only there if {each.only_if}." if each.only_if else each.meaning,
        )
        for each in record.fields
    )
    return _table(("field", "type", "meaning"), rows)


def _type(type_: Type) -> str:
    """The type, and a link to its record."""
    if not type_.record:
        return str(type_)
    name = type_.record.name
    return str(type_).removesuffix(name) + f"[{name}](#{name.lower().replace(' ', '-')})"


def made_in(variable: Variable) -> str:
    """The module below `rayfence` that writes a variable."""
    return _makers().get(variable.name, "admission")


def _makers() -> dict[str, str]:
    found: dict[str, str] = {
        **dict.fromkeys((each.name for each in context.VARIABLES if each.name.startswith("allowed_")), "allowances"),
        **dict.fromkeys(("tenants", "tenant", row.OWN_NAMESPACES), "row"),
        **dict.fromkeys(workload.variables(Platform()), "workload.expressions"),
        **dict.fromkeys(exposed.variables(), "workload.exposed"),
    }
    for rule in (each for each in RULES if isinstance(each, RuleOfVariables)):
        for subject in rule.SUBJECTS:
            for name in rule.variables(Platform(), subject):
                found.setdefault(name, f"rules.{rule.ID.replace('-', '_')}")
    return found


def unexplained(module: ModuleType) -> list[str]:
    """The public functions of a module that the page does not show."""
    functions = [each for each in vars(module).values() if isinstance(each, FunctionType)]
    own = [each for each in functions if each.__module__ == module.__name__ and not each.__name__.startswith("_")]
    return [each.__name__ for each in own if each not in EXAMPLES]


def _name(helper: Callable[..., str]) -> str:
    return f"{helper.__module__.removeprefix('rayfence.')}.{helper.__name__}"


def _helper(helper: Callable[..., str], values: tuple[object, ...]) -> str:
    parameters = ", ".join(
        f"*{each.name}" if each.kind is each.VAR_POSITIONAL else each.name
        for each in inspect.signature(helper).parameters.values()
    )
    says = " ".join((inspect.getdoc(helper) or "").split("\n\n")[0].split())
    call = f"{_name(helper)}({', '.join(map(repr, values))})"
    return f"`{_name(helper)}({parameters})`: {says}\n\n```text\n{call}\n{helper(*values)}\n```"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page())
