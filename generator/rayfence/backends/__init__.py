"""The kinds of policy that rayfence writes. A new kind is an envelope here and a line in this table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rayfence.backends import clusterpolicy, gatekeeper, validatingadmissionpolicy, validatingpolicy
from rayfence.config import Config


class Backend(Protocol):
    """What an envelope's module holds."""

    NAME: str
    GENERATES: bool
    """Whether each Ray object gets NetworkPolicies of its own. Without, a namespace's pods are let in as one."""

    def files(self, config: Config) -> Mapping[str, list[dict[str, Any]]]:
        """File name -> the manifests in it, in the order in which they are to be applied."""


_ALL: tuple[Backend, ...] = (clusterpolicy, validatingpolicy, validatingadmissionpolicy, gatekeeper)

BACKENDS: Mapping[str, Backend] = {backend.NAME: backend for backend in _ALL}
