"""The node's first process: starts pods, wires each to a route of its own, loads rules, reads what the kernel recorded.

Started by `lab` in namespaces of its own. Messages arrive on the socket whose number is the first argument; when its
other end is closed the node ends, and the kernel removes everything that was made here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from socket import socket

from dataplane import folders, messages
from dataplane.compile import DENIED, OPENED, TABLE
from dataplane.messages import Json
from dataplane.pod import GATEWAY_MAC

_UNSHARE = ("unshare", "--net", "--mount", "--mount-proc", "--uts", "--pid", "--ipc", "--fork", "--kill-child")


def main() -> None:
    """Make every pod, then serve."""
    given = messages.value(sys.argv[2].encode())
    folders.replace(given["keep"])
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    started = [_start(pod, given["keep"]) for pod in given["pods"]]
    _wire([(process, pod) for process, pod in zip(started, given["pods"], strict=True)])
    _serve(socket(fileno=int(sys.argv[1])))


def _start(pod: Json, keep: list[str]) -> subprocess.Popen[str]:
    """A process in the pod's namespaces, which waits for its link."""
    words = [*_UNSHARE, sys.executable, "-m", "dataplane.pod", str(pod["socket"]), json.dumps({**pod, "keep": keep})]
    return subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[pod["socket"]], text=True, bufsize=1
    )


def _wire(pods: list[tuple[subprocess.Popen[str], Json]]) -> None:
    """A link for each pod, as Calico does it: one address, one route, neighbours known for good.

    Nothing waits for an address to be resolved, so that no burst of connections is lost to that.
    """
    lines = []
    for number, (process, pod) in enumerate(pods):
        if process.stdout is None or process.stdout.readline() != "namespaces\n":
            sys.exit(f"the pod {pod['name']} did not start")
        mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        lines += [
            f"link add pod{number} address {GATEWAY_MAC} type veth peer name eth0 address {mac} netns {process.pid}",
            f"link set pod{number} up",
            f"route add {pod['ip']}/32 dev pod{number}",
            f"neighbour add {pod['ip']} lladdr {mac} dev pod{number} nud permanent",
        ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join([*lines, ""]), text=True, check=True)
    for process, _ in pods:
        if process.stdin is not None:
            process.stdin.write("link\n")


def _serve(mine: socket) -> None:
    with mine.makefile("rwb") as stream:
        while text := stream.readline(messages.LONGEST):
            asked = messages.value(text)
            try:
                answer = {"answer": _load(asked["text"]) if asked["do"] == "load" else _record()}
            except subprocess.CalledProcessError as error:
                answer = {"error": f"{' '.join(error.cmd)}: {error.stderr}"}
            stream.write(messages.line(answer))
            stream.flush()


def _load(text: str) -> object:
    _nft("--file", "-", text=text)
    return None


def _record() -> object:
    """New flows since the rules were loaded, as `[source, target, protocol, port]`, by what became of them."""
    return {name: _members(name) for name in (OPENED, DENIED)}


def _members(name: str) -> list[list[object]]:
    listed = json.loads(_nft("--json", "list", "set", *TABLE.split(), name))["nftables"]
    found = next(each["set"] for each in listed if "set" in each)
    return [_flow(element) for element in found.get("elem", [])]


def _flow(element: Json) -> list[object]:
    source, target, protocol, port = element["concat"]
    return [source, target, str(protocol).upper(), port]


def _nft(*words: str, text: str = "") -> str:
    return subprocess.run(["nft", *words], input=text, text=True, check=True, capture_output=True).stdout


if __name__ == "__main__":
    main()
