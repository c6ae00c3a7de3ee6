"""Rules look at every place in KubeRay's CRDs where there is a pod, a container, its resources or rights, a Service.

The places are in `data/crd_paths.json`, as `tools/crd_paths.py` found them in the CRDs. To each of them a good object
is given something bad, and some rule must answer for it right there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tools.crd_paths import kinds, walk

from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import ray_object
from rayfence.model.config import Config
from rayfence.workload import SERVED

from ..rules.objects import PLATFORM, TEAM_A

KEPT = json.loads((Path(__file__).parents[1] / "data" / "crd_paths.json").read_text(encoding="utf-8"))["places"]
Schema = dict[str, Any]
Change = Callable[[Any], Any]

HUGE = {"cpu": "999", "memory": "999Ti"}
BAD: Mapping[str, Change] = {
    "pod template": lambda template: {},
    "pod spec": lambda spec: {**(spec or {}), "nodeName": "somebody-elses"},
    "container list": lambda found: [*(found or []), {"name": "more", "securityContext": {"privileged": True}}],
    "resources": lambda found: {"requests": HUGE, "limits": HUGE},
    "security context": lambda found: {"privileged": True, "windowsOptions": {"hostProcess": True}},
    "service spec": lambda spec: {"type": "LoadBalancer"},
    "network rules": lambda rules: {"ingressRules": [{}], "egressRules": [{}]},
}

# The schema has them, and the API server takes no ephemeral container that asks for any.
NEVER = re.compile(r"\.ephemeralContainers\[\]\.resources$")


def answered(name: str, path: str, shape: str) -> bool:
    """Whether something bad at one place of a good object is a violation there."""
    version, kind = name.split()
    good = ray_object(SERVED[version, kind], PLATFORM, TEAM_A) | {"apiVersion": version}
    found = Evaluator(Config(PLATFORM, (TEAM_A,))).violations(changed(good, path, BAD[shape]))
    there = re.compile(re.escape(path).replace(r"\[\]", r"\[\d+\]") + r"($|[.\[])")
    return any(there.match(str(violation.path)) for violation in found)


def changed(value: Any, path: str, change: Change) -> Any:
    """The value with a change at `path`; what is not there is put there first, and of lists it is the last item."""
    if not path:
        return change(value)
    step, _, below = path.partition(".")
    name = step.removesuffix("[]")
    found = (value or {}).get(name)
    if name != step:
        *others, last = found or [{}]
        return {**(value or {}), name: [*others, changed(last, below, change)]}
    return {**(value or {}), name: changed(found, below, change)}


def crd(head: Schema) -> Schema:
    """A CRD of a kind we know, with these fields of its head."""
    spec = {"properties": {"headGroupSpec": {"properties": head}}}
    version = {"name": "v1", "served": True, "schema": {"openAPIV3Schema": {"properties": {"spec": spec}}}}
    return {"spec": {"group": "ray.io", "names": {"kind": "RayCluster"}, "versions": [version]}}


def properties(*names: str, **below: Schema) -> Schema:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names} | below}


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


CONTAINER = properties("name", "image", "volumeMounts", resources=properties("limits", "requests"))
POD = properties("nodeSelector", "tolerations", containers=listed(CONTAINER))
TEMPLATE = properties("metadata", spec=POD)


@pytest.mark.parametrize("name", KEPT)
def test_what_is_bad_at_any_place_of_the_crds_is_a_violation_there(name: str) -> None:
    places = {path: shape for path, shape in KEPT[name].items() if not NEVER.search(path)}

    assert places
    assert [] == [path for path, shape in places.items() if not answered(name, path, shape)]


def test_every_kind_and_version_is_in_the_list() -> None:
    assert {f"{version} {kind}" for version, kind in SERVED} == set(KEPT)


def test_a_field_that_no_rule_knows_is_seen() -> None:
    (found,) = kinds(crd({"template": TEMPLATE, "shadowTemplate": TEMPLATE, "outsideService": SERVICE}))
    name, places = found

    assert [
        "spec.headGroupSpec.outsideService",
        "spec.headGroupSpec.shadowTemplate",
        "spec.headGroupSpec.shadowTemplate.spec",
        "spec.headGroupSpec.shadowTemplate.spec.containers",
        "spec.headGroupSpec.shadowTemplate.spec.containers[].resources",
    ] == [path for path, shape in places.items() if not answered(name, path, shape)]


SERVICE = properties("clusterIP", "ports", "type")


@pytest.mark.parametrize(
    ("schema", "places"),
    [
        pytest.param(properties("spec", "metadata"), {}, id="nothing"),
        pytest.param(properties(anything=SERVICE), {"anything": "service spec"}, id="by shape, not by name"),
        pytest.param(properties(many=listed(SERVICE)), {"many[]": "service spec"}, id="in a list"),
        pytest.param(
            properties(named={"type": "object", "additionalProperties": SERVICE}),
            {"named{}": "service spec"},
            id="in a map",
        ),
        pytest.param(
            properties(side=listed(CONTAINER)),
            {"side": "container list", "side[].resources": "resources"},
            id="a list of containers",
        ),
        pytest.param(
            properties(claim=properties("accessModes", resources=properties("limits", "requests"))), {}, id="a disk"
        ),
        pytest.param(
            properties(rights=properties("runAsUser", "runAsNonRoot")), {"rights": "security context"}, id="rights"
        ),
        pytest.param(
            properties(group=properties("ingressRules", "egressRules")), {"group": "network rules"}, id="networks"
        ),
    ],
)
def test_places_are_known_by_their_shape(schema: Schema, places: dict[str, str]) -> None:
    assert places == dict(walk(schema))


def test_versions_that_are_not_served_are_left_out() -> None:
    value = crd({"template": TEMPLATE})
    value["spec"]["versions"][0]["served"] = False

    assert [] == list(kinds(value))
