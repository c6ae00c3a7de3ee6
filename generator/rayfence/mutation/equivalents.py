"""Mutants that no object can tell from the policy they were made of, each with the argument why.

An entry names the expression and the piece of it that changes, as it was and as it is then, and holds wherever that
piece stands. So it goes stale when the expression changes, and a test turns red.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rayfence.mutation.mutant import Mutant
from rayfence.subjects import RAY


@dataclass(frozen=True, slots=True)
class Equivalent:
    """`was` becomes `now` in a variable of some policies, '' for what stands around the expressions; `why` it is so.

    Without both, any change of the variable is meant. `where` is a pattern of the file's path or the policy's name.
    `test` is for what does make a difference, if not to cases or not under every configuration: the test of this
    repository that notices it.
    """

    variable: str
    was: str
    now: str
    why: str
    where: str = ""
    test: str = ""

    def matches(self, mutant: Mutant, files: Mapping[str, str]) -> bool:
        """Whether the mutant makes this change, alone, in this expression."""
        # The policy's name is looked for last: that takes longer than everything else.
        if mutant.variable != self.variable or not re.search(self.where, f"{mutant.file} {mutant.policy(files)}"):
            return False
        if not self.was:
            return True
        text, end = files[mutant.file], mutant.position + len(mutant.before)
        around = _plain(text[max(0, mutant.position - _AROUND) : mutant.position] + _GAP + text[end : end + _AROUND])
        return any(
            _plain(gapped.replace(_GAP, mutant.after)) == _plain(self.now) and _plain(gapped) in around
            for gapped in _gapped(self.was, mutant.before.strip())
        )


_AROUND = 2000
"""Characters on either side of a change, more than any entry needs."""

_GAP = "\0"


def _gapped(text: str, part: str) -> Iterator[str]:
    """The text with a gap in place of the part, wherever that stands."""
    for match in re.finditer(f"(?={re.escape(part)})", text):
        yield text[: match.start()] + _GAP + text[match.start() + len(part) :]


def _plain(text: str) -> str:
    """A piece of a policy however its lines are broken and YAML doubles its quotes."""
    return re.sub("'+", "'", re.sub(r"\s+", "", text))


_OTHER_TENANTS = "tests/test_mutation_elsewhere.py::test_what_only_other_tenants_can_show_is_noticed"
_UPDATES = "tests/test_mutation_elsewhere.py::test_what_only_an_older_object_can_show_is_noticed"
_ALLOWANCES = "tests/test_mutation_elsewhere.py::test_what_only_tenants_with_allowances_can_show_is_noticed"

_AT_THE_EDGE = (
    "at 1.0e15 itself both branches come to the same; a quantity that is more by less than a double can tell is a byte"
    " more in one of them, beside a petabyte"
)

_NO_LIST = "it makes a difference only where a config that is enforced has such a list"
_ALLOWED = "variables.allowed_exposure_annotations.exists(entry, "

EQUIVALENTS: tuple[Equivalent, ...] = (
    *(
        Equivalent("container_totals", f"number < 1.0e15 ? {then}", f"number <= 1.0e15 ? {then}", _AT_THE_EDGE)
        for then in ("double(int(number * 1000.0", "double(int(number)) + (")
    ),
    Equivalent(
        "container_totals",
        "number >= 0.0 && number < 1.0e15 && amount.compareTo(",
        "number > 0.0 && number < 1.0e15 && amount.compareTo(",
        "an accelerator of which there are none counts 0, whether it is taken for a whole number or not",
    ),
    Equivalent(
        "pod_totals",
        "(earlier_index < index && earlier[3] == 1.0)",
        "(earlier_index <= index && earlier[3] == 1.0)",
        "where earlier_index is index the container is there already, by what stands before it",
    ),
    Equivalent(
        "limit_resources_1",
        "(sized.container.injected == true ? dyn('0')",
        "(sized.container.injected != true ? dyn('0')",
        "no verdict and no rule's id depends on it, only which minimum a message names",
    ),
    Equivalent(
        "shown_violations",
        "earlier_index <= index, size(earlier) + 2)",
        "earlier_index < index, size(earlier) + 2)",
        "no verdict and no rule's id depends on it: the message may be one violation longer than its room, which is"
        " chosen 1,400 characters below what an engine drops, and counts one less among the others",
    ),
    Equivalent(
        "shown_violations",
        "size(earlier) + 2).sum() <= 3600",
        "size(earlier) + 2).sum() < 3600",
        "no verdict and no rule's id depends on it: a message that fills its room to the last character has one"
        " violation less, and counts one more among the others",
    ),
    Equivalent(
        "",
        "variables.restrict_namespace.map(violation, '[restrict-namespace] ' + violation)",
        "[]",
        "the policy is for tenants whose enforcement is not the platform's; namespaces without a tenant are in the care"
        " of the other one, so that `namespace_unclaimed` is `false` here and the rule's list is always empty",
        "enforcetenantisolation(audit|enforce|warn)",
    ),
    *(
        Equivalent(
            variable,
            "cidr(address_range).prefixLength() <= cidr(metadata_service).prefixLength()) &&",
            "cidr(address_range).prefixLength() < cidr(metadata_service).prefixLength()) &&",
            "it differs for a range as long as the metadata service's that holds its address: that is the service's own"
            " range, which lies in itself, so that the other side of the `||` is true already",
        )
        for variable in ("restrict_network_rules", "guard_network_policies")
    ),
    Equivalent(
        "limit_total_resources_3",
        "variables.object_totals.cpu > quantity(",
        "variables.object_totals.cpu >= quantity(",
        "half a millionth stands between a total in whole thousandths and a quota in whole billionths, so that they are"
        " never equal; it is lost in a double only beside millions of cpus, where the total is a thousandth too high",
    ),
    Equivalent(
        "require_network_policy",
        "",
        "",
        "the rule speaks only to tenants whose clusters KubeRay isolates",
        test=_OTHER_TENANTS,
    ),
    Equivalent(
        "",
        "variables.require_network_policy.map(violation, '[require-network-policy] ' + violation)",
        "[]",
        "the rule speaks only to tenants whose clusters KubeRay isolates",
        test=_OTHER_TENANTS,
    ),
    *(
        Equivalent(
            variable, was, now, "the rule speaks only to tenants whose clusters ask for a token", test=_OTHER_TENANTS
        )
        for variable, was, now in (
            ("require_authentication", "", ""),
            ("", "variables.require_authentication.map(violation, '[require-authentication] ' + violation)", "[]"),
        )
    ),
    *(
        Equivalent(variable, was, now, _NO_LIST, test=_OTHER_TENANTS)
        for variable, was, now in (
            ("require_tenant_queue", "(type(queue.value) == string", "(type(queue.value) != string"),
            ("require_tenant_queue", ".exists(entry, entry == alias +", ".exists(entry, entry != alias +"),
            ("require_tenant_queue", "queue.value || (entry.endsWith(", "queue.value && (entry.endsWith("),
            ("require_tenant_queue", "entry.endsWith('*') && (alias +", "entry.endsWith('*') || (alias +"),
            ("require_tenant_queue", "- 1)))))) || (queue.key in", "- 1)))))) && (queue.key in"),
            *(
                ("restrict_exposure_2", f"{_ALLOWED}{was}", f"{_ALLOWED}{now}")
                for was, now in (
                    ("entry == key ||", "entry != key ||"),
                    ("entry == key || (entry", "entry == key && (entry"),
                    ("entry == key || (entry.endsWith('*') && (key)", "entry == key || (entry.endsWith('*') || (key)"),
                )
            ),
        )
    ),
    *(
        Equivalent("restrict_pod_metadata", was, now, _NO_LIST, test=_ALLOWANCES)
        for was, now in (
            ("exists(entry, entry == key || (entry.endsWith(", "exists(entry, entry != key || (entry.endsWith("),
            ("exists(entry, entry == key || (entry.endsWith(", "exists(entry, entry == key && (entry.endsWith("),
            ("entry.endsWith('*') && (key).startsWith(entry", "entry.endsWith('*') || (key).startsWith(entry"),
            ("type(value) == string && value.replace(", "type(value) != string && value.replace("),
            (
                "variables.allowed_networks || variables.object_namespace",
                "variables.allowed_networks && variables.object_namespace",
            ),
            (
                "(key != 'v1.multus-cni.io/default-network' || name",
                "(key == 'v1.multus-cni.io/default-network' || name",
            ),
            ("default-network' || name.contains(", "default-network' && name.contains("),
        )
    ),
    Equivalent(
        "restrict_scheduling_4",
        "",
        "",
        "it is about bare pods, and the list of those is empty here",
        RAY.name,
    ),
    Equivalent(
        "irrelevant_update",
        "",
        "",
        "it compares an object with what it was, and the offline engines are handed one object for both",
        test=_UPDATES,
    ),
)


def known(mutant: Mutant, files: Mapping[str, str]) -> Equivalent | None:
    """The entry that a mutant has, if any."""
    return next((each for each in EQUIVALENTS if each.matches(mutant, files)), None)
