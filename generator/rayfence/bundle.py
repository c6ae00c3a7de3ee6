"""Tenants x rules x backends -> the files under `policies/`, as texts. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rayfence import yamlio
from rayfence.backends import BACKENDS, Backend
from rayfence.config import Config
from rayfence.engineless_file import NAME as ENGINELESS
from rayfence.engineless_file import engineless_file
from rayfence.tenant_file import tenant_file

TENANTS = "tenants"
KUSTOMIZATION = "kustomization.yaml"

HEADER = "# Written by `rayfence build`. Change tenants/ or a rule and build again; edits here are lost.\n"


def files(config: Config, backends: Sequence[str] = tuple(BACKENDS)) -> dict[str, str]:
    """Path below `policies/` -> text, in order of path. The same input gives the same bytes."""
    found = dict(_tenants(config))
    # The same for every backend without an engine, and of ten thousand tenants 24 MB: one text, header and all.
    networks = "" if all(BACKENDS[name].GENERATES for name in backends) else _headed(engineless_file(config))
    for name in backends:
        found |= {f"{name}/{path}": text for path, text in _backend(config, BACKENDS[name], networks)}
    return dict(sorted(found.items()))


def _tenants(config: Config) -> Iterator[tuple[str, str]]:
    """The static layer, one file for each tenant that has anything in it."""
    names = []
    for tenant in config.tenants:
        text = tenant_file(config.platform, tenant)
        if text:
            names.append(f"{tenant.name}.yaml")
            yield f"{TENANTS}/{tenant.name}.yaml", _headed(text)
    yield f"{TENANTS}/{KUSTOMIZATION}", _kustomization(names)


def _backend(config: Config, backend: Backend, networks: str) -> Iterator[tuple[str, str]]:
    written = {name: _headed(yamlio.dump(manifests)) for name, manifests in backend.files(config).items() if manifests}
    if networks and not backend.GENERATES:
        written[ENGINELESS] = networks
    yield from written.items()
    yield KUSTOMIZATION, _kustomization([f"../{TENANTS}", *written])


def _kustomization(resources: Sequence[str]) -> str:
    value = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(resources)}
    return _headed(yamlio.dump([value]))


def _headed(text: str) -> str:
    return HEADER + text if text else ""
