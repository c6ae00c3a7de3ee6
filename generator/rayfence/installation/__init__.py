"""Installs the bundle on a cluster, and removes it."""

from rayfence.installation.changes import Change, dry_run
from rayfence.installation.desired import DesiredObjects, desired_objects
from rayfence.installation.installing import Clock, Installed, NotReady, Refused, install
from rayfence.installation.offboarding import Offboarding
from rayfence.installation.preflight import obstacles
from rayfence.installation.removing import Key, Removed, ours, uninstall
from rayfence.installation.target import Target

__all__ = [
    "Change",
    "Clock",
    "DesiredObjects",
    "Installed",
    "Key",
    "NotReady",
    "Offboarding",
    "Refused",
    "Removed",
    "Target",
    "desired_objects",
    "dry_run",
    "install",
    "obstacles",
    "ours",
    "uninstall",
]
