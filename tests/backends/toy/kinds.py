"""Toy policies on a server."""

from __future__ import annotations

from rayfence.backends.base import Kind, Manifest
from rayfence.cluster.objects import text_at
from rayfence.model.subjects import Resource


def _why_not_ready(policy: Manifest) -> str:
    return text_at(policy, "status", "broken")


TOYS = Kind(Resource("toys.example.com", "v1", "ToyPolicy", "toypolicies"), _why_not_ready)
