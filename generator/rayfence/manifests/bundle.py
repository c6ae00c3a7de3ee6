"""Tenants x rules x backends -> the files under `policies/`, as texts. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from rayfence import yamlio
from rayfence.backends import BACKENDS, Backend
from rayfence.backends.formatting import EXPRESSIONS
from rayfence.cel.lines import LINE
from rayfence.manifests import overview
from rayfence.manifests.retired import FILE as RETIRED
from rayfence.manifests.retired import retired_objects
from rayfence.manifests.static_file import NAME as ENGINELESS
from rayfence.manifests.static_file import engineless_file
from rayfence.manifests.tenant_file import tenant_file
from rayfence.model.config import Config

TENANTS = "tenants"
KUSTOMIZATION = "kustomization.yaml"

# The separator comes first, so that files one after the other are a stream: `cat *.yaml | kubectl apply -f -`.
HEADER = "---\n# Written by `rayfence build`. Change tenants/ or a rule and build again; edits here are lost.\n"


def files(config: Config, backends: Collection[str] = BACKENDS) -> dict[str, str]:
    """The manifests: path below `policies/` -> text, in order of path. The same input gives the same bytes."""
    return dict(sorted(_manifests(config, backends, {})))


def each(config: Config, backends: Collection[str] = BACKENDS) -> Iterator[tuple[str, str]]:
    """The whole folder, one file after the other: those of ten thousand tenants are 140 MB. Last comes its page."""
    objects: dict[str, overview.Objects] = {}
    yield from _manifests(config, backends, objects)
    yield overview.NAME, overview.page(config, objects)


def _manifests(
    config: Config, backends: Collection[str], objects: dict[str, overview.Objects]
) -> Iterator[tuple[str, str]]:
    """Path -> text. What is in each backend's files is put into `objects` on the way."""
    yield from _tenants(config)
    # The same for every backend without an engine, and of ten thousand tenants 24 MB: one text, header and all.
    networks = "" if all(BACKENDS[name].generates for name in backends) else _headed(engineless_file(config))
    for name in backends:
        backend = BACKENDS[name]
        found = {file: manifests for file, manifests in backend.files(config).items() if manifests}
        own = "" if backend.generates else networks
        objects[name] = overview.objects({**found, **({ENGINELESS: ()} if own else {})})
        yield from ((f"{name}/{path}", text) for path, text in _backend(backend, found, own))


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


def _backend(
    backend: Backend, manifests: Mapping[str, list[dict[str, Any]]], networks: str
) -> Iterator[tuple[str, str]]:
    """The files of one backend. `networks` is the text of a file that is the same for several."""
    files = {name: [backend.split(each) for each in found] for name, found in manifests.items()}
    for name, found in files.items():
        yield name, _headed(yamlio.dump((manifest for manifest, _ in found), blocks=EXPRESSIONS, width=LINE))
    if networks:
        yield ENGINELESS, networks
    names = [*files, *([ENGINELESS] if networks else [])]
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
