"""Where a tenant's clusters have to ask for a token, each of them does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import Authentication, Require
from rayfence.rules import require_authentication
from rayfence.workload import Malformed

from .objects import TEAM_A, Json, broken, cluster, cron_job, job, service, told

ID = require_authentication.ID
ASKED = replace(TEAM_A, require=Require(Authentication.TOKEN))

PLACES = {
    "RayCluster": (lambda value: value, "spec"),
    "RayJob": (job, "spec.rayClusterSpec"),
    "RayService": (service, "spec.rayClusterConfig"),
    "RayCronJob": (cron_job, "spec.jobTemplate.rayClusterSpec"),
}


def asking(options: Any) -> Json:
    return cluster(authOptions=options)


@pytest.mark.parametrize("kind", PLACES)
def test_every_kind_has_to_ask(kind: str) -> None:
    make, place = PLACES[kind]

    assert [f"[{ID}] {place}.authOptions.mode"] == broken(require_authentication, make(cluster()), ASKED)
    assert [] == broken(require_authentication, make(asking({"mode": "token"})), ASKED)


@pytest.mark.parametrize(
    "options", [None, {}, {"mode": None}, {"mode": "disabled"}, {"mode": "Token"}, {"mode": 1}, "x"]
)
def test_nothing_but_the_mode_is_taken_for_it(options: Any) -> None:
    assert [f"[{ID}] spec.authOptions.mode"] == broken(require_authentication, asking(options), ASKED)


def test_who_is_not_asked_is_free() -> None:
    assert [] == broken(require_authentication, asking({"mode": "disabled"}), TEAM_A)
    assert [] == broken(require_authentication, cluster() | {"apiVersion": "ray.io/v1alpha1"}, TEAM_A)


def test_an_older_version_would_take_the_field_away() -> None:
    older = asking({"mode": "token"}) | {"apiVersion": "ray.io/v1alpha1"}

    assert [f"[{ID}] apiVersion"] == broken(require_authentication, older, ASKED)


def test_a_job_on_a_cluster_that_is_there_has_none_to_ask() -> None:
    assert [] == broken(require_authentication, job(None, clusterSelector={"ray.io/cluster": "one"}), ASKED)


def test_people_read_what_to_write() -> None:
    (message,) = told(require_authentication, asking({"mode": "disabled"}), ASKED)

    assert "is disabled, must be token; it needs Ray 2.52 or newer" == message


def test_a_list_in_place_of_the_options_has_no_reading() -> None:
    with pytest.raises(Malformed, match=r"spec\.authOptions"):
        broken(require_authentication, asking([]), ASKED)
