"""`rayfence engines` finds or builds the policy engines, and prints where they are."""

from __future__ import annotations

import click

from rayfence.cli import console
from rayfence.cli.options import engine
from rayfence.gotool import GATOR, KYVERNO


@click.command("engines")
def command() -> None:
    """Find or build the policy engines that `test` needs, and print where they are.

    The engines are the Kyverno CLI and gator, the CLI of OPA Gatekeeper. rayfence looks for each in
    $RAYFENCE_KYVERNO or $RAYFENCE_GATOR, then on PATH, then in its cache. If the pinned version is not found, rayfence
    builds it from Go modules with pinned checksums. This takes some minutes, once.

    \b
    Examples:
      rayfence engines                                  build now, so that `rayfence test` starts at once
      RAYFENCE_KYVERNO=/opt/kyverno rayfence engines    use this Kyverno CLI

    \b
    Exit codes:
      0  all engines are available; stdout has the path, version and source of each
      3  an engine is missing and could not be built; stderr says what to do
    """
    for tool in (KYVERNO, GATOR):
        found = engine(tool)
        took = f", built in {found.seconds:.0f} s" if found.seconds else ""
        console.answer(f"{tool.title} {found.version} ({found.source}{took}): {found.path}")
