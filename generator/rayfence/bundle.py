"""Tenants x rules x backends -> the files under `policies/`, as texts. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rayfence import yamlio
from rayfence.backends import BACKENDS, Backend
from rayfence.backends.laid_out import EXPRESSIONS
from rayfence.config import Config
from rayfence.engineless_file import NAME as ENGINELESS
from rayfence.engineless_file import engineless_file
from rayfence.retired import FILE as RETIRED
from rayfence.retired import retired_objects
from rayfence.tenant_file import tenant_file

TENANTS = "tenants"
KUSTOMIZATION = "kustomization.yaml"

# The separator comes first, so that files one after the other are a stream: `cat *.yaml | kubectl apply -f -`.
HEADER = "---\n# Written by `rayfence build`. Change tenants/ or a rule and build again; edits here are lost.\n"


def files(config: Config, backends: Collection[str] = BACKENDS) -> dict[str, str]:
    """Path below `policies/` -> text, in order of path. The same input gives the same bytes."""
    return dict(sorted(each(config, backends)))


def each(config: Config, backends: Collection[str] = BACKENDS) -> Iterator[tuple[str, str]]:
    """The same, one file after the other: those of ten thousand tenants are 140 MB."""
    yield from _tenants(config)
    # The same for every backend without an engine, and of ten thousand tenants 24 MB: one text, header and all.
    networks = "" if all(BACKENDS[name].generates for name in backends) else _headed(engineless_file(config))
    for name in backends:
        yield from ((f"{name}/{path}", text) for path, text in _backend(config, BACKENDS[name], networks))


def _tenants(config: Config) -> Iterator[tuple[str, str]]:
    """The static layer: one file for each tenant that has anything in it, and one for retired namespaces."""
    names = []
    for tenant in config.tenants:
        text = tenant_file(config.platform, tenant)
        if text:
            names.append(f"{tenant.name}.yaml")
            yield f"{TENANTS}/{tenant.name}.yaml", _headed(text)
    if config.platform.retired:
        names.append(RETIRED)
        yield f"{TENANTS}/{RETIRED}", _headed(yamlio.dump(retired_objects(config.platform.retired)))
    yield f"{TENANTS}/{KUSTOMIZATION}", _kustomization(names)


def _backend(config: Config, backend: Backend, networks: str) -> Iterator[tuple[str, str]]:
    files = {
        name: [backend.split(each) for each in manifests]
        for name, manifests in backend.files(config).items()
        if manifests
    }
    for name, found in files.items():
        yield name, _headed(yamlio.dump((manifest for manifest, _ in found), blocks=EXPRESSIONS))
    if stands_in := networks and not backend.generates:
        yield ENGINELESS, networks
    names = [*files, *([ENGINELESS] if stands_in else [])]
    patches = [patch for found in files.values() for _, patch in found if patch]
    yield KUSTOMIZATION, _kustomization([f"../{TENANTS}", *names], patches)


def _kustomization(resources: Sequence[str], patches: Sequence[Mapping[str, Any]] = ()) -> str:
    value = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
        **({"patches": [{"patch": yamlio.dump([each], blocks=EXPRESSIONS)} for each in patches]} if patches else {}),
    }
    return _headed(yamlio.dump([value]))


def _headed(text: str) -> str:
    return HEADER + text if text else ""
