"""A cluster in memory that can be installed on, with a Kyverno beside it that generates and takes away what it made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rayfence.admission.evaluate import Evaluator, Part
from rayfence.backends.gatekeeper.engine import CONSTRAINTS
from rayfence.backends.resources import CLUSTER_ROLES, generators, kinds
from rayfence.cluster.objects import Unanswered, map_at, name_of, text_at, unwritten_part
from rayfence.installation import Clock
from rayfence.installation.removing import MADE_BY
from rayfence.model.config import Config
from rayfence.model.subjects import NETWORK_POLICIES, Resource, subject_of
from rayfence.network.tables import GENERATION
from rayfence.workload import Request

from .healthy_cluster import as_served, collected
from .saved_cluster import KYVERNO_LABELS, Value, copied, generated_policies, namespace

Key = tuple[str, str, str, str]
"""API group, kind, namespace and name."""

GENERATORS = generators()
POLICY = NETWORK_POLICIES.resources[0]


class FakeCluster:
    """What `Target` promises. `watch` is called after every write, with the cluster as it then is.

    `eager`: Kyverno does its work at once, and not only while somebody waits. `late`: it makes once more what is
    deleted after its policy, as it does with what it had begun before.
    """

    def __init__(self, config: Config, *, eager: bool = True, late: bool = False) -> None:
        self.config = config
        self.there: dict[Key, Value] = {}
        self.watch: Callable[[FakeCluster], None] = lambda cluster: None
        self._eager, self._late = eager, late
        self._orphans: list[str] = []
        self._evaluator = Evaluator(config, Request(groups=config.platform.administrators.groups))
        self._seconds = 0.0
        for each in (*map(namespace, config.by_namespace()), *map(collected, ("admission", "background", "reports"))):
            self.put(each)

    @property
    def clock(self) -> Clock:
        """Time that passes while somebody sleeps, and lets Kyverno work."""
        return Clock(30, lambda: self._seconds, self._sleep)

    def put(self, value: Value) -> None:
        """An object that somebody else has made."""
        self.there[_key(value)] = copied(value)

    def take(self, value: Value) -> None:
        """An object that somebody else deletes."""
        del self.there[_key(value)]

    def kinds(self, *resources: Resource) -> list[Value]:
        """The objects of these kinds."""
        kinds = {(each.group, each.kind) for each in resources}
        return [value for (group, kind, _, _), value in self.there.items() if (group, kind) in kinds]

    def policies(self, place: str) -> set[str]:
        """The names of a namespace's NetworkPolicies."""
        return {name_of(each) for each in self.kinds(POLICY) if each["metadata"]["namespace"] == place}

    def generators(self) -> list[Value]:
        """The policies that generate."""
        return [each for each in self.kinds(*GENERATORS) if name_of(each).startswith(GENERATION)]

    def judges(self, name: str) -> bool:
        """Whether a policy of this name is there, or for Gatekeeper a constraint."""
        policies = {each.resource.kind for each in kinds()}
        return any(key[3].startswith(name) for key in self.there if key[0] == CONSTRAINTS or key[1] in policies)

    def may_generate(self) -> bool:
        """Whether Kyverno has the rights."""
        return any(name_of(each) == "rayfence:kyverno-background-controller" for each in self.kinds(CLUSTER_ROLES))

    def serves(self, resource: Resource) -> bool:
        """Every kind."""
        return True

    def of(self, resource: Resource) -> Iterator[Part]:
        """All objects of a kind, as they were when it was asked for."""
        yield from map(unwritten_part, copied(self.kinds(resource)))

    def one(self, resource: Resource, namespace: str, name: str) -> Part | None:
        """The object of that name."""
        found = self.there.get((resource.group, resource.kind, namespace, name))
        return unwritten_part(copied(found)) if found else None

    def apply(self, resource: Resource, value: Value, *, dry_run: bool = False) -> Value:
        """Take an object. What the policies that are there judge, the rules in Python judge in their place."""
        place = text_at(value, "metadata", "namespace")
        if place and ("", "Namespace", "", place) not in self.there:
            raise Unanswered(f'namespaces "{place}" not found')
        subject = subject_of(value["apiVersion"], value["kind"])
        if subject and dry_run and self.judges(subject.name):
            for violation in self._evaluator.violations(value):
                raise Unanswered(f"{violation.rule}: [{violation.rule}] {violation.path}: {violation.message}")
        served = as_served(value)
        if not dry_run:
            self._write(_key(value), served)
        return served

    def replace(self, resource: Resource, value: Value, *, dry_run: bool = False) -> Value:
        """Take the whole object."""
        if not dry_run:
            self._write(_key(value), copied(value))
        return copied(value)

    def delete(self, resource: Resource, namespace: str, name: str) -> bool:
        """Delete an object."""
        gone = self.there.pop((resource.group, resource.kind, namespace, name), None)
        if gone and resource in GENERATORS and not _leaves_what_it_made(gone):
            self._orphans.append(name)
        if gone and self._late and MADE_BY in map_at(gone, "metadata", "labels") and self.may_generate():
            self._late = False
            self.put(gone)
        self._written()
        return gone is not None

    def may(self, verb: str, resource: Resource, namespace: str = "") -> bool:
        """Everything."""
        return True

    def _write(self, key: Key, value: Value) -> None:
        self.there[key] = value
        self._written()

    def _written(self) -> None:
        if self._eager:
            self._kyverno()
        self.watch(self)

    def _sleep(self, seconds: float) -> None:
        self._seconds += seconds
        self._kyverno()
        self.watch(self)

    def _kyverno(self) -> None:
        """Make what is to be generated, and take away what a policy that is gone has made."""
        if not self.may_generate():
            return
        for name in self._orphans:
            for value in self.kinds(POLICY):
                if map_at(value, "metadata", "labels").get(MADE_BY) == name:
                    self.take(value)
        self._orphans = []
        if self.generators():
            for policy in self._wanted():
                self.there.setdefault(_key(policy), policy)

    def _wanted(self) -> Iterator[Value]:
        for cluster in [each for each in self.there.values() if each["kind"] == "RayCluster"]:
            if cluster["metadata"]["namespace"] in self.config.by_namespace():
                yield from generated_policies(cluster, self.config)


def _key(value: Value) -> Key:
    group = value["apiVersion"].rpartition("/")[0]
    return group, value["kind"], text_at(value, "metadata", "namespace"), name_of(value)


def _leaves_what_it_made(policy: Any) -> bool:
    return "orphanDownstreamOnPolicyDelete': True" in str(policy["spec"]) or (
        policy["spec"].get("evaluation", {}).get("orphanDownstreamOnPolicyDelete", {}).get("enabled") is True
    )


assert KYVERNO_LABELS[MADE_BY].startswith(GENERATION)
