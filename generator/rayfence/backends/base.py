"""The questions that other packages ask a backend, so that they need not know its name or its kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rayfence.backends.formatting import laid_out
from rayfence.backends.offline import GatorOffline, KyvernoOffline
from rayfence.model.config import Config
from rayfence.model.subjects import Resource

Manifest = Mapping[str, Any]
Files = Mapping[str, list[dict[str, Any]]]
"""File name -> the manifests in it, in the order in which they are to be applied."""

UNKNOWN = "its engine has said nothing of it yet"
"""Why a policy without a status is not in force yet."""


@dataclass(frozen=True, slots=True)
class Generating:
    """The behaviour of a kind whose objects generate NetworkPolicies."""

    release: Callable[[dict[str, Any]], dict[str, Any]]
    """A policy object -> the same, which leaves behind what it has generated when it is deleted."""

    guide: str = ""
    """The page that explains how to move to another backend."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of policy object."""

    resource: Resource

    why_not_ready: Callable[[Manifest], str] = lambda policy: ""
    """An object with its status -> why it is not in force, '' where it is."""

    generating: Generating | None = None

    defines: Callable[[Manifest], Resource | None] | None = None
    """An object -> the kind that it defines. Objects of that kind are deleted before it."""

    binds: bool = False
    """Whether an object puts the policy of the same name in force, and has no rules."""

    annotations: tuple[str, ...] = ()
    """Annotations that change what a policy does."""

    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Field -> the value that a server fills in where it is missing."""

    retried_on_change: bool = False
    """Whether the engine retries what it could not do only when the object changes."""

    ready_early: bool = False
    """Whether an object reports that it is ready a moment before it is in force."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The webhook configuration through which an API server calls an engine."""

    name: str

    fix: str
    """How to repair it. `{namespace}` stands for the namespace where the engine runs."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a cluster must have for a backend's policies to be in force."""

    fix: str
    """What to do where the cluster does not know the kinds."""

    kyverno: bool = False
    """Whether Kyverno evaluates the policies."""

    ends: tuple[int, ...] = ()
    """The first version of Kyverno that enforces no such policies."""

    every_version: bool = False
    """Whether the cluster must serve every version of Ray's kinds, because the engine refuses unknown ones."""

    webhook: Webhook | None = None

    roles: Sequence[Manifest] = ()
    """The ClusterRoles that the engine needs beside its own."""


def _whole(manifest: dict[str, Any]) -> tuple[dict[str, Any], None]:
    return manifest, None


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend."""

    name: str
    """The word after `--backend`, and the folder below `policies/`."""

    generates: bool
    """Whether each Ray object gets NetworkPolicies of its own. Otherwise all Ray pods of a namespace share some."""

    manifests: Callable[[Config], Files]
    """What is written, with each expression as it was put together."""

    kinds: Sequence[Kind]
    """The first one holds the rules."""

    needs: Needs

    offline: KyvernoOffline | GatorOffline
    """How an engine on the command line evaluates the policies."""

    split: Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, Any] | None]] = _whole
    """A manifest -> what its file holds, and the patch in the kustomization if there is one."""

    defined_groups: tuple[str, ...] = ()
    """API groups of the kinds that the backend's own objects define."""

    def files(self, config: Config) -> Files:
        """The files to write, with each expression formatted for readers."""
        return {name: [laid_out(each) for each in found] for name, found in self.manifests(config).items()}

    @property
    def policy_kind(self) -> Resource:
        """The kind of the objects that hold the rules."""
        return self.kinds[0].resource
