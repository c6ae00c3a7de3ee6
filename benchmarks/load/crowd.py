"""Clients that all create RayClusters at once in; what became of each RayCluster out, and of its NetworkPolicies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Event

from controlplane import access, bundles, isolation
from controlplane.client import Answer, Client
from controlplane.kyverno import Kyverno
from controlplane.plane import Plane

from benchmarks.load import settings
from benchmarks.load.latency import Progress
from benchmarks.load.settings import Object
from benchmarks.load.times import Ask
from benchmarks.load.usage import Usage, usage
from rayfence.cases.good import ray_cluster
from rayfence.model.config import Config, Tenant

CLIENTS = 20
"""As many as there are tenants: each asks for RayClusters of its own one, one after the other."""

SECONDS_WITHOUT_PROGRESS = 60
SECONDS_TO_ISOLATE = 600
MOST_TRIES, SECONDS_BETWEEN_TRIES = 20, 3
_SECONDS_BETWEEN = 0.5
_REST = 9
"""Times as long as a look took."""

_CREATED, _EXISTS, _BUSY, _SERVER_ERROR = 201, 409, 429, 500

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Made:
    """A RayCluster that was asked for: the last answer, and the milliseconds of each try."""

    key: Key
    answer: Answer
    milliseconds: tuple[float, ...]

    @property
    def admitted(self) -> bool:
        """Whether it must be there now. A try that seemed to fail may have been the one that made it."""
        again = self.answer.status == _EXISTS and len(self.milliseconds) > 1
        return self.answer.status == _CREATED or again


@dataclass(frozen=True, slots=True)
class Crowd:
    """What became of them. Seconds count from the first request, those of `isolated` from the last answer on."""

    backend: str
    made: tuple[Made, ...]
    listed: frozenset[Key]
    bare: frozenset[Key]
    created: float
    isolated: float
    ended: Mapping[str, int] = field(default_factory=dict)
    peaks: Mapping[str, Usage] = field(default_factory=dict)

    @property
    def admitted(self) -> frozenset[Key]:
        """Those that the server said it had created."""
        return frozenset(each.key for each in self.made if each.admitted)

    @property
    def refused(self) -> tuple[Made, ...]:
        """Those it never took."""
        return tuple(each for each in self.made if not each.admitted)

    @property
    def lost(self) -> frozenset[Key]:
        """Those that are not there though it had."""
        return self.admitted - self.listed


class Kept:
    """Kyverno's programs, started again where one has ended, as a kubelet would; and how often each had."""

    def __init__(self, kyverno: Kyverno) -> None:
        self._processes = (kyverno.admission, kyverno.background)
        self.ended: dict[str, int] = {}

    def look(self) -> None:
        """For the main thread alone: the kernel ends a program with the thread that started it."""
        for process in self._processes:
            if process.pid is None:
                self.ended[process.name] = self.ended.get(process.name, 0) + 1
                process.start()


class Operator:
    """KubeRay, which is not here, and writes statuses: one after the other, as its only worker does.

    Of each RayCluster soon after it was made, and once more when all are there, as when their pods start.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: SimpleQueue[Object | None] = SimpleQueue()
        self._is_over = Event()

    def __enter__(self) -> None:
        """Work until the end of the block."""

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._waiting.put(None)

    def see(self, cluster: Object) -> None:
        """It was made."""
        self._waiting.put(cluster)

    def all_are_there(self) -> None:
        """No more will be."""
        self._waiting.put(None)

    def work(self) -> None:
        """Write a status of each, and then another."""
        seen = list(self._written(iter(self._waiting.get, None)))
        list(self._written(seen))

    def _written(self, clusters: Iterable[Object]) -> Iterator[Object]:
        for cluster in clusters:
            if self._is_over.is_set():
                return
            _patiently(partial(isolation.write_status, self._client, cluster))
            yield cluster


def crowd(plane: Plane, backend: str, count: int, progress: Progress) -> Crowd:
    """Put a backend's whole bundle on the server, have the RayClusters created, and wait until nothing more happens."""
    assert plane.kyverno
    assert plane.servers
    config = settings.config(CLIENTS)
    progress(f"crowd: {backend}, its bundle")
    _prepare(plane.admin, config, backend)
    progress(f"crowd: {backend}, {count:,} RayClusters by {CLIENTS} clients")
    started = time.monotonic()
    # Each client has a connection of its own, and so has the operator.
    clients = [Client(plane.servers.kubeconfig).as_user(settings.USER) for _ in config.tenants]
    operator = Operator(Client(plane.servers.kubeconfig).as_user(config.platform.operator.username))
    kept = Kept(plane.kyverno)
    with ThreadPoolExecutor(CLIENTS + 1) as pool, operator:
        working = pool.submit(operator.work)
        work = zip(clients, _asked(config, count), strict=True)
        making = [pool.submit(_create_all, operator, client, clusters) for client, clusters in work]
        while not all(each.done() for each in making):
            kept.look()
            time.sleep(_SECONDS_BETWEEN)
        all_made = tuple(each for of_client in making for each in of_client.result())
        created = time.monotonic() - started
        operator.all_are_there()
        progress(f"crowd: {backend}, until the last is isolated")
        clusters = {key: cluster for some in _asked(config, count) for key, cluster in _by_key(some).items()}
        bare, isolated = _wait_for_isolation(plane.admin, config, clusters, kept.look)
    working.result()
    kept.look()
    running = (plane.servers.api_server, plane.kyverno.admission, plane.kyverno.background)
    peaks = {process.name: usage(process) for process in running}
    return Crowd(backend, all_made, _listed(plane.admin, config), bare, created, isolated, kept.ended, peaks)


def _prepare(admin: Client, config: Config, backend: str) -> None:
    access.let_edit(admin, [name for tenant in config.tenants for name in tenant.namespaces], [settings.USER])
    access.let_write_status(admin, config.platform.operator.username)
    bundles.apply(admin, bundles.objects(config, backend))
    bundles.wait_until_enforced(admin.as_user(settings.USER), config)


def _asked(config: Config, count: int) -> list[list[Object]]:
    """For each tenant its share of the RayClusters."""
    shares = [range(number, count, len(config.tenants)) for number in range(len(config.tenants))]
    return [
        [_cluster(config, tenant, number) for number in share]
        for tenant, share in zip(config.tenants, shares, strict=True)
    ]


def _cluster(config: Config, tenant: Tenant, number: int) -> Object:
    value = ray_cluster(config.platform, tenant)
    value["metadata"]["name"] = f"crowd-{number:05}"
    return value


def _create_all(operator: Operator, tenant: Client, clusters: Sequence[Object]) -> list[Made]:
    """One after the other; the operator sees those that are there."""
    made = []
    for cluster in clusters:
        made.append(create(tenant, cluster))
        if made[-1].admitted:
            operator.see(cluster)
    return made


def create(client: Client, cluster: Object) -> Made:
    """Ask for one, and ask again while all that is said is that the server, or a webhook, was too slow."""
    answer, took = _patiently(partial(client.create, cluster))
    return Made(key_of(cluster), answer, took)


def _patiently(ask: Ask) -> tuple[Answer, tuple[float, ...]]:
    """The last answer, and the milliseconds of each try."""
    took: list[float] = []
    while True:
        started = time.perf_counter()
        answer = ask()
        took.append((time.perf_counter() - started) * 1000)
        is_busy = answer.status == _BUSY or answer.status >= _SERVER_ERROR
        if not is_busy or len(took) == MOST_TRIES:
            return answer, tuple(took)
        time.sleep(SECONDS_BETWEEN_TRIES)


def _wait_for_isolation(
    admin: Client, config: Config, clusters: Mapping[Key, Object], keep: Callable[[], None]
) -> tuple[frozenset[Key], float]:
    """Those that have not exactly their policies when all have, or nothing happens any more; and when the last got its.

    Seconds from now on.
    """
    started = last = time.monotonic()
    left = dict(clusters)
    while left:
        keep()
        looked = time.monotonic()
        before, left = len(left), _bare(admin, config, left)
        now = time.monotonic()
        last = now if len(left) < before else last
        if now - last > SECONDS_WITHOUT_PROGRESS or now - started > SECONDS_TO_ISOLATE:
            break
        # Looking is work for the server: not what it is to be measured at.
        _rest(max(_SECONDS_BETWEEN, _REST * (now - looked)), keep)
    return frozenset(left), last - started


def _rest(seconds: float, keep: Callable[[], None]) -> None:
    """A kubelet does not wait until somebody looks."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        keep()
        time.sleep(min(_SECONDS_BETWEEN, left))


def _bare(admin: Client, config: Config, clusters: Mapping[Key, Object]) -> dict[Key, Object]:
    """Those of them without exactly the NetworkPolicies that they must have."""
    policies = {namespace: isolation.there(admin, namespace) for namespace in {namespace for namespace, _ in clusters}}
    return {
        key: cluster
        for key, cluster in clusters.items()
        if isolation.found_in(policies[key[0]], cluster) != isolation.wanted(config, cluster)
    }


def _listed(admin: Client, config: Config) -> frozenset[Key]:
    return frozenset(
        key_of(each)
        for tenant in config.tenants
        for each in admin.list("ray.io/v1", "RayCluster", tenant.namespaces[0])
    )


def _by_key(clusters: Sequence[Object]) -> dict[Key, Object]:
    return {key_of(cluster): cluster for cluster in clusters}


def key_of(cluster: Object) -> Key:
    """Its namespace and name."""
    return cluster["metadata"]["namespace"], cluster["metadata"]["name"]
