"""Settings in; what admission takes under each out, beside the same requests without policies before and after."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from controlplane import bundles
from controlplane.client import Answer, Client, Refused
from controlplane.kyverno import Kyverno
from controlplane.plane import Plane
from controlplane.processes import NotUp, until
from controlplane.servers import Servers

from benchmarks.load import settings
from benchmarks.load.settings import FAULT, NATIVE, Object, Setting
from benchmarks.load.times import p50, timed, warm_up
from benchmarks.load.usage import Usage, usage
from rayfence import admission
from rayfence.model.config import Config

BAD = 10
SECONDS_TO_INSTALL = 300
SECONDS_TO_SETTLE = 120
_RESTING = 0.05
"""Of a core, over a second: Kyverno has taken up what it was given."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a program held after the requests, and the milliseconds of CPU that each of them cost it."""

    usage: Usage
    per_request: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of each request without policies, with them, and without again."""

    setting: Setting
    objects: int
    webhooks: int
    installed: float
    settled: float
    before: tuple[float, ...]
    under: tuple[float, ...]
    after: tuple[float, ...]
    refused: tuple[bool, ...]
    kyverno: Spent | None
    server: Spent

    @property
    def without(self) -> tuple[float, ...]:
        """All requests that no policy saw."""
        return (*self.before, *self.after)


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """The server did not take the policies, took too long, or refused what is good; `words` is what it said."""

    setting: Setting
    objects: int
    words: str


Outcome = Measured | NotMeasured


def measured(plane: Plane, chosen: Sequence[Setting], requests: int, progress: Progress) -> list[Outcome]:
    """One setting after the other. Raises Refused or NotUp where something else than a setting's policies fails."""
    assert plane.kyverno
    assert plane.servers
    found: list[Outcome] = []
    for setting in chosen:
        progress(f"latency: {setting}, {setting.tenants:,} tenants")
        found.append(_measured(plane.admin, plane.kyverno, plane.servers, setting, requests))
        progress(f"latency: {_told(found[-1])}")
    return found


def _told(outcome: Outcome) -> str:
    match outcome:
        case NotMeasured():
            return outcome.words
        case Measured():
            return f"{p50(outcome.under):.1f} ms, without policies {p50(outcome.without):.1f} ms (p50)"
        case _:
            assert_never(outcome)


def _measured(admin: Client, kyverno: Kyverno, servers: Servers, setting: Setting, requests: int) -> Outcome:
    config = settings.config(setting.tenants)
    user, cluster = settings.user(admin, config), settings.good(config)
    objects = settings.policies(config, setting)
    # What it holds is then this setting's alone.
    kyverno.admission.stop()
    kyverno.admission.start()
    kyverno.wait_until_asked()

    def ask() -> Answer:
        return user.create(cluster, dry_run=True)

    warm_up(ask)
    before = timed(ask, requests)
    try:
        installed = _install(admin, user, config, setting, objects)
        settled = _settle(kyverno)
        warm_up(ask)
        under, in_server, in_kyverno = _metered(lambda: timed(ask, requests), kyverno, servers)
        refused = tuple(_is_refused(user, settings.bad(config)) for _ in range(BAD))
        webhooks = _webhooks(admin, cluster)
    except (Refused, NotUp) as failure:
        return NotMeasured(setting, len(objects), str(failure))
    finally:
        bundles.remove(admin, objects)
    of_kyverno = None if setting.backend == NATIVE else in_kyverno
    return Measured(
        setting=setting,
        objects=len(objects),
        webhooks=webhooks,
        installed=installed,
        settled=settled,
        before=before,
        under=under,
        after=timed(ask, requests),
        refused=refused,
        kyverno=of_kyverno,
        server=in_server,
    )


def _install(admin: Client, user: Client, config: Config, setting: Setting, objects: Sequence[Object]) -> float:
    """Seconds until every policy is enforced. Raises Refused, NotUp."""
    started = time.monotonic()
    for number, value in enumerate(objects):
        if time.monotonic() - started > SECONDS_TO_INSTALL:
            raise NotUp(f"{number} of {len(objects)} objects were taken in {SECONDS_TO_INSTALL} s")
        bundles.apply(admin, [value])
    if setting.has_rules:
        bundles.wait_until_enforced(user, config)
    else:
        until("a name is refused", lambda: _is_refused(user, settings.bad(config)), SECONDS_TO_INSTALL)
    return time.monotonic() - started


def _settle(kyverno: Kyverno) -> float:
    """Seconds until Kyverno rests, or has had its time: a policy decides before Kyverno is done with it."""
    started = time.monotonic()
    while time.monotonic() - started < SECONDS_TO_SETTLE:
        before = usage(kyverno.admission).cpu
        time.sleep(1)
        if usage(kyverno.admission).cpu - before < _RESTING:
            break
    return time.monotonic() - started


def _metered(
    asked: Callable[[], tuple[float, ...]], kyverno: Kyverno, servers: Servers
) -> tuple[tuple[float, ...], Spent, Spent]:
    """The times, and what the API server and Kyverno spent on them."""
    processes = (servers.api_server, kyverno.admission)
    before = [usage(process) for process in processes]
    times = asked()
    after = [usage(process) for process in processes]
    server, of_kyverno = (_spent(one, other, len(times)) for one, other in zip(before, after, strict=True))
    return times, server, of_kyverno


def _spent(before: Usage, after: Usage, requests: int) -> Spent:
    return Spent(after, (after.cpu - before.cpu) * 1000 / requests)


def _is_refused(user: Client, cluster: Object) -> bool:
    """Whether for its fault, and nothing else."""
    return admission.read(user.create(cluster, dry_run=True).message)[0] == {FAULT}


def _webhooks(admin: Client, cluster: Object) -> int:
    """How many webhooks the API server asks about a Ray object."""
    group = cluster["apiVersion"].partition("/")[0]
    kinds = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
    found = (each for kind in kinds for each in admin.list("admissionregistration.k8s.io/v1", kind))
    webhooks = (webhook for each in found for webhook in each.get("webhooks", ()))
    return sum(any(group in rule["apiGroups"] for rule in webhook.get("rules", ())) for webhook in webhooks)
