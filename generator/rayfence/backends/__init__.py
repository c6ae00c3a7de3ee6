"""The kinds of policy that rayfence writes. A new kind is an envelope here and a line in this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rayfence.backends import clusterpolicy, gatekeeper, validatingadmissionpolicy, validatingpolicy
from rayfence.backends.laid_out import laid_out
from rayfence.config import Config


class Envelope(Protocol):
    """What an envelope's module holds."""

    NAME: str
    GENERATES: bool
    """Whether each Ray object gets NetworkPolicies of its own. Without, a namespace's pods are let in as one."""

    def files(self, config: Config) -> Mapping[str, list[dict[str, Any]]]:
        """File name -> the manifests in it, in the order in which they are to be applied."""


@dataclass(frozen=True, slots=True)
class Backend:
    """An envelope whose expressions are laid out to be read."""

    envelope: Envelope

    @property
    def GENERATES(self) -> bool:
        """Whether each Ray object gets NetworkPolicies of its own. Without, a namespace's pods are let in as one."""
        return self.envelope.GENERATES

    def files(self, config: Config) -> Mapping[str, list[dict[str, Any]]]:
        """File name -> the manifests in it, in the order in which they are to be applied."""
        found = self.envelope.files(config)
        return {name: [laid_out(each) for each in manifests] for name, manifests in found.items()}


_ALL: tuple[Envelope, ...] = (clusterpolicy, validatingpolicy, validatingadmissionpolicy, gatekeeper)

BACKENDS: Mapping[str, Backend] = {envelope.NAME: Backend(envelope) for envelope in _ALL}
