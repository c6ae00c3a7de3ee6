"""The objects that `audit` and `doctor` examine: from saved files, or from a live cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rayfence.admission.evaluate import Part, parts
from rayfence.cli import manifests
from rayfence.cli.exits import Undecided, refusal
from rayfence.cluster.objects import Objects, Saved, Unanswered, text_at
from rayfence.yamlio import Document, Problem

if TYPE_CHECKING:
    from rayfence.cluster.live import Cluster


@dataclass(frozen=True, slots=True)
class Connection:
    """Which cluster, in kubectl's words; None leaves the choice to the kubeconfig."""

    kubeconfig: str | None = None
    context: str | None = None


def source(paths: Sequence[str], connection: Connection, consequence: str) -> Objects:
    """The objects to check. Raises WrongInput with everything that cannot be read, Undecided if no cluster answers."""
    return saved(paths, consequence) if paths else live(connection)


def live(connection: Connection) -> Cluster:
    """A cluster that has answered once."""
    # Imported here, for the client takes longer than all other commands.
    from rayfence.cluster.connecting import connect

    try:
        cluster = connect(connection.kubeconfig, connection.context)
        cluster.version()
    except Unanswered as error:
        raise Undecided(f"error: {error}") from None
    return cluster


def saved(paths: Sequence[str], consequence: str) -> Saved:
    """The objects in these files."""
    read = list(manifests.documents(manifests.files(paths)))
    documents = [each for each in read if isinstance(each, Document)]
    problems = [each for each in read if isinstance(each, Problem)]
    problems += [_nameless(part) for document in documents for part in parts(document) if not _is_object(part)]
    if problems:
        raise refusal(problems, consequence)
    if not documents:
        raise manifests.nothing_in(paths)
    return Saved(documents)


def _is_object(part: Part) -> bool:
    return bool(text_at(part.value, "apiVersion") and text_at(part.value, "kind"))


def _nameless(part: Part) -> Problem:
    line = part.document.line_of(part.path)
    return Problem(part.document.file, line, "no Kubernetes object; write its apiVersion and kind")
