"""Writes tests/data/schemas: what Kyverno and Kubernetes publish of the kinds that rayfence writes, cut to size.

    python tools/schemas.py KYVERNO OPENAPI

KYVERNO is the folder of the Go module github.com/kyverno/kyverno in the pinned version, which holds its
CustomResourceDefinitions. OPENAPI is a folder of Kubernetes' OpenAPI documents, one for each API version, such as
`pkg/openapiclient/builtins/1.35` of the Go module sigs.k8s.io/kubectl-validate. `go mod download` fetches both.

Each kind becomes one JSON Schema (draft 2020-12) with these changes:

* words for people are left out, and so is `status`, which servers write;
* `$ref`s are put in place, and Kubernetes' own marks are turned into the keywords of JSON Schema where there are any;
* an object with known fields takes no others, as a server with strict field validation has it;
* parts of ClusterPolicy that have nothing to do with validating, generating or filling in are left out, and so refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).parents[1] / "tests" / "data" / "schemas"

CRDS = {
    "ClusterPolicy": ("kyverno/kyverno.io_clusterpolicies.yaml", "v1"),
    "ValidatingPolicy": ("policies.kyverno.io/policies.kyverno.io_validatingpolicies.yaml", "v1"),
    "MutatingPolicy": ("policies.kyverno.io/policies.kyverno.io_mutatingpolicies.yaml", "v1"),
    "GeneratingPolicy": ("policies.kyverno.io/policies.kyverno.io_generatingpolicies.yaml", "v1"),
}
KUBERNETES = {
    "ValidatingAdmissionPolicy": "apis/admissionregistration.k8s.io/v1.json",
    "ValidatingAdmissionPolicyBinding": "apis/admissionregistration.k8s.io/v1.json",
    "ClusterRole": "apis/rbac.authorization.k8s.io/v1.json",
    "NetworkPolicy": "apis/networking.k8s.io/v1.json",
    "ResourceQuota": "api/v1.json",
}
UNUSED = {
    *(
        "status",
        "targets",
        "patchesJson6902",
        "verifyImages",
        "imageExtractors",
        "podSecurity",
        "assert",
        "manifests",
        "pattern",
    ),
    *("anyPattern", "deny", "clone", "cloneList", "apiCall", "exclude", "managedFields"),
}
KEPT = {
    *("type", "properties", "required", "items", "additionalProperties", "enum", "default", "format", "pattern"),
    *("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "anyOf", "oneOf", "allOf", "not"),
}


def main(kyverno: Path, openapi: Path) -> None:
    """Writes one file for each kind."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for kind, schema in sorted(schemas(kyverno, openapi).items()):
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": kind, **schema}
        (TARGET / f"{kind}.json").write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")


def schemas(kyverno: Path, openapi: Path) -> dict[str, dict[str, Any]]:
    """Kind -> JSON Schema."""
    definitions = _components(openapi / "api" / "v1.json")
    metadata = _closed(_named("ObjectMeta", definitions), definitions)
    found = {kind: _of_crd(kyverno / "config" / "crds" / path, version) for kind, (path, version) in CRDS.items()}
    for kind, path in KUBERNETES.items():
        components = _components(openapi / path)
        found[kind] = _closed(_named(kind, components), components)
    for kind, schema in found.items():
        schema["properties"] |= {"metadata": metadata, "kind": {"const": kind}}
    return found


def _of_crd(path: Path, version: str) -> dict[str, Any]:
    crd = yaml.safe_load(path.read_text())
    served = next(each for each in crd["spec"]["versions"] if each["name"] == version and each["served"])
    schema = _closed(served["schema"]["openAPIV3Schema"], {})
    schema["properties"]["apiVersion"] = {"const": f"{crd['spec']['group']}/{version}"}
    return schema


def _components(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())["components"]["schemas"])


def _named(kind: str, components: Mapping[str, Any]) -> Any:
    """The newest of the schemas of one name: `io.k8s.api.networking.v1.NetworkPolicy`."""
    return next(schema for name, schema in components.items() if name.rpartition(".v1.")[2] == kind)


def _closed(schema: Any, components: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with everything in its place and no room for unknown fields."""
    if "$ref" in schema:
        return _closed(components[schema["$ref"].rpartition("/")[2]], components)
    if len(schema.get("allOf", ())) == 1:
        return _closed(schema["allOf"][0], components)
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return {}
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"type": ["integer", "string"]}
    return dict(_keywords(schema, components))


def _keywords(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in schema.items():
        match key:
            case "properties":
                yield key, {name: _closed(part, components) for name, part in value.items() if name not in UNUSED}
                if "additionalProperties" not in schema:
                    yield "additionalProperties", False
            case "items" | "additionalProperties" | "not" if isinstance(value, Mapping):
                yield key, _closed(value, components)
            case "anyOf" | "oneOf" | "allOf":
                yield key, [dict(_keywords(part, components)) for part in value]
            case "x-kubernetes-list-type" if value == "set":
                yield "uniqueItems", True
            case _ if key in KEPT:
                yield key, value


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
