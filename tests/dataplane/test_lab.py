"""Real connections between network namespaces, with and without rules; and nothing left of it afterwards."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from dataplane.lab import CouldNotDecide, Lab, Machine, connects, control, tried
from dataplane.messages import Result

from rayfence.reach.connectivity import Connectivity
from rayfence.reach.topology import Address, Flow, Pod, Topology

pytestmark = pytest.mark.kernel

APPS, TEAMS, PORTS = ("web", "db", "queue"), ("a", "b"), (80, 81, 8265)
NAMESPACES = {f"ns{n}": {"team": TEAMS[n % 2]} for n in range(3)}


def pods(count: int) -> list[Pod]:
    return [
        Pod(f"ns{n % 3}", f"p{n}", f"10.0.0.{n + 1}", {"app": APPS[n // 3 % 3]}, {"http": PORTS[n % 2]})
        for n in range(count)
    ]


def every_flow(topology: Topology) -> list[Flow]:
    return [
        Flow(source, target, port, protocol)
        for source in topology.endpoints
        for target in topology.endpoints
        for protocol, port in [*(("TCP", port) for port in PORTS), ("UDP", 53)]
    ]


def some_selector(dice: random.Random, key: str, values: tuple[str, ...]) -> dict[str, Any]:
    expression = {"key": key, "operator": dice.choice(["In", "NotIn"]), "values": [dice.choice(values)]}
    exists = {"key": dice.choice([key, "gone"]), "operator": dice.choice(["Exists", "DoesNotExist"])}
    one = {"matchLabels": {key: dice.choice(values)}}
    return dice.choice([{}, one, one, {"matchExpressions": [expression]}, {"matchExpressions": [exists]}])


def some_peer(dice: random.Random) -> dict[str, Any]:
    spaces = {"namespaceSelector": some_selector(dice, "team", TEAMS)}
    chosen = {"podSelector": some_selector(dice, "app", APPS)}
    block = {"ipBlock": {"cidr": "10.0.0.0/29", "except": [f"10.0.0.{dice.randrange(8)}/32"]}}
    return dice.choice([spaces, chosen, spaces | chosen, block])


def some_ports(dice: random.Random) -> list[dict[str, Any]]:
    ranged = {"port": 80, "endPort": 81, "protocol": "TCP"}
    one = {"port": dice.choice(PORTS)}
    return dice.choice([[], [one], [{"port": "http"}], [ranged], [{"protocol": "UDP"}, one]])


def some_policy(dice: random.Random, number: int) -> dict[str, Any]:
    def rules(side: str) -> list[dict[str, Any]]:
        return [
            {side: [some_peer(dice) for _ in range(dice.randrange(3))], "ports": some_ports(dice)}
            for _ in range(dice.randrange(3))
        ]

    types = dice.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"]])
    spec = {"podSelector": some_selector(dice, "app", APPS), "policyTypes": types}
    metadata = {"name": f"policy{number}", "namespace": dice.choice(list(NAMESPACES))}
    return {"metadata": metadata, "spec": spec | {"ingress": rules("from"), "egress": rules("to")}}


def some_topology(seed: int) -> Topology:
    dice = random.Random(seed)
    endpoints = [*pods(6), Address("outside", "192.168.7.7")]
    return Topology(NAMESPACES, endpoints, [some_policy(dice, number) for number in range(6)])


@pytest.mark.parametrize("seed", range(3))
def test_the_kernel_does_what_the_evaluator_says(seed: int):
    topology = some_topology(seed)
    flows = every_flow(topology)
    connectivity = Connectivity(topology)
    expected = {flow: connectivity.decide(flow).allowed for flow in flows}

    assert {True, False} == set(expected.values())
    assert expected == connects(topology, flows)


WEB, DB = pods(2)
OPEN = Topology(NAMESPACES, [WEB, DB], [])
CLOSED = Topology(NAMESPACES, [WEB, DB], [{"metadata": {"name": "closed", "namespace": DB.namespace}, "spec": {}}])
FLOW = Flow(WEB, DB, 80)
ALL_DROPPED = """\
add table inet firewall
add chain inet firewall forward { type filter hook forward priority -10 ; policy drop ; }
"""


def lab_of(topology: Topology) -> Lab:
    return Lab([Machine(each.ip, f"pod{number}") for number, each in enumerate(topology.endpoints)])


def test_a_lab_that_drops_by_itself_decides_nothing():
    with lab_of(OPEN) as lab:
        lab.load([ALL_DROPPED])
        lab.listen([tried(FLOW)])

        with pytest.raises(CouldNotDecide, match="with no policy 1 of 1 connections fail"):
            control(lab, [tried(FLOW)])


def test_what_no_rule_of_ours_dropped_is_not_called_denied():
    with lab_of(OPEN) as lab:
        lab.load([ALL_DROPPED])
        lab.enforce(OPEN)

        with pytest.raises(CouldNotDecide, match="no rule dropped them"):
            lab.attempt([tried(FLOW)])


def test_the_kernel_records_what_it_let_through_and_what_it_dropped():
    back = Flow(DB, WEB, 80)
    with lab_of(CLOSED) as lab:
        lab.enforce(CLOSED)
        results = lab.attempt([tried(FLOW), tried(back)])

        assert ({tried(back)}, {tried(FLOW)}) == (lab.record().opened, lab.record().denied)
        assert {tried(FLOW): Result.SILENT, tried(back): Result.REFUSED} == results


def test_a_pod_sees_its_own_name_resolver_processes_and_folders():
    script = "hostname; cat /etc/resolv.conf; ls -d /tmp/logs; test ! -e /dev/shm/seen && touch /dev/shm/seen; echo $$"
    with Lab([Machine("10.0.0.1", "one", "nameserver 10.0.0.9\n"), Machine("10.0.0.2", "two")]) as lab:
        said = [lab.ask(ip, "run", words=["sh", "-c", script], env={}, seconds=20) for ip in ("10.0.0.1", "10.0.0.2")]

    assert [0, 0] == [each["code"] for each in said]
    assert ["one", "nameserver 10.0.0.9", "/tmp/logs"] == said[0]["output"].splitlines()[:3]
    assert int(said[0]["output"].split()[-1]) < 100


def test_a_pod_sees_the_folders_it_is_to_see_and_no_others_of_tmp(tmp_path: Path):
    inner = tmp_path / "kept" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").write_text("seen")
    (tmp_path / "other").write_text("not seen")

    with Lab([Machine("10.0.0.1", "one")], keep=[str(inner.parent), str(inner)]) as lab:
        said = lab.ask("10.0.0.1", "run", words=["cat", str(inner / "file")], env={}, seconds=20)
        beside = lab.ask("10.0.0.1", "run", words=["ls", str(tmp_path)], env={}, seconds=20)

    assert ("seen", "kept\n") == (said["output"], beside["output"])


def on_the_host() -> list[object]:
    """What a lab could leave behind: links, named namespaces, rules, mounts, files in memory."""
    asked = (["ip", "-br", "link"], ["ip", "netns", "list"], ["nft", "list", "tables"])
    said = [subprocess.run(words, capture_output=True, text=True, check=False).stdout for words in asked]
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [*said, mounts, sorted(os.listdir("/mnt"))]


def running(mark: str) -> list[str]:
    """Processes, in whatever namespace, that have `mark` in their command line."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if mark in words and int(each.parent.name) != os.getpid():
            found.append(words.replace("\0", " "))
    return found


def test_nothing_is_left_behind():
    before, mark = on_the_host(), f"left-behind-{os.getpid()}"

    with Lab([Machine("10.0.0.1", mark), Machine("10.0.0.2", "two")]) as lab:
        lab.ask("10.0.0.1", "start", name="one", words=["sh", "-c", f"sleep 600; : {mark}"], env={})
        while_it_runs = running(mark)

    assert 4 <= len(while_it_runs)
    assert [] == running(mark)
    assert before == on_the_host()


def test_nothing_is_left_behind_when_the_lab_is_killed():
    mark = f"killed-{os.getpid()}"
    script = f"""
import time
from dataplane.lab import Lab, Machine
with Lab([Machine("10.0.0.1", "{mark}")]) as lab:
    lab.ask("10.0.0.1", "start", name="one", words=["sh", "-c", "sleep 600; : {mark}"], env={{}})
    print("up", flush=True)
    time.sleep(600)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert b"up\n" == process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    ends = time.monotonic() + 20
    while running(mark) and time.monotonic() < ends:
        time.sleep(0.1)

    assert [] == running(mark)
