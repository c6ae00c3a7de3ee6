"""A cluster of kind's, where there is Docker: made for a while, and deleted however that ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.processes import NotUp
from rayfence.gotool import ToolMissing

WAIT = "180s"


@contextmanager
def cluster(progress: Callable[[str], None]) -> Iterator[Path]:
    """The administrator's kubeconfig of a new cluster as long as the block runs. Raises ToolMissing, NotUp."""
    program = shutil.which("kind")
    if program is None:
        raise ToolMissing("kind is not on PATH; install it, or name a cluster in RAYFENCE_E2E_KUBECONFIG")
    name = f"rayfence-e2e-{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="rayfence-kind-") as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        here = ("--name", name, "--kubeconfig", str(kubeconfig))
        try:
            progress(f"kind makes the cluster {name}")
            _run(program, "create", "cluster", *here, "--wait", WAIT)
            yield kubeconfig
        finally:
            progress(f"kind deletes the cluster {name}")
            _run(program, "delete", "cluster", *here)


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotUp(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stderr.strip()}")
