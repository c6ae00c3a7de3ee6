"""`rayfence doctor`: what in a cluster weakens the fences, and what mends it."""

from __future__ import annotations

from pathlib import Path

import click

from rayfence.cli import console
from rayfence.cli.exits import NO, Undecided
from rayfence.cli.options import cluster_options, configuration, format_option, output_option, tenants_option
from rayfence.cli.sources import Connection, source
from rayfence.doctor import examine
from rayfence.objects import Unanswered
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
    """What in a cluster weakens the fences, and what mends it.

    Looks at Kyverno (version, rights, webhooks, exceptions, what it is told to leave out), at the policies that are
    there against those of the bundle, at KubeRay, the network plugin, your tenants' namespaces and nodes, and at who
    may write the status of Ray objects. Nothing is changed. Whether objects keep to the rules is what `rayfence audit`
    says.

    Without PATH the cluster is asked that kubectl would ask. PATH is what kubectl get -o yaml has saved of one; of a
    kind that was not saved there is nothing, as docs/cluster.md says more closely.

    \b
    Examples:
      rayfence doctor
      rayfence doctor --context prod --format json

    \b
    Exit codes:
      0  the cluster is healthy
      1  there are findings
      2  a file or the tenant config is wrong
      3  the cluster does not answer, or not to you
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
