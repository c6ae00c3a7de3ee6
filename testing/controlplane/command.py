"""Starts a control plane to look at by hand: `python testing/controlplane`; `--build` only builds its programs."""

from __future__ import annotations

import sys
import time

from controlplane import plane, programs
from rayfence.gotool import ToolMissing

BUILDS = {"--build": programs.ALL, "--build-servers": programs.SERVERS, "--build-kyverno": programs.WITH_KYVERNO}
USAGE = f"usage: python testing/controlplane [{' | '.join(BUILDS)}]"


def main(*words: str) -> int:
    """Build, or run until an interrupt. 3 where a program is missing."""
    if len(words) > 1 or not BUILDS.keys() >= set(words):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        if words:
            programs.obtain(say, BUILDS[words[0]])
        else:
            look()
    except ToolMissing as missing:
        say(str(missing))
        return 3
    return 0


def look() -> None:
    """Run, and say how to get at it."""
    with plane.running(say) as running:
        assert running.servers
        say(f"up; logs are in {running.servers.logs}; interrupt to end it")
        say(f"export KUBECONFIG={running.servers.kubeconfig}")
        try:
            while True:
                time.sleep(60)
        except KeyboardInterrupt:
            say("ending")


def say(text: str) -> None:
    """Tell the developer at once."""
    print(f"controlplane: {text}", flush=True)
