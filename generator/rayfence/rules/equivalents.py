"""Changes of the rules' expressions that no test case notices, each with the argument why.

An entry names the expression and the piece of it that changes, before and after the change. It holds wherever the piece
is. Whoever changes the expression changes the entry, or takes it out: an outdated entry fails a test.
"""

from __future__ import annotations

from dataclasses import dataclass

from rayfence.model.subjects import RAY


@dataclass(frozen=True, slots=True)
class Equivalent:
    """`was` becomes `now` in a variable of some policies; `why` is the argument.

    A variable of '' is the text around the expressions. Without `was` and `now`, the entry covers any change of the
    variable. `where` is a pattern for the file's path or the policy's name. `test` is set if the change does make a
    difference, but not for the cases or not under every config: it names the test of this repository that notices it.
    """

    variable: str
    was: str
    now: str
    why: str
    where: str = ""
    test: str = ""


_OTHER_TENANTS = "tests/mutation/test_elsewhere.py::test_what_only_other_tenants_can_show_is_noticed"
_UPDATES = "tests/mutation/test_elsewhere.py::test_what_only_an_older_object_can_show_is_noticed"
_ALLOWANCES = "tests/mutation/test_elsewhere.py::test_what_only_tenants_with_allowances_can_show_is_noticed"

_AT_THE_EDGE = (
    "at exactly 1.0e15, both branches give the same result. A quantity that is larger by less than the precision of a"
    " double differs by one byte, at a size of one petabyte"
)

_NO_LIST = "it makes a difference only if the config of a tenant with `Enforce` has such a list"
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
        "an amount of 0 accelerators counts as 0, whether or not it is treated as a whole number",
    ),
    Equivalent(
        "pod_totals",
        "(earlier_index < index && earlier[3] == 1.0)",
        "(earlier_index <= index && earlier[3] == 1.0)",
        "if `earlier_index` is `index`, the container is counted already, by the condition before this one",
    ),
    Equivalent(
        "limit_resources_1",
        "(sized.container.injected == true ? dyn('0')",
        "(sized.container.injected != true ? dyn('0')",
        "no verdict and no rule id depends on it, only the minimum that a message names",
    ),
    Equivalent(
        "shown_violations",
        "earlier_index <= index, size(earlier) + 2)",
        "earlier_index < index, size(earlier) + 2)",
        "no verdict and no rule id depends on it. The message may list one violation more than fits its limit, and then"
        " counts one fewer as not listed. The limit is 1,400 characters below the length at which an engine drops it",
    ),
    Equivalent(
        "shown_violations",
        "size(earlier) + 2).sum() <= 3600",
        "size(earlier) + 2).sum() < 3600",
        "no verdict and no rule id depends on it. A message of exactly the maximum length lists one violation fewer,"
        " and counts one more as not listed",
    ),
    Equivalent(
        "",
        "variables.restrict_namespace.map(violation, '[restrict-namespace] ' + violation)",
        "[]",
        "the policy is for tenants whose enforcement differs from the platform's. The other policy covers namespaces"
        " without a tenant, so `namespace_unclaimed` is `false` here and the rule's list is always empty",
        "enforcetenantisolation(audit|enforce|warn)",
    ),
    *(
        Equivalent(
            variable,
            "cidr(address_range).prefixLength() <= cidr(metadata_service).prefixLength()) &&",
            "cidr(address_range).prefixLength() < cidr(metadata_service).prefixLength()) &&",
            "it makes a difference only for a range that contains the metadata service and has the same prefix length."
            " This is the service's own range, which contains itself, so the other side of the `||` is already true",
        )
        for variable in ("restrict_network_rules", "guard_network_policies")
    ),
    Equivalent(
        "limit_total_resources_3",
        "variables.object_totals.cpu > quantity(",
        "variables.object_totals.cpu >= quantity(",
        "the comparison adds half a billionth of a cpu to the quota. A total is in whole thousandths and a quota in"
        " whole billionths, so they are never equal. A double loses this half only for millions of cpus, where the"
        " total is a thousandth too high",
    ),
    Equivalent(
        "require_network_policy",
        "",
        "",
        "the rule applies only to tenants whose clusters KubeRay isolates",
        test=_OTHER_TENANTS,
    ),
    Equivalent(
        "",
        "variables.require_network_policy.map(violation, '[require-network-policy] ' + violation)",
        "[]",
        "the rule applies only to tenants whose clusters KubeRay isolates",
        test=_OTHER_TENANTS,
    ),
    *(
        Equivalent(
            variable, was, now, "the rule applies only to tenants with token authentication", test=_OTHER_TENANTS
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
        "it is about bare pods, and this policy has none",
        RAY.name,
    ),
    Equivalent(
        "irrelevant_update",
        "",
        "",
        "it compares an object with its old version, and the offline engines get the same object for both",
        test=_UPDATES,
    ),
)
