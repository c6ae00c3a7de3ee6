"""`python benchmarks/load`: the load on a control plane of its own; see README.md in the folder above."""

import sys
from importlib import import_module
from pathlib import Path

# A folder that is run as a program sees only what is in it, neither itself as a package nor the control plane.
TOP = Path(__file__).resolve().parents[2]
sys.path[:1] = [str(TOP), str(TOP / "testing")]

if __name__ == "__main__":
    import_module("benchmarks.load.command").main()
