"""Lists every object to install for a config and a backend, in order of installation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rayfence.admission.evaluate import Evaluator
from rayfence.backends import BACKENDS
from rayfence.backends.resources import CLUSTER_ROLES, kind_of, resource_of
from rayfence.cases.refused import refused
from rayfence.cluster.objects import name_of
from rayfence.installation.target import Value, key_of
from rayfence.manifests.static_file import engineless_objects
from rayfence.manifests.tenant_file import tenant_objects
from rayfence.model.config import Config
from rayfence.model.subjects import Resource
from rayfence.network.tables import FILLING, GENERATION
from rayfence.workload import Request


@dataclass(frozen=True, slots=True)
class DesiredObjects:
    """The bundle of one backend. Each part is ready before the next begins.

    The network layer comes first, so that nothing is open while the rest is applied. Templates come before the
    constraints whose kinds they define, mutating policies before the policies that require the filled-in field, and
    generating policies last. `refused` is not installed: it has for each policy an object that the policy must refuse,
    for every user.
    """

    config: Config
    backend: str
    layer: tuple[Value, ...]
    roles: tuple[Value, ...]
    templates: tuple[Value, ...]
    fillers: tuple[Value, ...]
    judges: tuple[Value, ...]
    generators: tuple[Value, ...]
    refused: Mapping[str, Value]

    def __iter__(self) -> Iterator[Value]:
        for part in (self.layer, self.roles, self.templates, self.fillers, self.judges, self.generators):
            yield from part

    @property
    def keys(self) -> set[tuple[Resource, str, str]]:
        """The keys of all objects."""
        return {key_of(value) for value in self}

    @property
    def resources(self) -> list[Resource]:
        """Their kinds, each once."""
        return list(dict.fromkeys(resource_of(value) for value in self))


def desired_objects(config: Config, backend: str) -> DesiredObjects:
    """The bundle of one backend."""
    found = [each for manifests in BACKENDS[backend].files(config).values() for each in manifests]
    layer = [each for tenant in config.tenants for each in tenant_objects(config.platform, tenant)]
    layer += [] if BACKENDS[backend].generates else engineless_objects(config)
    roles = [each for each in found if resource_of(each) == CLUSTER_ROLES]
    templates = [each for each in found if kind_of(each).defines]
    fillers = [each for each in found if name_of(each).startswith(FILLING)]
    generators = [each for each in found if name_of(each).startswith(GENERATION)]
    others = (*roles, *templates, *fillers, *generators)
    judges = [each for each in found if each not in others]
    return DesiredObjects(
        config,
        backend,
        tuple(layer),
        tuple(roles),
        tuple(templates),
        tuple(fillers),
        tuple(judges),
        tuple(generators),
        _refused(config),
    )


def _refused(config: Config) -> dict[str, Value]:
    """The objects that a policy refuses to administrators, too, because the user who installs is one."""
    evaluator = Evaluator(config, Request(groups=config.platform.administrators.groups))
    named = ((policy.name, value | {"metadata": value["metadata"] | _NAMED}) for policy, value in refused(config))
    return {name: value for name, value in named if any(evaluator.violations(value))}


_NAMED = {"name": "must-be-refused"}
"""No name that a tenant is likely to have: were the object there, this would be asked of as a change to it."""
