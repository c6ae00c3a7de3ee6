"""`rayfence engines`: see to it that the policy engine is there, and say where."""

from __future__ import annotations

import click

from rayfence.cli import console
from rayfence.cli.options import engine
from rayfence.gotool import GATOR, KYVERNO


@click.command("engines")
def command() -> None:
    """Find or build the policy engine that `test` needs, and say where it is.

    rayfence looks at $RAYFENCE_KYVERNO, then on PATH, then into its cache. If it finds no Kyverno CLI of the pinned
    version it builds one from Go modules whose checksums are pinned too, which takes some minutes, once. The same goes
    for gator, the CLI of OPA Gatekeeper, and $RAYFENCE_GATOR.

    \b
    Examples:
      rayfence engines                                  so that `rayfence test` starts at once
      RAYFENCE_KYVERNO=/opt/kyverno rayfence engines    use this one

    \b
    Exit codes:
      0  they are there; path, version and source of each are on stdout
      3  one is not, and could not be built; what to do is on stderr
    """
    for tool in (KYVERNO, GATOR):
        found = engine(tool)
        took = f", built in {found.seconds:.0f} s" if found.seconds else ""
        console.answer(f"{tool.title} {found.version} ({found.source}{took}): {found.path}")
