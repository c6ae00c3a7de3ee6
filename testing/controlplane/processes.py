"""Programs that run beside this one: each with its log, each ended by its own id, none left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from controlplane.certificates import LOOPBACK

SECONDS_TO_END = 20
SHOWN_LINES = 25
# However this program ends, killed or not, none of its own is left behind. Start them from the main thread: the
# kernel asks for the thread.
_DIE_WITH_ME = ("setpriv", "--pdeathsig", "KILL")

T = TypeVar("T")


class NotUp(Exception):
    """Something did not come to be in time; the message ends with what the log said last."""


class Process:
    """One program. Its output goes to `<name>.log`, a new start goes on in the same file."""

    def __init__(
        self, name: str, command: Sequence[str | Path], logs: Path, environment: Mapping[str, str] = {}
    ) -> None:
        self.name, self.log = name, logs / f"{name}.log"
        self._command, self._environment = [*_DIE_WITH_ME, *(str(word) for word in command)], environment
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it unless it runs, in a group of its own, so that an interrupt at the terminal is not for it."""
        if self.pid is not None:
            return
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                env={"PATH": os.defpath, "HOME": str(self.log.parent), **self._environment},
                cwd=self.log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it by its id and wait for that; does nothing where it does not run."""
        running, self._running = self._running, None
        if running is None or running.poll() is not None:
            return
        running.send_signal(how)
        try:
            running.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(SECONDS_TO_END)

    @property
    def pid(self) -> int | None:
        """Its id while it runs."""
        return self._running.pid if self._running and self._running.poll() is None else None

    def tail(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(line[:400] for line in lines[-SHOWN_LINES:])

    def wait(self, what: str, is_up: Callable[[], bool], seconds: float) -> None:
        """Wait until `is_up`. Raises NotUp, with the end of the log, when it ends before or takes longer."""
        started = time.monotonic()
        while not is_up():
            if self.pid is None or time.monotonic() - started > seconds:
                state = "ended" if self.pid is None else f"is not there after {seconds:.0f} s"
                raise NotUp(f"{self.name}: {what} {state}; {self.log} ends with\n{self.tail()}")
            time.sleep(0.1)


def until(what: str, found: Callable[[], T | None], seconds: float, every: float = 0.2) -> T:
    """What `found` returns as soon as it is something. Raises NotUp."""
    started = time.monotonic()
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() - started > seconds:
            raise NotUp(f"{what}: not after {seconds:.0f} s")
        time.sleep(every)


def free_port() -> int:
    """A port on loopback that nobody has at the moment."""
    with socket.socket() as asked:
        asked.bind((LOOPBACK, 0))
        return int(asked.getsockname()[1])


def answers(port: int) -> bool:
    """Whether anybody listens there."""
    with socket.socket() as asked:
        asked.settimeout(1)
        return asked.connect_ex((LOOPBACK, port)) == 0
