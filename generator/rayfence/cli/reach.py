"""`rayfence reach` shows who can connect to whom, and proves that Ray can run and that nothing else is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from rayfence.cli import console, manifests
from rayfence.cli.exits import NO, WrongInput, refusal
from rayfence.cli.options import OneOf, configuration, format_option, output_option, tenants_option
from rayfence.model.config import Config
from rayfence.reach.analysis import Question, UnknownEndpoint, analyze, answer
from rayfence.reach.input import Input, read_input
from rayfence.reach.scenario import Scenario, namespace_of, scenario
from rayfence.report import ReachFormat, decision_report, reach_report
from rayfence.report.reach_text import summary_of

NOTHING = "nothing was proved"
SUMMARY, FULL = "summary", "full"


@click.command("reach")
@click.argument("paths", metavar="[PATH...]", nargs=-1)
@tenants_option
@click.option(
    "--policies",
    multiple=True,
    metavar="PATH",
    help="NetworkPolicies to check instead of those that rayfence writes: a file or folder. Repeatable.",
)
@click.option(
    "--namespace", "-n", metavar="NAMESPACE", default="", help="Namespace of objects that name none, as in kubectl -n."
)
@click.option(
    "--from",
    "source",
    metavar="NAMESPACE/POD",
    default="",
    help="Ask about one connection from this source, a pod or an IP.",
)
@click.option("--to", "target", metavar="NAMESPACE/POD", default="", help="With --from: destination, a pod or an IP.")
@click.option("--port", metavar="N", type=click.IntRange(1, 65535), help="With --from: destination port.")
@click.option(
    "--protocol", type=OneOf(("TCP", "UDP", "SCTP")), default="TCP", show_default=True, help="With --from: protocol."
)
@click.option(
    "--summary",
    "amount",
    flag_value=SUMMARY,
    help="Text without tables, short for any number of tenants. The default if stdout is not a terminal.",
)
@click.option("--full", "amount", flag_value=FULL, help="Text with tables, also if stdout is not a terminal.")
@click.option("--strict", is_flag=True, help="Also exit 1 if a tenant's own settings leave it not isolated.")
@format_option([each.value for each in ReachFormat])
@output_option
def command(
    paths: tuple[str, ...],
    folders: tuple[Path, ...],
    policies: tuple[str, ...],
    namespace: str,
    source: str,
    target: str,
    port: int | None,
    protocol: str,
    amount: str | None,
    strict: bool,
    format: str,
    output: Path | None,
) -> None:
    """Show who can connect to whom, and by which rule of which NetworkPolicy.

    Three proofs are part of the report: Ray can run (runs), nothing else is open (isolated), and no rule is superfluous
    (minimal).

    PATH is a file, a folder or - for stdin. It holds Ray objects to examine, and NetworkPolicies to add to those that
    rayfence writes. If it holds no Ray objects, rayfence uses samples in every tenant namespace: a RayCluster, and
    RayJobs with different submitters.

    \b
    Examples:
      rayfence reach
      rayfence reach cluster.yaml --format html --output reach.html
      rayfence reach --from ray-team-a/notebook --to ray-team-b/sample-head --port 8265
      rayfence reach cluster.yaml --policies hand-written.yaml
      rayfence reach --summary --strict

    \b
    Exit codes:
      0  all proofs hold; with --from: the connection is allowed
      1  a proof fails; with --from: the connection is not allowed; with --strict: a tenant is not isolated
      2  a file cannot be read, or the tenant config is wrong
    """
    question = _question(source, target, port, protocol, ReachFormat(format))
    if amount and (question or format != ReachFormat.TEXT):
        raise click.UsageError(f"--{amount} is for the proofs as text; leave it out")
    if strict and question:
        raise click.UsageError("--strict is for the proofs; leave it out")
    config = configuration(folders, NOTHING)
    asked = _scenario(config, _input(paths, namespace), _policies(policies, namespace))
    if question:
        _answer(asked, question, ReachFormat(format), output)
    else:
        brief = amount == SUMMARY or (amount is None and output is None and not console.is_read())
        _prove(asked, ReachFormat(format), output, brief=brief, strict=strict)


def _question(source: str, target: str, port: int | None, protocol: str, format: ReachFormat) -> Question | None:
    parts = {"--from": source, "--to": target, "--port": port}
    missing = [name for name, part in parts.items() if not part]
    if len(missing) == len(parts):
        return None
    if missing or not port:
        raise click.UsageError(f"one question has three parts; add {' and '.join(missing)}")
    if format not in (ReachFormat.TEXT, ReachFormat.JSON):
        raise click.UsageError(f"one question is not answered by {format}; write --format text or --format json")
    return Question(source, target, port, protocol)


def _input(paths: Sequence[str], namespace: str) -> Input:
    if not paths:
        return Input()
    found = read_input(manifests.documents(manifests.files(paths)), namespace)
    if found.problems:
        raise refusal(found.problems, NOTHING)
    if not found.objects and not found.policies:
        raise WrongInput(f"error: {', '.join(paths)}: no Ray object and no NetworkPolicy; name a file with one in it")
    return found


def _policies(paths: Sequence[str], namespace: str) -> Input | None:
    found = _input(paths, namespace) if paths else None
    if found and not found.policies:
        raise WrongInput(f"error: {', '.join(paths)}: no NetworkPolicy; name a file with one in it")
    return found


def _scenario(config: Config, beside: Input, instead: Input | None) -> Scenario:
    owners = config.by_namespace()
    for each in beside.objects:
        space = namespace_of(each)
        if space not in owners:
            console.say(
                f"warning: {each['kind']} {space}/{each['metadata']['name']} is left out: no tenant has {space}"
            )
    objects = [each for each in beside.objects if namespace_of(each) in owners]
    if beside.objects and not objects:
        raise WrongInput(f"error: no Ray object is in a tenant's namespace; {NOTHING}")
    policies = instead.policies if instead else None
    return scenario(config, objects or None, more=beside.policies, instead=policies)


def _prove(asked: Scenario, format: ReachFormat, output: Path | None, *, brief: bool, strict: bool) -> None:
    with console.bar("tenants") as progress:
        findings = analyze(asked, progress)
    colour = output is None and console.colourful()
    text = reach_report(findings, format, brief=brief, colour=colour, width=console.width())
    console.deliver(text, output, summary_of(findings), for_people=format is ReachFormat.TEXT)
    if not findings.holds or (strict and findings.not_isolated):
        raise click.exceptions.Exit(NO)


def _answer(asked: Scenario, question: Question, format: ReachFormat, output: Path | None) -> None:
    try:
        decision = answer(asked, question)
    except UnknownEndpoint as unknown:
        raise WrongInput(f"error: {unknown}") from None
    text = decision_report(decision, format)
    summary = "allowed" if decision.allowed else "not allowed"
    console.deliver(text, output, summary, for_people=format is ReachFormat.TEXT)
    if not decision.allowed:
        raise click.exceptions.Exit(NO)
