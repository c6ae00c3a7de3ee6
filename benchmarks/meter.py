"""Runs one command; prints its CPU seconds, wall seconds, peak memory as the system counts it, and exit code.

A program of its own, started as a bare interpreter: Linux counts into a program's peak what the program that started it
held at that moment, so the starter has to be smaller than anything that is measured. Imports nothing but the built-in.
"""

import os
import sys
import time

WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def main(stdout: str, stderr: str, *command: str) -> None:
    """The command's output goes into these two files; CPU and peak are over it and all programs it waited for."""
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout, WRITE, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, stderr, WRITE, 0o600),
    ]
    start = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=streams)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - start
    print(used.ru_utime + used.ru_stime, wall, used.ru_maxrss, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
