"""The job that Ray runs: tasks on both workers, objects from one to the other; holds its processes until told to end.

It runs under the Ray of `ray_install`. Prints HOLDING when it has done its work and DONE when it has done it once more.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

FINISH = Path("/tmp/finish")
BYTES = 3_000_000
_SECONDS = 240


def main() -> None:
    """Work, hold, work."""
    import socket

    import ray  # type: ignore[import-not-found]

    def host() -> str:
        return socket.gethostname()

    class Holder:
        def make(self) -> bytes:
            return b"x" * BYTES

        def size(self, data: bytes) -> int:
            return len(data)

    def on(worker: str, what: Any) -> Any:
        return ray.remote(what).options(num_cpus=0, resources={worker: 0.01})

    ray.init(log_to_driver=False)
    tasks = [on(worker, host).remote() for worker in ("w1", "w2") for _ in range(3)]
    if ray.get(tasks) != ["w1"] * 3 + ["w2"] * 3:
        sys.exit("the tasks did not run where they were to run")
    one, two = (on(worker, Holder).remote() for worker in ("w1", "w2"))
    _move(ray, one, two)
    print("HOLDING", flush=True)
    ends = time.monotonic() + _SECONDS
    while not FINISH.exists() and time.monotonic() < ends:
        time.sleep(0.2)
    _move(ray, two, one)
    print("DONE", flush=True)


def _move(ray: Any, source: Any, target: Any) -> None:
    """An object goes from one actor to the other; the driver never holds it."""
    if ray.get(target.size.remote(source.make.remote())) != BYTES:
        sys.exit("the object did not arrive whole")


if __name__ == "__main__":
    main()
