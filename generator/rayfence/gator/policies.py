"""Adds a canary to templates and constraints, which shows for every object that it was evaluated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from rayfence.model.outcome import EngineError

Manifest = Mapping[str, Any]

CANARY = "[true][1]"
"""A validation that fails for every object, and by an error: one that a policy may be told to ignore."""

CANARY_MESSAGE = f"expression '{CANARY}' resulted in error: index out of bounds: 1"

_RESULTS = {"deny": "fail", "dryrun": "warn", "warn": "warn"}


@dataclass(frozen=True, slots=True)
class Policy:
    """A template with the canary, and its constraint."""

    template: Manifest
    constraint: Manifest

    @property
    def name(self) -> str:
        """The constraint's name."""
        return str(self.constraint["metadata"]["name"])

    @property
    def action(self) -> str:
        """The enforcement action, in Gatekeeper's word."""
        return str(self.constraint["spec"].get("enforcementAction", "deny"))

    @property
    def result(self) -> str:
        """The result of a violation: `fail` or `warn`."""
        if self.action not in _RESULTS:
            raise EngineError(f"constraint {self.name} has the enforcementAction {self.action}, which is unknown")
        return _RESULTS[self.action]

    def speaks_of(self, resource: Manifest) -> bool:
        """Whether the constraint names the object's kind."""
        group = str(resource.get("apiVersion", "")).rpartition("/")[0]
        kinds = self.constraint["spec"]["match"]["kinds"]
        return any(group in each["apiGroups"] and resource.get("kind") in each["kinds"] for each in kinds)

    def of_creations(self) -> Manifest:
        """The template as it is for an object that is created: `gator test` names no operation."""
        source = json.dumps(_source(self.template)).replace("request.operation", "'CREATE'")
        return _with_source(self.template, json.loads(source))


def read(policies: str) -> list[Policy]:
    """The policies in a YAML of templates and constraints. Raises EngineError if one lacks the other."""
    documents = [each for each in yaml.load_all(policies, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if each]
    templates = [each for each in documents if each["kind"] == "ConstraintTemplate"]
    constraints = [each for each in documents if each not in templates]
    of = {each["spec"]["crd"]["spec"]["names"]["kind"]: _with_canary(each) for each in templates}
    if len(of) < len(templates):
        raise EngineError("two templates are of one kind")
    if alone := {*of} ^ {each["kind"] for each in constraints}:
        raise EngineError(f"there is not both a template and a constraint of {', '.join(sorted(alone))}")
    found = [Policy(of[each["kind"]], each) for each in constraints]
    if len({policy.name for policy in found}) < len(found):
        raise EngineError("two constraints have one name")
    return found


def _with_canary(template: Manifest) -> Manifest:
    try:
        source = _source(template)
        return _with_source(template, {**source, "validations": [*source["validations"], {"expression": CANARY}]})
    except (KeyError, ValueError, TypeError) as error:
        raise EngineError(f"template {template['metadata']['name']} has not one target with one code") from error


def _source(template: Manifest) -> Manifest:
    """Raises ValueError where there is more than one: the canary would speak for one of them."""
    (target,) = template["spec"]["targets"]
    (code,) = target["code"]
    found: Manifest = code["source"]
    return found


def _with_source(template: Manifest, source: Manifest) -> Manifest:
    (target,) = template["spec"]["targets"]
    (code,) = target["code"]
    targets = [{**target, "code": [{**code, "source": source}]}]
    return {**template, "spec": {**template["spec"], "targets": targets}}
