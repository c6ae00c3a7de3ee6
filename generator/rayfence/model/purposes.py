"""What a policy object is for: the words of its annotations, and of the page that describes a bundle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rayfence import __version__

VERSION = "rayfence.dev/version"
"""The annotation of every policy object that says which version of rayfence wrote it. Nothing depends on it."""

MIN_KYVERNO = "1.19.1"
"""The oldest Kyverno that reads the policies as they are meant."""

_CATEGORY = "Multi-Tenancy"
"""The word of Kyverno's policy library."""

_MOST_KINDS = 8
"""Kinds named in an annotation. One policy is about 60."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """`name` is that of the policy object, or of the first of several, and of the file it is in.

    `kinds` are those that the policy is about. `severity` is Kyverno's word for how bad a violation is.
    """

    name: str
    title: str
    description: str
    kinds: tuple[str, ...] = ()
    severity: str = "high"

    @property
    def file(self) -> str:
        """The file's name in the folder of a backend."""
        return f"{self.name}.yaml"

    @property
    def of_kyverno(self) -> dict[str, str]:
        """The annotations of a Kyverno policy. Kyverno copies category and severity into its reports."""
        return {
            "policies.kyverno.io/title": self.title,
            "policies.kyverno.io/category": _CATEGORY,
            "policies.kyverno.io/severity": self.severity,
            "policies.kyverno.io/subject": _listed(self.kinds),
            "policies.kyverno.io/minversion": MIN_KYVERNO,
            "policies.kyverno.io/description": self.description,
            **written_by(),
        }

    def metadata(self, name: str) -> dict[str, Any]:
        """The metadata of a Kyverno policy without a place in a range of namespaces."""
        return {"name": name, "labels": {"app.kubernetes.io/managed-by": "rayfence"}, "annotations": self.of_kyverno}


def written_by() -> Mapping[str, str]:
    """The annotation of every policy object of every backend."""
    return {VERSION: __version__}


def _listed(kinds: Iterable[str]) -> str:
    names = list(dict.fromkeys(kinds))
    more = f", and {len(names) - _MOST_KINDS} more" if len(names) > _MOST_KINDS else ""
    return ", ".join(names[:_MOST_KINDS]) + more
