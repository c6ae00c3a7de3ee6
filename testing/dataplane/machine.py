"""Whether this machine can run the lab, and how: the command that makes namespaces, or a reason and what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_SPACES = ("--net", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child")
_PROGRAMS = {"nft": "nftables", "ip": "iproute2", "unshare": "util-linux", "mount": "mount"}


class CannotRun(Exception):
    """The lab cannot be had here, so that nothing is decided; says why and what to do."""


def namespaces() -> list[str]:
    """The words that start a program as root of new namespaces: in a user namespace, else as the machine's root.

    Raises CannotRun.
    """
    if not sys.platform.startswith("linux"):
        raise CannotRun("network namespaces and nftables are Linux's; run it on Linux, in a virtual machine or in CI")
    _programs()
    tries = [["unshare", "--user", "--map-root-user", *_SPACES]]
    if os.geteuid() == 0:
        tries.append(["unshare", *_SPACES])
    failures = []
    for words in tries:
        failure = _trial(words)
        if failure is None:
            return words
        failures.append(f"`{' '.join(words)}` fails: {failure}")
    raise CannotRun("; ".join([*failures, _advice()]))


def _trial(words: list[str]) -> str | None:
    """Why these namespaces are of no use, None if they are: a link, a rule and a folder of one's own."""
    script = (
        "set -e; ip link add one type veth peer name two; mount -t tmpfs none /mnt; nft add table inet trial;"
        " nft add chain inet trial forward '{ type filter hook forward priority 0; }';"
        " nft add rule inet trial forward ct state established accept; nft list table inet trial"
    )
    try:
        done = subprocess.run(
            [*words, "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False, cwd="/"
        )
    except subprocess.TimeoutExpired:
        return "it did not end in 60 s"
    return None if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"


def _programs() -> None:
    missing = [program for program in _PROGRAMS if not _which(program)]
    if not missing:
        return
    packages = [_PROGRAMS[program] for program in missing]
    if not _installed(packages):
        raise CannotRun(
            f"{' and '.join(missing)} missing; on Debian and Ubuntu: sudo apt-get install {' '.join(packages)}"
        )


def _installed(packages: list[str]) -> bool:
    """Whether these Debian packages could be installed just now: only where one may."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *words], env=env, stdout=sys.stderr, check=False, timeout=300)
    return all(_which(program) for program, package in _PROGRAMS.items() if package in packages)


def _which(program: str) -> str | None:
    # Some users have no sbin on their PATH, where distributions put these.
    return shutil.which(program, path=search_path())


def search_path() -> str:
    """PATH with the folders of system programs."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"


def _advice() -> str:
    return (
        "unprivileged user namespaces are needed, or root; on Ubuntu 24.04: "
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; in a container: run it with --privileged"
    )
