"""`python benchmarks`: the one command that measures everything; see README.md beside this file."""

import sys
from importlib import import_module
from pathlib import Path

# A folder that is run as a program sees only what is in it, not itself as a package.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

if __name__ == "__main__":
    import_module("benchmarks.command").main()
