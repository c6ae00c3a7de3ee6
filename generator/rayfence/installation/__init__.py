"""Config and a cluster in; the bundle on that cluster, or off it, out."""

from rayfence.installation.changes import dry_run
from rayfence.installation.installing import Clock, NotReady, Refused, install
from rayfence.installation.preflight import obstacles
from rayfence.installation.removing import Key, Removed, ours, uninstall
from rayfence.installation.target import Target
from rayfence.installation.wanted import Wanted, wanted

__all__ = [
    "Clock",
    "Key",
    "NotReady",
    "Refused",
    "Removed",
    "Target",
    "Wanted",
    "dry_run",
    "install",
    "obstacles",
    "ours",
    "uninstall",
    "wanted",
]
