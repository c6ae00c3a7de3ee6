"""What tests of many folders begin with: a tenant's bounds, the sample tenants, and the bundle of these."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from rayfence import tenants
from rayfence.manifests import bundle
from rayfence.model.config import Bounds, Config, Container

BOUNDS = Container(Bounds("1", "4"), Bounds("2Gi", "8Gi"))
"""For tenants in tests that do not care."""


@cache
def sample() -> Config:
    """The tenants of this repository."""
    return tenants.load([Path(__file__).parents[1] / "tenants"])


@cache
def sample_files() -> Mapping[str, str]:
    """Their bundle, of every backend: path -> text."""
    return bundle.files(sample())
