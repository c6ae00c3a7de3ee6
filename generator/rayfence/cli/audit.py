"""`rayfence audit` finds objects in a cluster that break a rule, and drift in its network layer."""

from __future__ import annotations

from pathlib import Path

import click

from rayfence.audit import Report, audit
from rayfence.cli import console
from rayfence.cli.exits import NO, WRONG_INPUT, Undecided
from rayfence.cli.options import cluster_options, configuration, format_option, output_option, tenants_option
from rayfence.cli.sources import Connection, source
from rayfence.cluster.objects import Unanswered
from rayfence.report import AuditFormat, audit_report
from rayfence.report.audited import summary
from rayfence.rules import RULES


@click.command("audit")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@tenants_option
@cluster_options
@format_option([each.value for each in AuditFormat])
@output_option
def command(
    paths: tuple[str, ...],
    folders: tuple[Path, ...],
    kubeconfig: str | None,
    context: str | None,
    format: str,
    output: Path | None,
) -> None:
    """Find objects in a cluster that break a rule, and NetworkPolicies that are missing or were changed.

    rayfence checks all Ray objects against the rules, and in your tenants' namespaces also Pods, Services, Ingresses,
    NetworkPolicies and other kinds that the rules cover. It includes objects that are older than the policies or got
    past them. It compares NetworkPolicies named rayfence-* with those that it would write for tenants/. Each finding
    also shows the result in Kyverno's own reports.

    Without PATH, the command reads the cluster that kubectl would use, and changes nothing there. PATH is a file saved
    with kubectl get -o yaml or -o json, a folder of such files, or - for stdin.

    \b
    Examples:
      rayfence audit
      rayfence audit --context prod --format markdown --output audit.md
      kubectl get rayclusters,rayjobs,rayservices,pods,networkpolicies -A -o yaml | rayfence audit -

    \b
    Exit codes:
      0  no findings
      1  an object would be refused, or a NetworkPolicy is missing, was changed or should not exist
      2  a file or the tenant config is wrong
      3  the cluster does not answer, or you lack the permission to read it
    """
    config = configuration(folders, "nothing was audited")
    objects = source(paths, Connection(kubeconfig, context), "nothing was audited")
    try:
        with console.activity(quiet=True) as progress:
            report = audit(config, objects, progress)
    except Unanswered as error:
        raise Undecided(f"error: {error}") from None
    _report(report, AuditFormat(format), output)
    raise click.exceptions.Exit(exit_code(report))


def exit_code(report: Report) -> int:
    """The exit code. An unreadable object takes precedence over a refused one."""
    return WRONG_INPUT if report.unreadable else 0 if report.ok else NO


def _report(report: Report, format: AuditFormat, output: Path | None) -> None:
    colour = output is None and console.colourful()
    text = audit_report(report, format, rules={rule.ID: rule.WHY for rule in RULES}, colour=colour)
    console.deliver(text, output, summary(report), for_people=format is AuditFormat.TEXT)
