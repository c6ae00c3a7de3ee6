"""The Go programs that rayfence rests on, in their pinned versions: found on this machine, or built once and kept."""

from rayfence.gotool.building import ToolMissing
from rayfence.gotool.finding import Found, Source, find
from rayfence.gotool.golang import Progress
from rayfence.gotool.pins import CYCLONUS, GATOR, KUSTOMIZE, KYVERNO, GoTool

__all__ = [
    "CYCLONUS",
    "GATOR",
    "KUSTOMIZE",
    "KYVERNO",
    "Found",
    "GoTool",
    "Progress",
    "Source",
    "ToolMissing",
    "find",
]
