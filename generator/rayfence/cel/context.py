"""The contract between rules and policies: every CEL variable that a rule may read, and the shape of its records.

`admission` puts the variables before the rules of a policy object, in the order in which they are listed here. Tests
compare the list with the policy objects, and the records with the CEL that makes them. `tools/docs.py` writes
`docs/cel.md` from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from rayfence.model.config import MEANING, Allow
from rayfence.model.subjects import EXPOSURE, NETWORK_POLICIES, PODS, RAY, SUBJECTS, Subject


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a value: a word or a record, inside a number of lists."""

    of: str | Record
    lists: int = 0

    @property
    def record(self) -> Record | None:
        """The record that the value consists of, if any."""
        return self.of if isinstance(self.of, Record) else None

    def __str__(self) -> str:
        nested = "".join("list of " if number == 0 else "lists of " for number in range(self.lists))
        return f"{nested}{self.of.name if isinstance(self.of, Record) else self.of}"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record. With `only_if` the field is missing unless that holds."""

    name: str
    type: Type
    meaning: str
    only_if: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A map of CEL that has the same keys each time. Rules read them as `record.name`."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """`variables.<name>` in the policy objects of some subjects.

    With `on_demand` a policy object has it only if one of its rules reads it. Without `for_rules` it belongs to the
    policy: rules may not read it, and no rule may be called so.
    """

    name: str
    subjects: tuple[Subject, ...]
    type: Type
    meaning: str
    on_demand: bool = False
    for_rules: bool = field(default=True, kw_only=True)


TEXT, BOOL, NUMBER, ANY = Type("text"), Type("bool"), Type("double"), Type("any value")
TEXTS, MAP = Type("text", 1), Type("map")
QUANTITY = Type("quantity or null")

# --- records ----------------------------------------------------------------------------------------------------------

_PATH = Field("path", TEXT, "Where it is in the object, as messages name it.")
_VALUE = Field("value", ANY, "What the manifest has there, null for nothing.")

PART = Record("part of the object", (_PATH, _VALUE))

GROUP = Record(
    "group",
    (
        _PATH,
        Field("role", TEXT, "`head` or `worker`."),
        Field("value", ANY, "The head group or worker group of the manifest."),
    ),
)

TEMPLATE = Record(
    "pod template",
    (
        _PATH,
        Field("role", TEXT, "`head`, `worker` or `submitter`."),
        Field("group", ANY, "The group that the template belongs to, an empty map for a submitter."),
        Field("manifest", ANY, "The template, null where the manifest has none."),
        Field("spec", ANY, "The pod spec of the template, an empty map where there is none."),
        Field(
            "labels",
            Type(PART, 1),
            "Every place that sets the tenant label of these pods; one place with the value null where none does.",
        ),
    ),
)

_SIDE = "What the container {}, by resource; an empty map where the manifest has no map."

_CONTAINER = (
    _PATH,
    Field("value", ANY, "The container of the manifest, an empty map for one that the operator makes."),
    Field("resources", ANY, "Its `resources`, null for none."),
    Field(
        "injected",
        BOOL,
        "Whether it has the name of a container that the operator makes. The tenant's minimum does not hold for it.",
    ),
    Field("keeps_running", BOOL, "Whether it runs as long as its pod; an init container that is a sidecar does."),
    Field("requests", ANY, _SIDE.format("requests")),
    Field("limits", ANY, _SIDE.format("is limited to")),
)

CONTAINER = Record("container", _CONTAINER)

OPERATOR_CONTAINER = Record(
    "operator container",
    (*_CONTAINER, Field("is_collector", BOOL, "Whether it runs in every pod; the autoscaler runs in the head alone.")),
)

SIZED = Record(
    "sized container",
    (
        Field("container", Type(CONTAINER), "The container."),
        Field(
            "amounts",
            Type("quantity or null", 2),
            "`amounts[0]` is cpu, `amounts[1]` is memory; in each, `[0]` is the request and `[1]` is the limit. "
            "null stands for a missing amount, and for one that is no quantity.",
        ),
    ),
)

POD = Record(
    "Ray pod",
    (
        Field("path", TEXT, "Where its template is in the object."),
        Field("role", TEXT, "`head`, `worker` or `submitter`."),
        Field("group", ANY, "The group that the pod belongs to, an empty map for a submitter."),
        Field("containers", Type(CONTAINER, 1), "Its containers in the order of their start: init containers first."),
    ),
)

PREFIXED = Record(
    "pod",
    (
        Field(
            "path", TEXT, "What to put before `spec.…` or `metadata.…`: a path that ends in a dot, or an empty text."
        ),
        Field(
            "value", ANY, "The pod or the pod template, with its `metadata` and `spec`; null for a missing template."
        ),
    ),
)

BOUND = Record(
    "bound of the tenant",
    (
        Field("resource", TEXT, "`cpu` or `memory`."),
        Field("min", TEXT, "The minimum, as the config writes it."),
        Field("max", TEXT, "The maximum, as the config writes it."),
        Field("min_quantity", Type("quantity"), "The minimum."),
        Field("max_quantity", Type("quantity"), "The maximum."),
    ),
)

ANNOTATED = Record(
    "bound annotation",
    (
        Field("name", TEXT, "The key of the annotation."),
        Field("resource", Type("int"), "0 for cpu, 1 for memory: an index of `tenant_bounds`."),
        Field("side", Type("int"), "0 for a minimum of requests, 1 for a maximum of limits."),
    ),
)

DECLARED = Record(
    "declared bound",
    (
        Field("bound", Type(ANNOTATED), "Which bound it is."),
        Field("amount", QUANTITY, "What the annotation says, null if that is no quantity."),
    ),
)

ADDITION = Record(
    "operator default",
    (
        Field("name", TEXT, "`autoscaler`, `collector` or `submitter`."),
        Field("path", TEXT, "The field that asks for it."),
        Field("fix", TEXT, "What a tenant can write instead."),
        Field("cpu", TEXT, "The cpu limit that the operator gives it."),
        Field("memory", TEXT, "The memory limit that the operator gives it."),
    ),
)

TOTALS = Record(
    "totals",
    (
        Field("cpu", NUMBER, "Thousandths of a core."),
        Field("memory", NUMBER, "Bytes."),
        Field("accelerators", NUMBER, "Extended resources of every name together."),
        Field("workers", NUMBER, "Worker pods."),
    ),
)

SECURITY_FIELD = Record(
    "securityContext field",
    (
        Field("parent", TEXT, "A field of a securityContext."),
        Field("child", TEXT, "The field below it."),
        Field("allowed", Type("any value", 1), "The values that the Pod Security baseline allows, null among them."),
    ),
)

NETWORK_RULE = Record(
    "network rule",
    (
        Field("path", TEXT, "Where its list of peers is in the object."),
        Field("is_ingress", BOOL, "Whether it opens ingress; otherwise it opens egress."),
        Field("peers", Type("any value", 1), "Its peers, as the manifest has them."),
        Field("allowed_namespaces", TEXTS, "The namespaces that its peers may be in."),
        Field("dns_only", BOOL, "Whether it opens egress to port 53 alone.", "the platform lists `dns.cidrs`"),
    ),
)

SERVICE = Record(
    "Service",
    (
        Field("path", TEXT, "Where its ServiceSpec is, or the part of the object that has its type."),
        Field("spec", ANY, "The ServiceSpec, an empty map for none."),
        Field("type_path", TEXT, "Where its type is."),
        Field("type", ANY, "Its type, null for none."),
    ),
)

MARKS = Record("map of metadata", (_PATH, Field("entries", MAP, "Its keys and values, empty if it is no map.")))

CHANGED_MARKS = Record(
    "changed map of metadata",
    (
        _PATH,
        Field("entries", MAP, "Its keys and values, empty if it is no map."),
        Field("old_entries", MAP, "Those before the update. Empty for a new object, and for Ray objects."),
    ),
)

QUEUE = Record(
    "queue",
    (
        _PATH,
        Field("key", TEXT, "The key of the label or annotation."),
        Field("value", ANY, "What it says."),
        Field("aliases", TEXTS, "The keys that schedulers read for the same, as the config may list any of them."),
        Field("unchanged", BOOL, "Whether the object had the same before the update."),
    ),
)

# --- variables --------------------------------------------------------------------------------------------------------

_TEMPLATED = (RAY, PODS)
_RULED = (RAY, NETWORK_POLICIES)
_EXPOSED = (RAY, EXPOSURE)

VARIABLES: tuple[Variable, ...] = (
    Variable("operation", SUBJECTS, TEXT, "`CREATE`, `UPDATE` or `DELETE`."),
    Variable("old_object", SUBJECTS, ANY, "The object before an update or a deletion, otherwise null."),
    Variable("namespaces", SUBJECTS, Type("map of text to text"), "Namespace to tenant. Read `tenant_name` instead."),
    Variable("subject", SUBJECTS, ANY, "The object that is checked: `object`, or `old_object` for a deletion."),
    Variable("object_namespace", SUBJECTS, TEXT, "The object's namespace, `''` for none."),
    Variable(
        "tenant_name",
        SUBJECTS,
        TEXT,
        "The tenant that has the namespace. `''` where no tenant has it, and where another policy object covers it: "
        "a rule must then report nothing.",
    ),
    Variable("tenants", SUBJECTS, Type("map of text to list of text"), "The rows of all tenants. Read `tenant`.", True),
    Variable(
        "tenant",
        SUBJECTS,
        Type("map of text to text"),
        "The tenant's own fields. `row.field(name)` writes the CEL that reads one of them.",
        True,
    ),
    Variable("own_namespaces", SUBJECTS, TEXTS, "The namespaces of the tenant.", True),
    *(
        Variable(f"allowed_{each.name}", SUBJECTS, TEXTS, f"What the tenant may use: {each.metadata[MEANING]}.", True)
        for each in fields(Allow)
    ),
    Variable(
        "namespace_unclaimed",
        (RAY,),
        BOOL,
        "Whether no tenant has the namespace. Always false in policy objects for tenants whose enforcement is not the "
        "platform's.",
    ),
    Variable("ray_clusters", (RAY,), Type(PART, 1), "The specs of RayClusters: of the object itself, or inside it."),
    Variable("ray_jobs", (RAY,), Type(PART, 1), "The specs of RayJobs: of a RayJob, or inside a RayCronJob."),
    Variable("ray_groups", (RAY,), Type(GROUP, 1), "The head group and the worker groups."),
    Variable(
        "pod_templates",
        (RAY,),
        Type(TEMPLATE, 1),
        "The template of each group, and that of the submitter where KubeRay makes a submitter pod.",
    ),
    Variable("ray_pods", (RAY,), Type(POD, 1), "The same in the same order, each with its containers."),
    Variable(
        "operator_containers",
        (RAY,),
        Type(OPERATOR_CONTAINER, 1),
        "Containers that the operator makes, where the manifest sets their `resources`.",
    ),
    Variable("containers", (RAY,), Type(CONTAINER, 1), "Every container of every pod, and `operator_containers`."),
    Variable(
        "container_amounts",
        (RAY,),
        Type(SIZED, 2),
        "The same containers with their amounts: a list for each of `ray_pods`, and last one for "
        "`operator_containers`. `.flatten()` makes it one list.",
    ),
    Variable("services", _EXPOSED, Type(SERVICE, 1), "The Service itself, or those that KubeRay makes of the object."),
    Variable("service_metadata", _EXPOSED, Type(MARKS, 1), "Annotations and labels of these Services."),
    Variable("ingress_paths", _EXPOSED, TEXTS, "The fields that ask for an Ingress or a Gateway."),
    Variable(
        "tenant_bounds",
        (RAY,),
        Type(BOUND, 1),
        "The tenant's bounds: `[0]` is cpu, `[1]` is memory. Fails without a tenant.",
    ),
    Variable(
        "operator_defaults",
        (RAY,),
        Type(ADDITION, 1),
        "Containers that the operator adds and sizes itself, because the manifest does not size them.",
    ),
    Variable("declared_bounds", (RAY,), Type(DECLARED, 1), "The bounds that annotations of the object declare."),
    Variable(
        "replica_factors",
        (RAY,),
        Type("double", 2),
        "For each of `ray_pods`: `maxReplicas`, `minReplicas` and `numOfHosts` of its group, -1.0 for what is no "
        "number. 1.0 each for the head and the submitter.",
    ),
    Variable("pod_counts", (RAY,), Type("double", 1), "For each of `ray_pods`: how many there may be; last 1.0."),
    Variable(
        "container_totals",
        (RAY,),
        Type("double", 3),
        "For each of `container_amounts`: the limits in thousandths of a core, bytes and accelerators, and 1.0 if it "
        "keeps running.",
    ),
    Variable(
        "operator_additions",
        (RAY,),
        Type("double", 2),
        "What the operator adds to the head pod, in the numbers of `container_totals`.",
    ),
    Variable(
        "collectors",
        (RAY,),
        Type("double", 2),
        "What the operator adds to every head and worker pod, in the same numbers.",
    ),
    Variable(
        "pod_totals",
        (RAY,),
        Type("double", 2),
        "For each of `ray_pods`: thousandths of a core, bytes and accelerators; last those of `operator_additions`.",
    ),
    Variable("object_totals", (RAY,), Type(TOTALS), "What all pods of the object take together, at most."),
    Variable("pod_definitions", _TEMPLATED, Type(PREFIXED, 1), "The pod templates of a Ray object, or the pod itself."),
    Variable(
        "security_fields", _TEMPLATED, Type(SECURITY_FIELD, 1), "Fields of a securityContext that have allowed values."
    ),
    Variable(
        "security_containers",
        _TEMPLATED,
        Type(PART, 1),
        "Every container of `pod_definitions`, init containers and ephemeral containers too, and "
        "`operator_containers`.",
    ),
    Variable("spec_unchanged", (PODS,), BOOL, "Whether this is an update that leaves the spec as it was."),
    Variable(
        "new_pod_specs", _TEMPLATED, Type(PREFIXED, 1), "Those of `pod_definitions` whose spec is new or has changed."
    ),
    Variable(
        "node_affinity_expressions",
        _TEMPLATED,
        Type(PART, 1),
        "Expressions of node affinity in `new_pod_specs` that select nodes.",
    ),
    Variable(
        "unpinned_pods",
        _TEMPLATED,
        Type(PREFIXED, 1),
        "Pods in `new_pod_specs` whose nodeSelector does not pin them. Empty for Ray objects, whose templates another "
        "rule pins.",
    ),
    Variable(
        "accepted_annotations", _TEMPLATED, MAP, "Annotations that a pod may keep. Empty for Ray objects and new pods."
    ),
    Variable(
        "network_policy_specs",
        _RULED,
        Type(PART, 1),
        "Specs with network rules: of a NetworkPolicy, or of `networkPolicy` in a RayCluster. "
        "That of a NetworkPolicy is there without a tenant too.",
    ),
    Variable("network_rules", _RULED, Type(NETWORK_RULE, 1), "The ingress and egress rules of these specs."),
    Variable(
        "queue_keys",
        _TEMPLATED,
        Type("map of text to list of text"),
        "A key that a scheduler reads, to all keys that mean the same.",
    ),
    Variable(
        "metadata_maps",
        _TEMPLATED,
        Type(CHANGED_MARKS, 1),
        "Labels and annotations of the object, of its groups and of `pod_definitions`.",
    ),
    Variable(
        "queue_names",
        _TEMPLATED,
        Type(QUEUE, 1),
        "Those labels and annotations that name a queue or a priority to a scheduler.",
    ),
    Variable(
        "irrelevant_update",
        SUBJECTS,
        BOOL,
        "Whether an update changes other metadata alone. No rule is reported then.",
        for_rules=False,
    ),
    Variable("violations", SUBJECTS, TEXTS, "Everything that all rules report.", for_rules=False),
    Variable("broken_rules", SUBJECTS, TEXTS, "The ids of the rules that report something.", for_rules=False),
    Variable("listed", SUBJECTS, TEXTS, "The first of the violations.", for_rules=False),
    Variable("shown_violations", SUBJECTS, TEXTS, "Those that fit into one message.", for_rules=False),
)
"""In the order in which a policy object has them: each is made of those before it."""

GIVEN: Mapping[str, str] = {
    "object": "The new object. null for a deletion.",
    "oldObject": "The object before. Read `variables.old_object`, which exists for every operation.",
    "request": "The admission request. Rules read `request.?userInfo.?username.orValue('')` and `.?groups`.",
}
"""What engines give to CEL beside the variables."""

TENANT_FIELDS: Mapping[str, str] = {
    "cpu.min": "The least cpu that a container may request. Always set.",
    "cpu.max": "The highest cpu limit of a container. Always set.",
    "memory.min": "The least memory that a container may request. Always set.",
    "memory.max": "The highest memory limit of a container. Always set.",
    "quota.cpu": "The most cpu that all pods of one object may take together.",
    "quota.memory": "The most memory that all pods of one object may take together.",
    "accelerators": "The most accelerators that all pods of one object may take together. `'0'` if not set.",
    "workers": "The most worker pods that one object may have.",
    "network.mode": "The mode of `spec.networkPolicy` that the tenant's RayClusters must have.",
    "authentication": "The authentication that the tenant's RayClusters must ask for.",
}
"""What the fields of `row.FIELDS` mean."""


def of(subject: Subject) -> tuple[Variable, ...]:
    """The variables of the policy objects of a subject."""
    return tuple(variable for variable in VARIABLES if subject in variable.subjects)


def records() -> tuple[Record, ...]:
    """Every record, in the order in which the variables need them."""
    found: dict[str, Record] = {}
    for variable in VARIABLES:
        _collect(variable.type, found)
    return tuple(found.values())


def _collect(type_: Type, found: dict[str, Record]) -> None:
    if type_.record and type_.record.name not in found:
        found[type_.record.name] = type_.record
        for each in type_.record.fields:
            _collect(each.type, found)
