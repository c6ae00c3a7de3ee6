"""List the places in KubeRay's CRDs that rules must look at: pods, containers, resources, rights, Services, networks.

    python tools/crd_paths.py VERSION FOLDER          writes tests/data/crd_paths.json
    python tools/crd_paths.py VERSION FOLDER --check  only says whether the file is out of date

FOLDER holds the CRDs of KubeRay VERSION as YAML, `helm-chart/kuberay-operator/crds` in its repository. A place is known
by its shape, not by its name, so that a new field shows up whatever it is called. A test asks of each place in the list
that some rule answers to what is wrong there: run this for a new KubeRay, and the test tells what rules do not know.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

LIST = Path(__file__).resolve().parent.parent / "tests" / "data" / "crd_paths.json"

Schema = Mapping[str, Any]
Places = dict[str, str]
"""Path, with `[]` behind a list, -> shape."""

SHAPES = {
    "pod spec": {"containers", "nodeSelector", "tolerations"},
    "container list": {"name", "image", "resources", "volumeMounts"},
    "resources": {"limits", "requests"},
    "security context": {"runAsUser", "runAsNonRoot"},
    "service spec": {"clusterIP", "ports", "type"},
    "network rules": {"ingressRules", "egressRules"},
}
"""Shape -> the properties that give it away; those of a list are its items'."""


def listing(version: str, folder: Path) -> dict[str, Any]:
    """The list as it is kept: KubeRay's version, and the places of each kind in each served version."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    crds = [yaml.load(file.read_bytes(), loader) for file in sorted(folder.glob("*.yaml"))]
    found = {name: places for crd in crds for name, places in kinds(crd)}
    return {"kuberay": version, "places": dict(sorted(found.items()))}


def kinds(crd: Mapping[str, Any]) -> Iterator[tuple[str, Places]]:
    """`ray.io/v1 RayCluster` and its places, for each version of a CRD that is served."""
    group, kind = crd["spec"]["group"], crd["spec"]["names"]["kind"]
    for version in crd["spec"]["versions"]:
        if version["served"]:
            places = walk(version["schema"]["openAPIV3Schema"])
            yield f"{group}/{version['name']} {kind}", dict(sorted(places))


def walk(schema: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Every place at `path` and below, with its shape."""
    if shape := shape_of(schema):
        yield path, shape
    for name, below in schema.get("properties", {}).items():
        # The room asked of a disk is no container's.
        if not (name == "resources" and "accessModes" in schema["properties"]):
            yield from walk(below, f"{path}.{name}" if path else name)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(key), Mapping):
            yield from walk(schema[key], path + mark)


def shape_of(schema: Schema) -> str:
    """What a schema describes, '' for nothing that concerns rules."""
    listed = schema.get("type") == "array"
    known = set((schema.get("items", {}) if listed else schema).get("properties", {}))
    if not listed and {"metadata", "spec"} <= known and shape_of(schema["properties"]["spec"]) == "pod spec":
        return "pod template"
    found = (name for name, given in SHAPES.items() if given <= known and listed == (name == "container list"))
    return next(found, "")


def main(*arguments: str) -> None:
    """Write the list, or say whether it is out of date."""
    if len(arguments) not in (2, 3) or arguments[2:] not in ((), ("--check",)):
        sys.exit("usage: tools/crd_paths.py VERSION FOLDER [--check]")
    text = json.dumps(listing(arguments[0], Path(arguments[1])), indent=2) + "\n"
    current = LIST.exists() and LIST.read_text(encoding="utf-8") == text
    if arguments[2:] and not current:
        sys.exit(f"{LIST.name} is out of date; run: tools/crd_paths.py {' '.join(arguments[:2])}")
    if not current:
        LIST.write_text(text, encoding="utf-8")
        print(f"wrote {LIST.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
