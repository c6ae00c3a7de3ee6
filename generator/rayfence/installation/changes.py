"""Shows as a diff what an installation would change. The server says what each object would become."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import unified_diff

from rayfence import yamlio
from rayfence.backends.resources import resource_of
from rayfence.cluster.objects import Unanswered, name_of, text_at
from rayfence.doctor.case import NAMESPACES
from rayfence.installation.desired import DesiredObjects
from rayfence.installation.offboarding import closing, offboarding
from rayfence.installation.removing import too_much
from rayfence.installation.target import Target, Value, put

_SERVERS_OWN = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp")


@dataclass(frozen=True, slots=True)
class Change:
    """One object that would be added, changed or removed.

    Only changed objects have a `diff`. `refusal` is the server's message if it refuses the object now. An object that
    depends on another one of the installation, such as Kyverno's rights, is refused until that one exists.
    """

    what: str
    name: str
    diff: str = ""
    refusal: str = ""


def dry_run(
    target: Target, parts: DesiredObjects, progress: Callable[[str], None] = lambda sentence: None
) -> Iterator[Change]:
    """Every change, in the order in which they would be made. Nothing is changed."""
    parts = closing(parts, offboarding(target, parts))
    namespaces = {name_of(part.value) for part in target.of(NAMESPACES)}
    for value in parts:
        progress(f"comparing {_name(value)}")
        if text_at(value, "metadata", "namespace") not in {"", *namespaces}:
            # What is missing is the namespace, which is said once and not for each of its objects.
            yield Change("add", _name(value))
        elif change := _change(target, value):
            yield change
    for resource, namespace, name in too_much(target, parts.keys):
        yield Change("remove", f"{resource.kind} {namespace}/{name}" if namespace else f"{resource.kind} {name}")


def _change(target: Target, value: Value) -> Change | None:
    before = _before(target, value)
    try:
        after, refusal = put(target, value, dry_run=True), ""
    except Unanswered as error:
        after, refusal = {**before, **value}, str(error)
    if not before:
        return Change("add", _name(value), refusal=refusal)
    diff = "".join(_diff(before, after))
    return Change("change", _name(value), diff, refusal) if diff or refusal else None


def _before(target: Target, value: Value) -> Value:
    found = target.one(resource_of(value), text_at(value, "metadata", "namespace"), name_of(value))
    return found.value if found else {}


def _diff(before: Value, after: Value) -> Iterator[str]:
    old, new = (_lines(each) for each in (before, after))
    yield from unified_diff(old, new, "in the cluster", "in the bundle", n=2)


def _lines(value: Value) -> list[str]:
    if not value:
        return []
    metadata = {key: each for key, each in value["metadata"].items() if key not in _SERVERS_OWN}
    shown = {key: each for key, each in value.items() if key != "status"} | {"metadata": metadata}
    return yamlio.dump([shown]).splitlines(keepends=True)


def _name(value: Value) -> str:
    namespace = text_at(value, "metadata", "namespace")
    return f"{value['kind']} {namespace}/{name_of(value)}" if namespace else f"{value['kind']} {name_of(value)}"
