"""Derived cases of platforms that open addresses, on the engines. The sample tenants' platform opens none."""

from __future__ import annotations

import pytest

from rayfence import suite
from rayfence.backends import BACKENDS
from rayfence.cases import Case, derived
from rayfence.gotool import find
from rayfence.manifests import bundle
from rayfence.model.config import Config, Dns, Egress, Platform, Tenant
from rayfence.suite.engines import tool_of

from ..builders import BOUNDS

pytestmark = pytest.mark.engine

CACHE = Dns(cidrs=("169.254.20.10/32",))
EVERYTHING = Platform(
    egress=Egress(("object-store",), ("0.0.0.0/0", "::/0", "169.254.170.23/32", "169.254.169.254/32")), dns=CACHE
)
OPEN = {
    "everything": EVERYTHING,
    "a private range": Platform(egress=Egress(cidrs=("10.20.0.0/16",))),
    "the DNS": Platform(dns=CACHE),
}
RULES = ("guard-network-policies/", "restrict-network-rules/")


def config(platform: Platform) -> Config:
    return Config(platform, (Tenant("team-a", ("ray-a",), BOUNDS),))


def cases(platform: Platform) -> list[Case]:
    """Those about addresses."""
    found = derived(config(platform))
    return [case for case in found if case.name.startswith(RULES) and "ipBlock" in repr(case.value)]


@pytest.mark.parametrize(
    ("opened", "backend"),
    [*(("everything", backend) for backend in BACKENDS), ("a private range", "gatekeeper"), ("the DNS", "gatekeeper")],
)
def test_every_engine_takes_the_addresses_that_are_opened_and_no_others(opened: str, backend: str) -> None:
    platform, program = OPEN[opened], find(tool_of(backend), print).path
    asked, files = cases(platform), bundle.files(config(platform), [backend])
    report = suite.run(
        config(platform), asked, [backend], program, jobs=1, files=files, others={backend: program}, whole=False
    )

    assert {"breaks", "passes"} == {case.name.split("/")[1] for case in asked}
    assert len(asked) == len(report.outcomes) > 10
    assert [] == [(each.case, each.problems) for each in report.outcomes if not each.ok]
