"""`rayfence doctor` finds what weakens isolation in a cluster, and says how to fix it."""

from __future__ import annotations

from pathlib import Path

import click

from rayfence.cli import console
from rayfence.cli.exits import NO, Undecided
from rayfence.cli.options import cluster_options, configuration, format_option, output_option, tenants_option
from rayfence.cli.sources import Connection, source
from rayfence.cluster.objects import Unanswered
from rayfence.doctor import examine
from rayfence.report.doctor_text import as_json, as_text, summary


@click.command("doctor")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@tenants_option
@cluster_options
@format_option(["text", "json"])
@output_option
def command(
    paths: tuple[str, ...],
    folders: tuple[Path, ...],
    kubeconfig: str | None,
    context: str | None,
    format: str,
    output: Path | None,
) -> None:
    """Find what weakens isolation in a cluster, and how to fix it.

    The command examines Kyverno (version, permissions, webhooks, exceptions and exclusions), KubeRay, the network
    plugin, and your tenants' namespaces and nodes. It compares the installed policies with the bundle, and lists who
    may write the status of Ray objects. It changes nothing. To check objects against the rules, use `rayfence audit`.

    Without PATH, the command reads the cluster that kubectl would use. PATH is a file saved with kubectl get -o yaml. A
    kind that was not saved counts as absent; docs/cluster.md lists the kinds to save.

    \b
    Examples:
      rayfence doctor
      rayfence doctor --context prod --format json

    \b
    Exit codes:
      0  the cluster is healthy
      1  there are findings
      2  a file or the tenant config is wrong
      3  the cluster does not answer, or you lack the permission to read it
    """
    config = configuration(folders, "nothing was examined")
    objects = source(paths, Connection(kubeconfig, context), "nothing was examined")
    try:
        with console.activity(quiet=True) as progress:
            found = examine(config, objects, progress)
    except Unanswered as error:
        raise Undecided(f"error: {error}") from None
    text = as_json(found) if format == "json" else as_text(found, colour=output is None and console.colourful())
    console.deliver(text, output, summary(found), for_people=format == "text")
    raise click.exceptions.Exit(NO if found.findings else 0)
