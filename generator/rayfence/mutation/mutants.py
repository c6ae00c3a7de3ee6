"""Makes the mutants of a bundle. Each has one change, as a slip of the hand or a bad merge might make it.

A mutant is an edit of the policies' text. Each names the rule that it concerns, so that the cases which can catch it
run first; '' is for parts that all rules share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rayfence.admission import IN_CHARGE
from rayfence.cases import GENERATION
from rayfence.manifests.static_file import NAME as ENGINELESS
from rayfence.model import quantity
from rayfence.model.config import Mode
from rayfence.model.subjects import RAY
from rayfence.mutation.mutant import Mutant
from rayfence.network.tables import FILLING
from rayfence.rules import ids, reader

_FLIPS = {
    "isLessThan": "isGreaterThan",
    "isGreaterThan": "isLessThan",
    "==": "!=",
    "!=": "==",
    "&&": "||",
    "||": "&&",
    "<": "<=",
    ">": ">=",
    "<=": "<",
    ">=": ">",
}
_FLIP = re.compile(r"isLessThan|isGreaterThan|(?<=\s)(?:==|!=|&&|\|\||<=|>=|<|>)(?=\s)")
"""An operator may begin a line."""
_PART = re.compile(r"_\d+$")
"""What tells the parts of a rule from one another."""
_READ = re.compile(r"variables\.(\w+)")
_VARIABLE = re.compile(rf"^ +- name: (\w+|{IN_CHARGE})\n +expression: ", re.MULTILINE)
_CONDITION = re.compile(
    r"(?:\.all\(name,\s+type\(name\)|\{\{ sort\(\[request\.object)(?:.*\n)+?(?= *(?:- )?\w+:(?: |$))", re.MULTILINE
)
"""Up to the next field."""
_EDGE = re.compile(r"(?<=\s)(?:>=|<|==|!=)(?=\s+'+[a-z0-9-]+')|(?<=[a-z0-9-])[a-z0-9](?=')")
_LISTED = re.compile(r"(?:\(\s*name in\s+|contains\()\[[^\[\]]*\]")
_NAMESPACE = re.compile(r"'([a-z0-9-]+)'")
_TABLE = re.compile(
    r"^ +- name: (?P<name>namespaces|tenants)\n +expression: \|-\n(?P<rows>(?:.*\n)*? +\}\n)", re.MULTILINE
)
_OWNER = re.compile(r"'(?P<namespace>[a-z0-9-]+)':\s+'(?P<tenant>[^']+)'")
_FIELD = re.compile(r"'(?P<tenant>[^']+)':\s|(?<=[' ])(?P<field>[a-z.]+)=(?P<value>[^ ']+)")
_AMOUNT = re.compile(r"(?P<least>[^ ']+)\.\.(?P<most>[^ ']+)|(?P<quota>[^ ']+)")
_MODE = re.compile(r"\bDenyAll(?:Ingress|Egress)?\b")
_BOUNDS = {
    ("cpu", "least"): ("cpu.min", "cpu minimum"),
    ("cpu", "most"): ("cpu.max", "cpu maximum"),
    ("memory", "least"): ("memory.min", "memory minimum"),
    ("memory", "most"): ("memory.max", "memory maximum"),
    ("quota.cpu", "quota"): ("quota.cpu", "cpu quota"),
    ("quota.memory", "quota"): ("quota.memory", "memory quota"),
}
"""What a tenant's row is written with, and which of its amounts -> the field that rules read, and what it bounds."""
_NETWORK_MODE = "network.mode"
_SIMPLE = {
    "Enforce becomes Audit": (r"failureAction: Enforce", "failureAction: Audit", ""),
    "an operation is dropped": (r"^ +- (?:CREATE|UPDATE|DELETE)\n", "", ""),
    "a kind is dropped": (r"^ +- [\w./]+/(?:Ray\w+|Pod|NetworkPolicy|Service|Ingress)\n", "", ""),
    "init containers are left out": (r"spec\.\?initContainers", "spec.?none", ""),
    "the operator's options are left out": (r"\s+\+ \[?variables\.operator_containers\]?", "", reader("cpu.min").ID),
    "a selector is widened": (r"^ +ray\.io/(?:cluster|node-type): .*\n", "", GENERATION),
    "a direction is left open": (r"^ +- (?:Ingress|Egress)\n", "", GENERATION),
    "a rule opens to everybody": (r"ingress: '\{\{ ingress \}\}'", "ingress: [{}]", GENERATION),
    "a rule opens every port": (r"ports: '\{\{ \w+Ports \}\}'", "ports: []", GENERATION),
}


def mutants(files: Mapping[str, str], backend: str) -> list[Mutant]:
    """Every mutant of a backend's policies, in order of file and place."""
    own = {path: text for path, text in files.items() if path.startswith(f"{backend}/")}
    found = [mutant for path, text in own.items() if _judges(path) for mutant in _of(path, text)]
    found += [mutant for path, text in own.items() for mutant in _namespaces_forgotten(path, text)]
    return sorted(found, key=lambda mutant: (mutant.file, mutant.position, mutant.after))


def _judges(path: str) -> bool:
    return not path.endswith(("kustomization.yaml", "rbac.yaml", f"/{ENGINELESS}"))


def _of(path: str, text: str) -> Iterator[Mutant]:
    for name, (pattern, after, rule) in _SIMPLE.items():
        if rule == GENERATION and GENERATION not in path:
            continue
        for match in re.finditer(pattern, text, re.MULTILINE):
            yield Mutant(name, path, match.start(), match.group(), after, rule)
    yield from _rules_dropped(path, text)
    yield from _bounds_moved(path, text)
    yield from _modes_moved(path, text)
    yield from _ranges_moved(path, text)
    yield from _flipped(path, text[: _first_document(text)])


def _first_document(text: str) -> int:
    """Where the first policy of a file ends: the others hold the same expressions over other tenants."""
    return found if (found := text.find("\n---\n")) >= 0 else len(text)


def _rules_dropped(path: str, text: str) -> Iterator[Mutant]:
    for rule in ids():
        term = f"variables.{rule.replace('-', '_')}.map(violation, '[{rule}] ' + violation)"
        for match in re.finditer(re.escape(term), text):
            yield Mutant(f"rule {rule} is dropped", path, match.start(), match.group(), "[]", rule)


def _bounds_moved(path: str, text: str) -> Iterator[Mutant]:
    rules = {read: reader(read).ID for read, _ in _BOUNDS.values()}
    for tenant, namespace, field in _fields(path, text):
        for amount in _AMOUNT.finditer(text, *field.span("value")):
            for side, found in amount.groupdict().items():
                read, what = _BOUNDS.get((field["field"], side), ("", ""))
                if found is not None and what:
                    name = f"the {what} of {tenant} is moved"
                    changed = _one_off(found, what)
                    yield Mutant(name, path, amount.start(side), found, changed, rules[read], namespace)


def _modes_moved(path: str, text: str) -> Iterator[Mutant]:
    """The mode that a tenant's clusters must ask for is forgotten; another one is filled in."""
    rule = reader(_NETWORK_MODE).ID
    for tenant, namespace, field in _fields(path, text):
        if field["field"] == _NETWORK_MODE:
            name = f"the network mode of {tenant} is forgotten"
            yield Mutant(name, path, field.start(), field.group(), "", rule, namespace)
    if FILLING in path:
        for match in _MODE.finditer(text):
            other = Mode.DENY_ALL_INGRESS if match.group() == Mode.DENY_ALL else Mode.DENY_ALL
            yield Mutant("another mode is filled in", path, match.start(), match.group(), str(other), rule)


def _fields(path: str, text: str) -> Iterator[tuple[str, str, re.Match[str]]]:
    """Each field of each tenant's row in the policies for Ray objects, with the tenant and a namespace of its."""
    if f"{RAY.name}.yaml" not in path:
        return
    spaces: dict[str, str] = {}
    for table in _TABLE.finditer(text):
        start, end = table.span("rows")
        if table["name"] == "namespaces":
            spaces = {each["tenant"]: each["namespace"] for each in _OWNER.finditer(text, start, end)}
            continue
        tenant = ""
        for match in _FIELD.finditer(text, start, end):
            tenant = match["tenant"] or tenant
            if match["field"]:
                yield tenant, spaces[tenant], match


def _ranges_moved(path: str, text: str) -> Iterator[Mutant]:
    """Where a table is cut, a policy object is asked about a namespace too many, or about some too few."""
    for condition in _CONDITION.finditer(text):
        if _LISTED.search(condition.group()):
            continue
        for match in _EDGE.finditer(text, *condition.span()):
            yield Mutant("a range is moved", path, match.start(), match.group(), _FLIPS.get(match.group(), ""), "")


def _namespaces_forgotten(path: str, text: str) -> Iterator[Mutant]:
    """A guard covers a namespace without a tenant instead of one of its tenants' namespaces."""
    for listed in _LISTED.finditer(text):
        for match in _NAMESPACE.finditer(text, *listed.span()):
            yield Mutant("a namespace is forgotten", path, match.start(1), match[1], f"{match[1]}x", "", match[1])


def _one_off(amount: str, what: str) -> str:
    """The amount one unit further open: a lower minimum, a higher maximum or quota."""
    change = -1 if "minimum" in what else 1
    if what.startswith("cpu"):
        return f"{int(quantity.parse(amount) * 1000) + change}m"
    return str(int(quantity.parse(amount)) + change)


def _flipped(path: str, text: str) -> Iterator[Mutant]:
    """Comparisons and connectives in the rules' expressions, one at a time."""
    starts = [(match.group(1), match.end()) for match in _VARIABLE.finditer(text)]
    ends = [*(start for _, start in starts[1:]), len(text)]
    spans = [(name, start, end) for (name, start), end in zip(starts, ends, strict=False) if name != IN_CHARGE]
    served = _served({name: text[start:end] for name, start, end in spans})
    for variable, start, end in spans:
        rules = served[variable]
        rule = next(iter(rules)) if len(rules) == 1 else ""
        for match in _FLIP.finditer(text, start, end):
            name = f"{match.group()} becomes {_FLIPS[match.group()]} in {variable}"
            flipped = _FLIPS[match.group()]
            yield Mutant(name, path, match.start(), match.group(), flipped, rule, variable=variable)


def _served(expressions: Mapping[str, str]) -> dict[str, set[str]]:
    """For each variable of a policy, the rules that it is worked out for: its own, or those that read it.

    A variable uses only those before it, so the last one comes first here.
    """
    own = {rule.replace("-", "_"): rule for rule in ids()}
    found: dict[str, set[str]] = {name: set() for name in expressions}
    for name, text in reversed([*expressions.items()]):
        if rule := own.get(_PART.sub("", name)):
            found[name] = {rule}
        for each in set(_READ.findall(text)) & set(found):
            found[each] |= found[name]
    return found
