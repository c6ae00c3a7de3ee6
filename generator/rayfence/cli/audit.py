"""`rayfence audit`: everything in a cluster that breaks a rule, and what is wrong with its network layer."""

from __future__ import annotations

from pathlib import Path

import click

from rayfence.audit import Report, audit
from rayfence.cli import console
from rayfence.cli.exits import NO, WRONG_INPUT, Undecided
from rayfence.cli.options import cluster_options, configuration, format_option, output_option, tenants_option
from rayfence.cli.sources import Connection, source
from rayfence.objects import Unanswered
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
    """What in a cluster breaks a rule, is missing from the network layer, or was changed there.

    Every Ray object, Pod, Service, Ingress and NetworkPolicy of your tenants' namespaces is held against the rules,
    whether it came before the policies, past them, or was changed since. NetworkPolicies named rayfence-* are compared
    with what tenants/ says. Beside each finding stands what Kyverno's own reports say of the object.

    Without PATH the cluster is asked that kubectl would ask; nothing is changed there. PATH is what kubectl get -o yaml
    or -o json has saved, a folder of it, or - for stdin.

    \b
    Examples:
      rayfence audit
      rayfence audit --context prod --format markdown --output audit.md
      kubectl get rayclusters,rayjobs,rayservices,pods,networkpolicies -A -o yaml | rayfence audit -

    \b
    Exit codes:
      0  nothing is wrong
      1  at least one object would be refused, or a NetworkPolicy is missing, changed or nobody's
      2  a file or the tenant config is wrong
      3  the cluster does not answer, or not to you
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
    """An object without a verdict weighs more than any that is refused."""
    return WRONG_INPUT if report.unreadable else 0 if report.ok else NO


def _report(report: Report, format: AuditFormat, output: Path | None) -> None:
    colour = output is None and console.colourful()
    text = audit_report(report, format, rules={rule.ID: rule.WHY for rule in RULES}, colour=colour)
    console.deliver(text, output, summary(report), for_people=format is AuditFormat.TEXT)
