"""A control plane to look at by hand: `python tools/controlplane`; `--build` only sees that its programs are there."""

from __future__ import annotations

import sys
import time
from pathlib import Path

# A folder that is run as a program sees only what is in it, not itself as a package.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from controlplane import plane, programs
from rayfence.gotool import ToolMissing

USAGE = "usage: python tools/controlplane [--build]"


def main(*words: str) -> int:
    """Build, or run until an interrupt. 3 where a program is missing."""
    if words not in ((), ("--build",)):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        if words:
            programs.obtain(say)
        else:
            look()
    except ToolMissing as missing:
        say(str(missing))
        return 3
    return 0


def look() -> None:
    """Run, and say how to get at it."""
    with plane.running(say) as running:
        say(f"up; logs are in {running.logs}; interrupt to end it\nexport KUBECONFIG={running.servers.kubeconfig}")
        try:
            while True:
                time.sleep(60)
        except KeyboardInterrupt:
            say("ending")


def say(text: str) -> None:
    """Tell the developer at once."""
    print(f"controlplane: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
