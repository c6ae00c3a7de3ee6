"""The load at its smallest: numbers that are known, a server that does wrong on purpose, and what is made of both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from benchmarks.load import crowd, settings
from benchmarks.load.crowd import CLIENTS, Crowd, Made, key_of
from benchmarks.load.latency import Measured, NotMeasured, Spent
from benchmarks.load.promises import OF_FEW_TENANTS, ratio, targets
from benchmarks.load.report import render
from benchmarks.load.settings import BACKENDS, CLUSTER, NATIVE, SIZES, VALIDATING, Setting
from benchmarks.load.times import LEAST, p50, p99, percentile, timed
from benchmarks.load.usage import Usage, usage
from benchmarks.tables import Format
from benchmarks.targets import exit_code
from controlplane import isolation
from controlplane.client import Answer, Client, Refused
from controlplane.processes import Process, until

from rayfence import admission
from rayfence.admission.evaluate import Evaluator
from rayfence.cases.refused import refused

ROOT = Path(__file__).parents[2]
MIB = 2**20
RAY = "/apis/ray.io/v1"
NETWORK = "/apis/networking.k8s.io/v1"


def spent(milliseconds: float = 1) -> Spent:
    return Spent(Usage(100 * MIB, 200 * MIB, 5), milliseconds)


def measured(backend: str, tenants: int, under: float, without: float = 10, *, let_in: int = 0) -> Measured:
    """As if every request took so many milliseconds, and so many bad ones got in."""
    setting, refused = Setting(backend, tenants), (False,) * let_in + (True,) * (20 - let_in)
    return Measured(setting, 9, 1, 3.0, 1.0, (without,) * 4, (under,) * 9, (without,) * 4, refused, spent(), spent())


def everything(**slow: float) -> list[Measured | NotMeasured]:
    """A run of every setting: with a thousand tenants as fast as with one, but for what is `slow`."""
    usual = {NATIVE: 15.0, VALIDATING: 18.0, CLUSTER: 120.0}
    return [
        measured(backend, size, slow.get(backend, usual[backend]) if size == 1_000 else usual[backend])
        for backend in BACKENDS
        for size in SIZES
    ]


def made(name: str, status: int, tries: int = 1) -> Made:
    return Made(("ray-team-00000", name), Answer(status, {"message": "no"}), (5.0,) * tries)


def crowd_of(*made: Made, backend: str = VALIDATING, missing: str = "", bare: str = "") -> Crowd:
    """As if all of them were on the server but the one that is missing, and all isolated but one."""
    listed = {each.key for each in made if each.admitted and each.key[1] != missing}
    without = {each.key for each in made if each.key[1] == bare}
    return Crowd(backend, made, frozenset(listed), frozenset(without), 12, 3, {}, {"kyverno-admission": spent().usage})


GOOD_CROWDS = [crowd_of(made("a", 201), made("b", 201), backend=backend) for backend in (VALIDATING, CLUSTER)]


def missed(outcomes=(), crowds=()) -> list[str]:
    return [target.promise for target in targets(outcomes, crowds) if target.met is False]


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "value"),
    [
        pytest.param(0.5, 50, id="the middle"),
        pytest.param(0.99, 99, id="all but one in a hundred"),
        pytest.param(1, 100, id="the largest"),
        pytest.param(0, 1, id="the smallest"),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(share, value):
    backwards = list(range(100, 0, -1))

    assert value == percentile(backwards, share)


def test_one_slow_request_in_a_hundred_does_not_touch_p99_but_two_do():
    assert (1, 1) == (p50([1] * 99 + [500]), p99([1] * 99 + [500]))
    assert (1, 500) == (p50([1] * 98 + [500] * 2), p99([1] * 98 + [500] * 2))


def test_a_ratio_is_to_the_requests_without_policies_on_both_sides():
    of = Measured(Setting(NATIVE, 1), 1, 0, 1, 0, (10,) * 3, (30,) * 5, (20,) * 4, (), None, spent())

    assert 1.5 == ratio(of)


def test_a_request_that_is_refused_is_no_time():
    with pytest.raises(Refused, match="403: no"):
        timed(lambda: Answer(403, {"message": "no"}), 5)


def test_requests_that_take_too_long_are_fewer(monkeypatch):
    monkeypatch.setattr("benchmarks.load.times.MOST_SECONDS", 0)

    assert LEAST == len(timed(lambda: Answer(201, {}), 1_000))


def test_memory_and_cpu_are_those_of_the_program(tmp_path):
    code = f"import time\nheld = b'x' * {64 * MIB}\nwhile time.process_time() < 0.5: pass\ndel held\ntime.sleep(60)"
    process = Process("busy", [sys.executable, "-c", code], tmp_path)
    process.start()
    try:
        found = until("it is busy", lambda: used if (used := usage(process)).cpu > 0.4 else None, 30)
        found = until("it lets go", lambda: used if (used := usage(process)).now < 48 * MIB else None, 30)
    finally:
        process.stop()

    assert 64 * MIB < found.peak < 128 * MIB


# --- settings ---------------------------------------------------------------------------------------------------------


def test_what_is_asked_for_breaks_no_rule_and_its_bad_twin_one():
    config = settings.config(10)
    evaluator = Evaluator(config)
    good, bad = (
        [each.rule for each in evaluator.violations(value)] for value in (settings.good(config), settings.bad(config))
    )

    assert ([], [settings.FAULT]) == (good, bad)


def test_the_tenant_that_asks_is_the_one_in_the_middle():
    assert ["team-00000", "team-00005", "team-00050"] == [settings.asker(settings.config(n)).name for n in (1, 10, 100)]


@pytest.mark.slow
def test_every_policy_is_seen_to_refuse_in_a_namespace_of_its_own():
    config = settings.config(1_000)
    found = list(refused(config))
    cut = [probe["metadata"]["namespace"] for policy, probe in found if policy.name == "enforce-tenant-isolation-2"]

    assert len(admission.policies(config)) == len(found)
    assert all(probe["metadata"]["namespace"] in policy.shard.rows for policy, probe in found)
    assert ["ray-team-00333-dev"] == cut, "the table is cut between two namespaces of one tenant"


def test_each_engine_is_measured_without_rules_first():
    assert [(each, 1, False) for each in BACKENDS] == [
        (each.backend, each.tenants, each.has_rules) for each in settings.settings(BACKENDS, 1) if not each.has_rules
    ]
    assert ["clusterpolicy without rules", "clusterpolicy"] == [*map(str, settings.settings([CLUSTER], 1))]


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_rules_a_policy_for_ray_objects_looks_at_a_name_and_all_else_is_the_same(backend: str):
    config = settings.config(1)
    ruled, bare = (settings.policies(config, Setting(backend, 1, has_rules=rules)) for rules in (True, False))
    changed = {value["metadata"]["name"]: str(value) for value, was in zip(bare, ruled, strict=True) if value != was}
    said = settings._NAME["messageExpression"].strip("'")

    assert [settings.RAY.name] == [*changed]
    assert settings.bad(config)["metadata"]["name"] in changed[settings.RAY.name]
    assert "variables" not in changed[settings.RAY.name]
    assert {settings.FAULT} == admission.read(said)[0]


@pytest.mark.slow
def test_every_client_has_a_tenant_and_no_two_ask_for_the_same():
    config = settings.config(CLIENTS)
    asked = crowd._asked(config, 2_000)

    assert [100] * CLIENTS == [len(some) for some in asked]
    assert 2_000 == len({key_of(cluster) for some in asked for cluster in some})


# --- promises ---------------------------------------------------------------------------------------------------------


def test_a_run_within_all_bounds_meets_every_target():
    judged = targets(everything(), GOOD_CROWDS)

    assert {True} == {target.met for target in judged}
    assert 0 == exit_code(judged)


@pytest.mark.parametrize(
    ("backend", "slow", "promises"),
    [
        pytest.param(VALIDATING, 24, ["1,000 tenants / no policy (p50)", "1,000 tenants / 1 (p50)"], id="both"),
        pytest.param(NATIVE, 19, ["1,000 tenants / 1 (p50)"], id="native, by tenants alone"),
        pytest.param(CLUSTER, 181, ["1,000 tenants / no policy (p50)", "1,000 tenants / 10 (p50)"], id="clusterpolicy"),
    ],
)
def test_slow_policies_miss_their_targets(backend, slow, promises):
    assert [f"{backend}, {promise}" for promise in promises] == missed(everything(**{backend: slow}), GOOD_CROWDS)
    assert 1 == exit_code(targets(everything(**{backend: slow}), GOOD_CROWDS))


def test_policies_that_are_not_taken_miss_their_targets():
    refused = [NotMeasured(Setting(CLUSTER, 1_000), 15, "context deadline exceeded"), measured(CLUSTER, 10, 100)]

    assert 2 == len(missed(refused))
    assert "clusterpolicy, 1,000 tenants: context deadline exceeded" in rendered(Format.TEXT, refused, [])


def test_a_bad_cluster_that_gets_in_misses_a_target():
    assert ["bad RayClusters not refused for their fault"] == missed([measured(NATIVE, 1, 11, let_in=1)])


@pytest.mark.parametrize(
    ("of", "promise"),
    [
        pytest.param(crowd_of(made("a", 201), made("b", 403)), "never admitted", id="refused"),
        pytest.param(crowd_of(made("a", 201), made("b", 201), missing="b"), "lost", id="lost"),
        pytest.param(
            crowd_of(made("a", 201), made("b", 201), bare="b"), "without their NetworkPolicies", id="not isolated"
        ),
    ],
)
def test_one_of_a_crowd_is_enough_to_miss_a_target(of, promise):
    assert [f"crowd, validatingpolicy: RayClusters {promise}"] == missed(crowds=[of])


def test_one_that_exists_at_the_first_try_is_somebody_elses():
    assert [False, True] == [made("a", 409).admitted, made("a", 409, tries=2).admitted]


def test_what_was_not_measured_is_neither_met_nor_missed():
    judged = targets([], [])

    assert {None} == {target.met for target in judged}
    assert 2 * len(OF_FEW_TENANTS) + 1 + 6 == len(judged)


# --- a server that does wrong -----------------------------------------------------------------------------------------


class Wrong(ThreadingHTTPServer):
    """An API server that has what it is given, and answers to a POST what is next in line."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.lists: dict[str, list[dict]] = {}


class _Handler(BaseHTTPRequestHandler):
    server: Wrong

    def do_GET(self) -> None:
        kinds = {RAY: [("rayclusters", "RayCluster")], NETWORK: [("networkpolicies", "NetworkPolicy")]}
        resources = [{"name": name, "kind": kind, "namespaced": True} for name, kind in kinds.get(self.path, [])]
        self._answer(200, {"resources": resources} if resources else {"items": self.server.lists.get(self.path, [])})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.server.answers.pop(0), {"message": "slow"})

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def wrong() -> Iterator[Wrong]:
    server = Wrong()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(wrong: Wrong, tmp_path: Path) -> Client:
    named = {"name": "wrong"}
    value = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{**named, "cluster": {"server": f"http://127.0.0.1:{wrong.server_address[1]}"}}],
        "users": [{**named, "user": {}}],
        "contexts": [{**named, "context": {"cluster": "wrong", "user": "wrong"}}],
        "current-context": "wrong",
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(value))
    return Client(path)


@pytest.mark.parametrize(
    ("answers", "tries", "admitted"),
    [
        pytest.param([201], 1, True, id="at once"),
        pytest.param([500, 429, 201], 3, True, id="after two that were too slow"),
        pytest.param([504, 409], 2, True, id="the one that seemed to fail did not"),
        pytest.param([403], 1, False, id="refused"),
        pytest.param([500] * 20, 20, False, id="never"),
    ],
)
def test_a_client_asks_again_only_where_the_server_was_too_slow(wrong, client, monkeypatch, answers, tries, admitted):
    monkeypatch.setattr(crowd, "SECONDS_BETWEEN_TRIES", 0)
    wrong.answers = list(answers)

    found = crowd.create(client, settings.good(settings.config(1)))

    assert ([], tries, admitted) == (wrong.answers, len(found.milliseconds), found.admitted)


def test_a_cluster_is_bare_until_its_policies_are_exactly_those(wrong, client, monkeypatch):
    monkeypatch.setattr(crowd, "SECONDS_WITHOUT_PROGRESS", 0)
    config = settings.config(1)
    cluster = settings.good(config)
    key, right = key_of(cluster), isolation.wanted(config, cluster)
    opened = [{**right[0], "spec": {**right[0]["spec"], "ingress": [{}]}}, *right[1:]]

    def bare(policies: list[dict]) -> set:
        wrong.lists[f"{NETWORK}/namespaces/{key[0]}/networkpolicies"] = policies
        return set(crowd._wait_for_isolation(client, config, {key: cluster}, lambda: None)[0])

    assert [{key}, {key}, {key}, set()] == [bare([]), bare(right[:1]), bare(opened), bare(right)]


def test_kyverno_is_kept_up_while_nobody_looks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crowd, "_SECONDS_BETWEEN", 0.01)
    kept: list[float] = []

    crowd._rest(0.2, lambda: kept.append(time.monotonic()))

    assert 5 < len(kept), "once in each look at most, when it rested at a stretch"


# --- report and command -----------------------------------------------------------------------------------------------


def rendered(format: Format, outcomes, crowds) -> str:
    return render(format, {"cores": "2"}, (outcomes, crowds), targets(outcomes, crowds))


def test_a_table_has_a_row_for_each_setting_with_its_ratios():
    text = rendered(Format.MARKDOWN, [measured(VALIDATING, 1_000, 24, let_in=2)], [])

    assert (
        "| validatingpolicy | 1,000 | 9 | 1 | 3 | 1 | 9 | 24.0 | 24.0 | 10.0 | 10.0 | 2.40 | 2.40 | 18 of 20 "
        "| 200 | 100 | 1.0 | 100 | 1.0 |" in text
    )
    assert "| validatingpolicy, 1,000 tenants / no policy (p50) | 2 | 2.4 | NOT MET |" in text


def test_a_crowd_names_those_that_are_lost_bare_or_refused():
    of = crowd_of(made("a", 201), made("b", 201), made("c", 500, 20), missing="a", bare="b")
    text = rendered(Format.TEXT, [], [of])

    assert "validatingpolicy, lost: ray-team-00000/a, …" in text
    assert "validatingpolicy, without policies: ray-team-00000/b, …" in text
    assert "validatingpolicy, ray-team-00000/c: 500 no" in text


def test_json_holds_every_request():
    outcomes = [measured(NATIVE, 1, 11), NotMeasured(Setting(NATIVE, 1_000), 8, "no")]
    data = json.loads(rendered(Format.JSON, outcomes, GOOD_CROWDS), parse_constant=pytest.fail)

    assert [11] * 9 == data["latency"][0]["under"]
    assert [2, []] == [data["crowds"][0]["admitted"], data["crowds"][0]["lost"]]
    assert {
        "target": "validatingadmissionpolicy, 1,000 tenants / no policy (p50)",
        "most": 2,
        "found": None,
    }.items() <= (data["targets"][0].items())
    assert data["targets"][0]["met"] is False


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--backend", "gatekeeper"], id="a backend that cannot be run here"),
        pytest.param(["--requests", "0"], id="no request"),
    ],
)
def test_a_wrong_argument_is_refused(arguments):
    assert 2 == load(*arguments).returncode


@pytest.mark.e2e
def test_a_quick_run_measures_every_backend_and_loses_nothing():
    done = load("--quick", "--format", "json")
    data = json.loads(done.stdout)

    assert [(backend, size) for backend in BACKENDS for size in (1, 10)] == [
        (each["setting"]["backend"], each["setting"]["tenants"]) for each in data["latency"]
    ]
    assert {10} == {each["refused"].count(True) for each in data["latency"]}
    assert [(40, [])] * 2 == [(each["admitted"], each["lost"]) for each in data["crowds"]]


def load(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "load"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
