"""Kinds that are meant to be KubeRay's and are not: no server takes them, and no rule would be asked about them."""

from __future__ import annotations

from difflib import SequenceMatcher, get_close_matches

from rayfence.model.ray_kinds import API_GROUP, KINDS, SERVED

_NAMES = {kind.name.casefold(): kind for kind in KINDS}
_PREFIX = "ray"
"""How the names of all of KubeRay's kinds begin, and the name of no built-in kind."""

_LIKE = 0.75


def misspelled(api_version: str, kind: str) -> tuple[str, str] | None:
    """The field to change, `apiVersion` or `kind`, and what is wrong; None for KubeRay's own kinds and for others'."""
    group, _, version = api_version.partition("/")
    if (api_version, kind) in SERVED or not (group == API_GROUP or _means_ours(group, kind)):
        return None
    versions = {each.partition("/")[2] for each, _ in SERVED}
    field = "kind" if group == API_GROUP and version in versions and kind not in _own_names() else "apiVersion"
    return field, f"there is no {api_version} {kind}; {_guess(version, kind)}"


def _own_names() -> set[str]:
    return {kind.name for kind in KINDS}


def _means_ours(group: str, kind: str) -> bool:
    """Whether a group that is not KubeRay's is most likely a slip: it looks like it, or has no such kind."""
    if group.casefold() == API_GROUP:
        return True
    is_built_in = "." not in group or group.endswith(".k8s.io")
    is_like_ours = SequenceMatcher(None, group.casefold(), API_GROUP).ratio() >= _LIKE
    return kind.casefold().startswith(_PREFIX) and (is_built_in or is_like_ours)


def _guess(version: str, kind: str) -> str:
    near = get_close_matches(kind.casefold(), _NAMES, n=1)
    if not near:
        return f"KubeRay has {', '.join(each.name for each in KINDS)} in {API_GROUP}/{KINDS[0].versions[0]}"
    meant = _NAMES[near[0]]
    served = version if version in meant.versions else meant.versions[0]
    return f"did you mean {API_GROUP}/{served} {meant.name}?"
