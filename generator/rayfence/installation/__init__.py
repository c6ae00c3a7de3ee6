"""Installs the bundle on a cluster, and removes it."""

from rayfence.installation.changes import Change, dry_run
from rayfence.installation.installing import Clock, Installed, NotReady, Refused, install
from rayfence.installation.offboarding import Offboarding
from rayfence.installation.preflight import obstacles
from rayfence.installation.removing import Key, Removed, ours, uninstall
from rayfence.installation.target import Target
from rayfence.installation.wanted import Wanted, wanted

__all__ = [
    "Change",
    "Clock",
    "Installed",
    "Key",
    "NotReady",
    "Offboarding",
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
