"""A pod's first process: sets up its own network and folders, then does what the lab asks: listen, connect, run.

Started by `node` in namespaces of its own. Messages arrive on the socket whose number is the first argument; when its
other end is closed the pod ends, and all that runs in it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast
from urllib.request import urlopen

from dataplane import folders, messages
from dataplane.messages import Json, Result

GATEWAY = "169.254.1.1"
GATEWAY_MAC = "ee:ee:ee:ee:ee:ee"
_LOGS = Path("/tmp/logs")


def main() -> None:
    """Say that the namespaces exist, wait until the node has put a link in, then serve."""
    given = messages.value(sys.argv[2].encode())
    print("namespaces", flush=True)
    sys.stdin.readline()
    socket.sethostname(given["name"])
    folders.replace(given["keep"])
    folders.put("/etc/resolv.conf", given["resolver"])
    folders.put("/etc/hosts", f"127.0.0.1 localhost\n{given['ip']} {given['name']}\n")
    _LOGS.mkdir()
    _network(given["ip"])
    asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1]))))


def _network(ip: str) -> None:
    commands = f"""\
link set lo up
address add {ip}/32 dev eth0
link set eth0 up
route add {GATEWAY} dev eth0 scope link
route add default via {GATEWAY}
neighbour add {GATEWAY} lladdr {GATEWAY_MAC} dev eth0 nud permanent
"""
    subprocess.run(["ip", "-batch", "-"], input=commands, text=True, check=True)


async def _serve(mine: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=mine, limit=messages.LONGEST)
    pod = _Pod()
    while text := await reader.readline():
        asked = messages.value(text)
        try:
            answer = {"answer": await pod.does[asked.pop("do")](**asked)}
        except Exception as error:  # the lab raises it; the pod goes on
            answer = {"error": f"{type(error).__name__}: {error}"}
        writer.write(messages.line(answer))
        await writer.drain()


class _Pod:
    """What a pod can be asked. Arguments and answers are JSON values."""

    def __init__(self) -> None:
        self._listening: list[object] = []
        self._started: dict[str, subprocess.Popen[bytes]] = {}
        self.does: dict[str, Callable[..., Awaitable[object]]] = {
            "listen": self._listen,
            "connect": self._connect,
            "listeners": self._listeners,
            "start": self._start,
            "look": self._look,
            "run": self._run,
            "write": self._write,
            "fetch": self._fetch,
        }

    async def _listen(self, tcp: list[int], udp: list[int]) -> int:
        loop = asyncio.get_running_loop()
        for port in tcp:
            self._listening.append(await asyncio.start_server(_closing, "0.0.0.0", port, backlog=1024))
        for port in udp:
            self._listening.append(await loop.create_datagram_endpoint(_Echo, ("0.0.0.0", port)))
        return len(self._listening)

    async def _connect(
        self, to: list[tuple[str, str, int]], seconds: float, at_once: int, source: list[int]
    ) -> list[Result]:
        """Try `[protocol, ip, port]` each. Sources of their own per round keep rounds apart in conntrack."""
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{source[0]} {source[1]}")
        gate = asyncio.Semaphore(at_once)
        return list(await asyncio.gather(*(_tried(gate, seconds, *each) for each in to)))

    async def _listeners(self) -> list[int]:
        """TCP ports that others could connect to: those of loopback are nobody's but the pod's."""
        return sorted({port for table in ("tcp", "tcp6") for port in _listening_in(Path(f"/proc/net/{table}"))})

    async def _start(self, name: str, words: list[str], env: dict[str, str]) -> int:
        with (_LOGS / name).open("wb") as log:
            self._started[name] = subprocess.Popen(
                words, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        return self._started[name].pid

    async def _look(self, name: str) -> Json:
        """The exit code of what was started (None while it runs) and the end of what it said."""
        code = self._started[name].poll()
        return {"code": code, "output": (_LOGS / name).read_text(errors="replace")[-20_000:]}

    async def _run(self, words: list[str], env: dict[str, str], seconds: float) -> Json:
        done = await asyncio.create_subprocess_exec(
            *words,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(done.communicate(), seconds)
        except TimeoutError:
            done.kill()
            return {"code": None, "output": f"killed after {seconds:g} s"}
        return {"code": done.returncode, "output": output.decode(errors="replace")[-20_000:]}

    async def _write(self, path: str, text: str) -> int:
        return Path(path).write_text(text)

    async def _fetch(self, url: str, seconds: float) -> str | None:
        """What a web server says, None unless it does."""
        try:
            return await asyncio.to_thread(lambda: urlopen(url, timeout=seconds).read().decode())
        except OSError:
            return None


class _Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11 does not derive its datagram transports from DatagramTransport.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        self._transport.sendto(data, addr)


async def _closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _tried(gate: asyncio.Semaphore, seconds: float, protocol: str, ip: str, port: int) -> Result:
    async with gate:
        try:
            await (_datagram if protocol == "UDP" else _stream)(ip, port, seconds)
        except ConnectionRefusedError:
            return Result.REFUSED
        except TimeoutError:
            return Result.SILENT
        return Result.OPEN


async def _stream(ip: str, port: int, seconds: float) -> None:
    with socket.socket() as own:
        own.setblocking(False)
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(own, (ip, port)), seconds)


async def _datagram(ip: str, port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(type=socket.SOCK_DGRAM) as own:
        own.setblocking(False)
        await loop.sock_connect(own, (ip, port))
        for _ in range(2):  # datagrams may be lost
            await loop.sock_sendall(own, b"?")
            try:
                await asyncio.wait_for(loop.sock_recv(own, 1), seconds / 2)
            except TimeoutError:
                continue
            return
    raise TimeoutError


def _listening_in(table: Path) -> list[int]:
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    sockets = [row[1].split(":") for row in rows if row[3] == "0A"]
    return [int(port, 16) for address, port in sockets if not _is_loopback(address)]


def _is_loopback(address: str) -> bool:
    # As the kernel prints it: words of four bytes, each of them reversed; ::1 and ::ffff:127.0.0.1 count as well.
    is_v4 = len(address) == 8 or address.startswith("0000000000000000FFFF0000")
    return address[-2:] == "7F" if is_v4 else address == "00000000000000000000000001000000"


if __name__ == "__main__":
    main()
