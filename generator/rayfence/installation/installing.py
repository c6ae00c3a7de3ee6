"""Runs an installation in an order that keeps every tenant protected throughout.

The network layer is applied first, new policies are in force before old ones are removed, and a policy takes over a
namespace before another releases it. The exception is a generating policy, which cannot exist twice: an old one of
another kind releases its NetworkPolicies before the new one takes them over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rayfence import network
from rayfence.backends.resources import is_defined, kind_of, resource_of, why_not_ready
from rayfence.cluster.objects import Busy, Unanswered, map_at, name_of, text_at
from rayfence.doctor import rights
from rayfence.installation.desired import DesiredObjects
from rayfence.installation.enforcement import Answer, ask
from rayfence.installation.offboarding import Offboarding, closes, closing, in_use, offboarding
from rayfence.installation.ordering import stages
from rayfence.installation.removing import LAYER, Key, generated, is_generator, let_go, remove, too_much
from rayfence.installation.target import Target, Value, put
from rayfence.model.config import Config
from rayfence.model.subjects import RAY, Resource
from rayfence.network.static import NAMES as ENGINELESS

Progress = Callable[[str], None]

_PAUSE = 0.5
_PATIENCE = 10
"""Tries before a policy is shown to Kyverno again."""

SECONDS_TO_TAKE_UP = 5
"""On a busy machine a request that came right after a native policy was still let pass."""

NUDGE = "rayfence.dev/look-again"


class NotReady(Exception):
    """A policy is there and does not decide; what was there before still does."""


class Refused(Exception):
    """The server did not take an object; what was there before still is."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How long to wait for each policy, and how time passes."""

    seconds: float = 120
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def tries(self) -> Iterator[bool]:
        """Repeats until the time is over; the last attempt knows that it is the last."""
        end = self.now() + self.seconds
        while (left := end - self.now()) > 0:
            yield False
            self.sleep(min(_PAUSE, max(left, 0)))
        yield True


@dataclass(frozen=True, slots=True)
class Installed:
    """The removed objects, and the namespaces without a tenant that stay closed."""

    removed: tuple[Key, ...]
    offboarding: Offboarding


def install(target: Target, parts: DesiredObjects, progress: Progress, clock: Clock = Clock()) -> Installed:
    """Install everything, wait until it is ready, and remove old objects. Repeatable. Raises Refused and NotReady."""
    found = offboarding(target, parts)
    parts = closing(parts, found)
    _put(target, parts.layer, "the closed layer", progress, clock)
    _put(target, parts.roles, "Kyverno's rights", progress, clock)
    _wait_for_rights(target, parts, progress, clock)
    _put(target, parts.templates, "templates", progress, clock)
    _wait(target, parts.templates, progress, clock)
    _put(target, parts.fillers, "what fills in", progress, clock)
    _wait(target, parts.fillers, progress, clock)
    for number, stage in enumerate(stages(target, parts.judges)):
        if number:
            progress("giving policies time to take up the namespaces that move to them")
            clock.sleep(SECONDS_TO_TAKE_UP)
        _put(target, stage, "policies", progress, clock)
        _wait(target, stage, progress, clock)
    _prove(target, parts, progress, clock)
    _settle(parts.judges, progress, clock)
    _hand_over(target, parts, progress)
    _put(target, parts.generators, "what generates", progress, clock)
    _wait(target, parts.generators, progress, clock)
    removed = _prune(target, parts, progress, clock)
    return Installed(tuple(removed), offboarding(target, parts))


def _put(target: Target, values: Sequence[Value], what: str, progress: Progress, clock: Clock) -> None:
    for number, value in enumerate(values, start=1):
        progress(f"applying {what}: {number} of {len(values)}")
        _insist(target, value, clock)


def _insist(target: Target, value: Value, clock: Clock) -> None:
    """Put it there; what may be taken in a moment is tried again.

    Kyverno takes a policy that generates only once it has collected its rights, constraints need their kind, and a
    webhook may be slow.
    """
    for last in clock.tries():
        try:
            put(target, value)
            return
        except Unanswered as error:
            if last or not (isinstance(error, Busy) or _takes_time(value)):
                raise Refused(f"{value['kind']} {_place(value)}: {error}") from None


def _takes_time(value: Value) -> bool:
    resource = resource_of(value)
    return is_generator((resource, "", name_of(value))) or is_defined(resource)


def _wait_for_rights(target: Target, parts: DesiredObjects, progress: Progress, clock: Clock) -> None:
    """Wait until Kyverno's own roles have collected ours: it looks at them when a policy comes, and not again."""
    if parts.roles:
        progress("waiting until Kyverno's roles have aggregated the permissions")
        for last in clock.tries():
            lacking = list(rights.lacking(target))
            if not lacking:
                break
            if last:
                raise NotReady(
                    f"Kyverno lacks permissions after {clock.seconds:.0f} s: {lacking[0].where}: {lacking[0].message}"
                )


def _wait(target: Target, values: Sequence[Value], progress: Progress, clock: Clock) -> None:
    for number, value in enumerate(values, start=1):
        progress(f"waiting until {name_of(value)} is in force: {number} of {len(values)}")
        _wait_for(target, value, clock)


def _wait_for(target: Target, value: Value, clock: Clock) -> None:
    nudged = False
    for number, last in enumerate(clock.tries(), start=1):
        found = target.one(resource_of(value), "", name_of(value))
        why = why_not_ready(found.value) if found else "it is gone again"
        if not why:
            break
        if last:
            raise NotReady(f"{value['kind']} {name_of(value)} is not ready after {clock.seconds:.0f} s: {why}")
        if number % _PATIENCE == 0 and kind_of(value).retried_on_change:
            target.apply(resource_of(value), _nudging(value, number))
            nudged = True
    if nudged:
        put(target, value)


def _prove(target: Target, parts: DesiredObjects, progress: Progress, clock: Clock) -> None:
    """Wait until each policy is seen to refuse. Where it cannot be asked, what it says of itself has to do."""
    for number, (name, value) in enumerate(parts.refused.items(), start=1):
        progress(f"waiting until {name} refuses a test object: {number} of {len(parts.refused)}")
        for last in clock.tries():
            answer = ask(target, value)
            if answer in (Answer.REFUSED, Answer.UNKNOWN):
                break
            if last:
                what = f"a {value['kind']} in {value['metadata']['namespace']} that it must refuse"
                said = "admits" if answer is Answer.ADMITTED else "does not answer in time for"
                raise NotReady(f"{name} {said} {what}, after {clock.seconds:.0f} s")


def _settle(judges: Sequence[Value], progress: Progress, clock: Clock) -> None:
    """Give the API servers time to see policies of their own kind: they do so a moment later, and never say when.

    What was seen to refuse was one of them, or it was the policy of before.
    """
    if any(kind_of(each).ready_early for each in judges):
        progress("giving the API server time to take up its policies")
        clock.sleep(SECONDS_TO_TAKE_UP)


def _nudging(value: Value, number: int) -> Value:
    """The same policy with a mark on it: what Kyverno once found lacking it looks at again when the policy changes."""
    annotations = {**map_at(value, "metadata", "annotations"), NUDGE: str(number)}
    return {**value, "metadata": {**value["metadata"], "annotations": annotations}}


def _hand_over(target: Target, parts: DesiredObjects, progress: Progress) -> None:
    """Take away generating policies of the other kind, and leave what they made to the new ones."""
    if not parts.generators:
        return
    for key in too_much(target, parts.keys):
        if is_generator(key) and key[0] != resource_of(parts.generators[0]):
            progress(f"handing over what {key[0].kind} {key[2]} has generated")
            let_go(target, key)
            remove(target, key)


def _prune(target: Target, parts: DesiredObjects, progress: Progress, clock: Clock) -> list[Key]:
    stale = too_much(target, parts.keys)
    if parts.generators and any(_stands_in(key) for key in stale):
        _wait_for_generated(target, parts, progress, clock)
    made = set(generated(target))
    layer = [key for key in stale if key[0] in LAYER and key not in made]
    removed = _remove(target, [key for key in stale if key not in layer], progress)
    if not parts.generators:
        removed += _sweep(target, progress, clock)
    # Only now does no policy let anything new into a namespace that no tenant has.
    used = in_use(target) if any(closes(key) for key in layer) else set[str]()
    return removed + _remove(target, [key for key in layer if not (closes(key) and key[1] in used)], progress)


def _remove(target: Target, keys: Sequence[Key], progress: Progress) -> list[Key]:
    """Those of them that were there."""
    removed = []
    for key in keys:
        progress(f"removing {_named(key)}, which is no longer wanted")
        removed += [key] if remove(target, key) else []
    return removed


def _sweep(target: Target, progress: Progress, clock: Clock) -> list[Key]:
    """What Kyverno still made of what it had begun with; it may no more, but it learns that a moment later."""
    removed: list[Key] = []
    for last in clock.tries():
        if not (found := list(generated(target))):
            break
        removed += _remove(target, found, progress)
        if last:
            raise NotReady(f"{_named(found[0])} is created again and again; find the Kyverno policy that creates it")
    return removed


def _stands_in(key: Key) -> bool:
    """Whether it opens for all Ray pods of a namespace what is generated for each RayCluster."""
    return key[0] in LAYER and key[2] in ENGINELESS


def _wait_for_generated(target: Target, parts: DesiredObjects, progress: Progress, clock: Clock) -> None:
    """Wait until Ray objects have NetworkPolicies of their own: running pods lose what stood in for them next."""
    progress("waiting until Ray objects have NetworkPolicies of their own")
    for last in clock.tries():
        lacking = sorted(_owed(target, parts.config) - {key[1:] for key in generated(target)})
        if not lacking:
            break
        if last:
            place = "/".join(lacking[0])
            raise NotReady(
                f"{len(lacking)} NetworkPolicies are not generated after {clock.seconds:.0f} s, {place} for one; "
                "until then, the objects of the earlier install stay"
            )


def _owed(target: Target, config: Config) -> set[tuple[str, str]]:
    """Namespace and name of every NetworkPolicy that is to be generated for what is there."""
    tenants = config.by_namespace()
    return {
        (part.namespace, name_of(policy))
        for resource in RAY.resources
        for part in target.of(resource)
        if part.namespace in tenants
        for policy in network.generated(config.platform, tenants[part.namespace], part.value)
    }


def _named(key: tuple[Resource, str, str]) -> str:
    resource, namespace, name = key
    return f"{resource.kind} {namespace}/{name}" if namespace else f"{resource.kind} {name}"


def _place(value: Value) -> str:
    namespace = text_at(value, "metadata", "namespace")
    return f"{namespace}/{name_of(value)}" if namespace else name_of(value)
