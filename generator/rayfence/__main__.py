"""`python -m rayfence` is `rayfence`."""

from rayfence.cli import main

if __name__ == "__main__":
    main()
