"""Splits a backend's files into the text of each object, as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rayfence import yamlio
from rayfence.cases import GENERATION
from rayfence.manifests.bundle import KUSTOMIZATION
from rayfence.manifests.static_file import NAME as ENGINELESS
from rayfence.network.tables import FILLING

_NAME = re.compile(r"^metadata:\n(?:  .*\n)*?  name: [\"']?([^\"'\n]+)", re.MULTILINE)
_KIND = re.compile(r"^kind: [\"']?([^\"'\n]+)", re.MULTILINE)
_APART = re.compile(r"^---\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PolicyTexts:
    """The policies under test: (kind, name) -> YAML of those that validate, and the YAML of those that generate.

    `filling` has the YAML of each that fills in what an object leaves out. `kustomization` is the YAML that names the
    files, with what it adds to the policies in them.
    """

    objects: Mapping[tuple[str, str], str]
    generating: str
    filling: tuple[str, ...] = ()
    kustomization: str = ""

    def of_kind(self, kind: str) -> dict[str, str]:
        """Name -> YAML of the objects of one kind."""
        return {name: text for (own, name), text in self.objects.items() if own == kind}


def of(files: Mapping[str, str], backend: str) -> PolicyTexts:
    """The policies of one backend among the files of a bundle."""
    own = {path.removeprefix(f"{backend}/"): text for path, text in files.items() if path.startswith(f"{backend}/")}
    # Static objects: no engine judges by them, and of thousands of tenants they are many.
    own.pop(ENGINELESS, "")
    kustomization = own.pop(KUSTOMIZATION, "")
    generating = own.pop(f"{GENERATION}.yaml", "")
    filling = own.pop(f"{FILLING}.yaml", "")
    found = (document for text in own.values() for document in _APART.split(text))
    named = ((_KIND.search(document), _NAME.search(document), document) for document in found)
    objects = {(kind[1], name[1]): document for kind, name, document in named if kind and name}
    return PolicyTexts(objects, generating, tuple(each for each in _APART.split(filling) if each), kustomization)


def values(text: str) -> Iterator[Mapping[str, Any]]:
    """The objects in a YAML of policies."""
    for each in yamlio.read(text, "policy"):
        if isinstance(each, yamlio.Document) and each.value:
            yield each.value


def generates(texts: PolicyTexts, must: bool) -> list[str]:
    """What is wrong where a backend has policies that generate and nothing that acts on them, or should have some."""
    if bool(texts.generating) is must:
        return []
    return [f"there are {'no' if must else 'some'} policies {GENERATION}"]
