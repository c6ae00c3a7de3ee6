"""Objects to and from an API server, as any user: what it answered, warnings included, is the outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import kubernetes.client
import kubernetes.config
from urllib3 import HTTPHeaderDict

Object = Mapping[str, Any]

MANAGER = "rayfence"
SECONDS_TO_ANSWER = 60
AT_ONCE = 8


class Refused(Exception):
    """The server said no; `answer` is what it said."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status}: {answer.message}")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: an HTTP status, the object or Status it sent, and its warnings."""

    status: int
    value: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the request was admitted, and done."""
        return self.status < 300

    @property
    def message(self) -> str:
        """Why not, in the server's words."""
        return "" if self.ok else str(self.value.get("message", ""))

    def or_raise(self) -> dict[str, Any]:
        """The object. Raises Refused."""
        if not self.ok:
            raise Refused(self)
        return self.value


@dataclass(slots=True)
class Kinds:
    """The kinds a server has: (apiVersion, kind) -> plural and whether it has namespaces, asked for when needed."""

    known: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)


class Client:
    """One user's way to a server. A user other than the kubeconfig's own is impersonated, which the server checks."""

    def __init__(self, kubeconfig: Path) -> None:
        configuration = kubernetes.client.Configuration()
        kubernetes.config.load_kube_config(str(kubeconfig), client_configuration=configuration)
        configuration.connection_pool_maxsize = AT_ONCE
        # A refused connection is an answer that some suites wait for, and not to be tried again.
        configuration.retries = False
        self._api = kubernetes.client.ApiClient(configuration)
        self._host = str(configuration.host)
        self._as: list[tuple[str, str]] = []
        self._kinds = Kinds()

    def as_user(self, name: str, groups: Sequence[str] = ()) -> Client:
        """The same server for somebody else. Without groups a service account is in its own, as always."""
        other = object.__new__(Client)
        other._api, other._host, other._kinds = self._api, self._host, self._kinds
        other._as = [("Impersonate-User", name), *(("Impersonate-Group", group) for group in groups)]
        return other

    def create(self, value: Object, *, dry_run: bool = False) -> Answer:
        """POST an object."""
        return self.request("POST", self._collection(value), value, **_dry(dry_run))

    def replace(self, value: Object, *, subresource: str = "", dry_run: bool = False) -> Answer:
        """PUT an object in place of the one that is there."""
        return self.request("PUT", self._path(value, subresource), value, **_dry(dry_run))

    def apply(self, value: Object, *, dry_run: bool = False, manager: str = MANAGER) -> Answer:
        """Server-side apply."""
        asked = {"fieldManager": manager, "force": "true", **_dry(dry_run)}
        return self.request("PATCH", self._path(value), value, "application/apply-patch+yaml", **asked)

    def patch(self, value: Object, change: Any, *, subresource: str = "", dry_run: bool = False) -> Answer:
        """Merge a change into the object that `value` names."""
        kind = "application/merge-patch+json"
        return self.request("PATCH", self._path(value, subresource), change, kind, **_dry(dry_run))

    def delete(self, value: Object, *, dry_run: bool = False, **options: str) -> Answer:
        """DELETE the object that `value` names."""
        return self.request("DELETE", self._path(value), None, **_dry(dry_run), **options)

    def get(self, value: Object) -> Answer:
        """The object that `value` names, as it is now."""
        return self.request("GET", self._path(value))

    def list(self, api_version: str, kind: str, namespace: str = "") -> list[dict[str, Any]]:
        """All objects of a kind, of one namespace or of all."""
        plural, _ = self._known(api_version, kind)
        where = (
            f"{_root(api_version)}/namespaces/{namespace}/{plural}" if namespace else f"{_root(api_version)}/{plural}"
        )
        return [
            {"apiVersion": api_version, "kind": kind, **item} for item in self.request("GET", where).or_raise()["items"]
        ]

    def request(self, method: str, path: str, body: Any = None, kind: str = "application/json", **query: str) -> Answer:
        """Anything else."""
        headers = HTTPHeaderDict({"Accept": "application/json", "Content-Type": kind})
        for name, value in self._as:
            headers.add(name, value)
        url = f"{self._host}{path}?{urlencode(query)}" if query else f"{self._host}{path}"
        rest: Any = self._api.rest_client
        response = rest.request(method, url, headers, body, _request_timeout=SECONDS_TO_ANSWER)
        text = response.response.data
        warnings = response.response.headers.getlist("Warning")
        return Answer(response.status, _read(text), tuple(_unquoted(warning) for warning in warnings))

    def _collection(self, value: Object) -> str:
        plural, namespaced = self._known(value["apiVersion"], value["kind"])
        root = _root(value["apiVersion"])
        return (
            f"{root}/namespaces/{quote(value['metadata']['namespace'])}/{plural}" if namespaced else f"{root}/{plural}"
        )

    def _path(self, value: Object, subresource: str = "") -> str:
        path = f"{self._collection(value)}/{quote(value['metadata']['name'])}"
        return f"{path}/{subresource}" if subresource else path

    def _known(self, api_version: str, kind: str) -> tuple[str, bool]:
        known = self._kinds.known
        if (api_version, kind) not in known:
            for each in self.request("GET", _root(api_version)).or_raise()["resources"]:
                if "/" not in each["name"]:
                    known[api_version, each["kind"]] = each["name"], each["namespaced"]
        return known[api_version, kind]


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _read(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {"message": text.decode(errors="replace")}
    return value if isinstance(value, dict) else {"value": value}


def _unquoted(warning: str) -> str:
    """`299 - "what is said"` -> what is said."""
    said = warning.partition(" - ")[2].strip()
    return said[1:-1].replace('\\"', '"').replace("\\\\", "\\") if said.startswith('"') else warning
