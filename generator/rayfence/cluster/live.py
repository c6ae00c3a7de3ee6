"""Lists objects of an API server, page by page, and applies or deletes objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from urllib3.exceptions import HTTPError

from rayfence.admission.evaluate import Part
from rayfence.cluster.objects import Busy, Unanswered, at, text_at, unwritten_part
from rayfence.model.subjects import Resource

PAGE = 500
"""Objects in one answer, and so in memory."""

MANAGER = "rayfence"
"""Whose the fields are that are applied."""

_SECONDS = (10, 60)
"""To connect, and to wait for an answer."""

_PASSING = (409, 429, 500, 502, 503, 504)
"""Answers that may be others in a moment. A webhook that did not answer in time is a 500."""

Value = dict[str, Any]


class Cluster:
    """One API server, as one user."""

    def __init__(self, client: DynamicClient, page: int = PAGE) -> None:
        self._client = client
        self._page = page
        self._served: dict[Resource, bool] = {}

    def serves(self, resource: Resource) -> bool:
        """Whether the server knows the kind in this version."""
        if resource not in self._served:
            known = self._get(f"{_group(resource)}") or {}
            names = {text_at(each, "name") for each in known.get("resources", [])}
            self._served[resource] = resource.plural in names
        return self._served[resource]

    def of(self, resource: Resource) -> Iterator[Part]:
        """All objects of a kind, in pages."""
        token: str | None = ""
        while token is not None:
            page = self._page_of(resource, token)
            yield from (unwritten_part(_named(resource, item)) for item in page.get("items") or [])
            token = text_at(page, "metadata", "continue") or None

    def one(self, resource: Resource, namespace: str, name: str) -> Part | None:
        """The object of that name."""
        found = self._get(path_of(resource, namespace, name))
        return unwritten_part(found) if found else None

    def version(self) -> str:
        """The server's version: `1.36.3`. Any answer at all says that it can be reached."""
        return text_at(self._get("/version"), "gitVersion").removeprefix("v")

    def apply(self, resource: Resource, value: Value, *, dry_run: bool = False) -> Value:
        """Server-side apply. Returns the resulting object. Takes over fields that other managers have set."""
        namespace, name = text_at(value, "metadata", "namespace"), text_at(value, "metadata", "name")
        kind = {"content_type": "application/apply-patch+yaml", "force_conflicts": True}
        return self._write("patch", path_of(resource, namespace, name), value, dry_run, **kind)

    def replace(self, resource: Resource, value: Value, *, dry_run: bool = False) -> Value:
        """Replaces the whole object with `value`, which must have the newest resourceVersion."""
        namespace, name = text_at(value, "metadata", "namespace"), text_at(value, "metadata", "name")
        return self._write("put", path_of(resource, namespace, name), value, dry_run)

    def delete(self, resource: Resource, namespace: str, name: str) -> bool:
        """Delete an object; whether it was there."""
        return self._ask("delete", path_of(resource, namespace, name)) is not None

    def may(self, verb: str, resource: Resource, namespace: str = "") -> bool:
        """Whether this user may do that, as the server's own authorizer says."""
        asked = {"verb": verb, "group": resource.group, "resource": resource.plural, "namespace": namespace}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        answer = self._ask("post", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=body)
        return at(answer, "status", "allowed") is True

    def _write(self, verb: str, path: str, value: Value, dry_run: bool, **params: Any) -> Value:
        mode = {"dry_run": "All"} if dry_run else {}
        answer = self._ask(verb, path, body=value, field_manager=MANAGER, **mode, **params)
        if answer is None:
            raise Unanswered(f"the API server knows nothing like {path}: its kind or its namespace is not there")
        return answer

    def _page_of(self, resource: Resource, token: str) -> Value:
        paging = {"limit": self._page, **({"_continue": token} if token else {})}
        try:
            return self._get(path_of(resource), **paging) or {}
        except _Expired as expired:
            # The list took longer than the server remembers; it offers to go on from there with newer objects.
            return self._get(path_of(resource), limit=self._page, _continue=expired.token) or {}

    def _get(self, path: str, **params: Any) -> Value | None:
        return self._ask("get", path, **params)

    def _ask(self, verb: str, path: str, body: Value | None = None, **params: Any) -> Value | None:
        """The server's answer, None where it knows nothing under this path."""
        try:
            answer = self._client.request(verb, path, body=body, serialize=False, _request_timeout=_SECONDS, **params)
            return json.loads(answer.data) or {}
        except ApiException as error:
            if error.status == 404:
                return None
            raise _refused(error, verb, path) from None
        except (HTTPError, OSError, ValueError) as error:
            host = self._client.configuration.host
            raise Unanswered(
                f"{host} does not answer: {error}; is it the right cluster, and can it be reached?"
            ) from None


class _Expired(Unanswered):
    """A list that cannot be continued by its token, and another one to go on with."""

    def __init__(self, token: str) -> None:
        super().__init__("the list of objects expired while it was read; try again")
        self.token = token


def path_of(resource: Resource, namespace: str = "", name: str = "") -> str:
    """The URL path of a kind, of its objects in one namespace, or of one object."""
    inside = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
    return f"{_group(resource)}{inside}/{resource.plural}" + (f"/{quote(name, safe='')}" if name else "")


def _group(resource: Resource) -> str:
    return f"/apis/{resource.api_version}" if resource.group else f"/api/{resource.version}"


def _named(resource: Resource, item: Value) -> Value:
    """Items of a list leave out what the list says."""
    return {"apiVersion": resource.api_version, "kind": resource.kind, **item}


def _refused(error: ApiException, verb: str, path: str) -> Unanswered:
    try:
        status: Any = json.loads(error.body or "{}")
    except ValueError:
        status = {}
    token = text_at(status, "metadata", "continue")
    if error.status == 410 and token:
        return _Expired(token)
    why = text_at(status, "message") or str(error.reason)
    todo = {401: "; log in again", 403: "; ask an administrator of the cluster for this right"}.get(error.status, "")
    kind = Busy if error.status in _PASSING else Unanswered
    return kind(f"the API server refused to {verb} {path}: {why}{todo}")
