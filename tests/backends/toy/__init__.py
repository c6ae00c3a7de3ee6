"""A backend that nobody runs, of a kind that no cluster has. This folder and one line in a table are all there is."""

from rayfence.backends.base import Backend, Needs

from .engine import OFFLINE
from .kinds import TOYS
from .policy import files

BACKEND = Backend(
    "toy", generates=False, manifests=files, kinds=[TOYS], needs=Needs("install the toy engine"), offline=OFFLINE
)
