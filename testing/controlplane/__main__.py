"""`python testing/controlplane`: a control plane to look at by hand; see `command`."""

import sys
from importlib import import_module
from pathlib import Path

# A folder that is run as a program sees only what is in it, not itself as a package.
sys.path[0] = str(Path(__file__).resolve().parents[1])

if __name__ == "__main__":
    sys.exit(import_module("controlplane.command").main(*sys.argv[1:]))
