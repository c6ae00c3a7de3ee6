"""`rayfence check`: would these manifests be admitted, and if not, every reason why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from rayfence.backends import BACKENDS
from rayfence.cli import console, manifests
from rayfence.cli.exits import NO, WRONG_INPUT, Undecided
from rayfence.cli.options import OneOf, configuration, engine, format_option, jobs_option, output_option, tenants_option
from rayfence.config import Config
from rayfence.evaluate import Judge
from rayfence.outcome import Result, Verdict
from rayfence.report import CheckFormat, check_report
from rayfence.report.check_text import summary_of
from rayfence.rules import RULES
from rayfence.workload import Request
from rayfence.yamlio import Document, Problem

PYTHON = "python"


@click.command("check")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@tenants_option
@click.option(
    "--engine",
    "judge",
    type=OneOf((PYTHON, *BACKENDS)),
    default=PYTHON,
    show_default=True,
    help="Who decides: rayfence itself, at once, or the real engine with the policies of that kind.",
)
@click.option(
    "--namespace", "-n", metavar="NAMESPACE", default="", help="For objects that name none, as with kubectl -n."
)
@click.option(
    "--as",
    "username",
    metavar="USER",
    default="",
    help="Who would create the objects, such as system:serviceaccount:kuberay-operator:kuberay-operator.",
)
@format_option([each.value for each in CheckFormat])
@output_option
@jobs_option
def command(
    paths: tuple[str, ...],
    folders: tuple[Path, ...],
    judge: str,
    namespace: str,
    username: str,
    format: str,
    output: Path | None,
    jobs: int,
) -> None:
    """Would these manifests be admitted? If not: every broken rule with its file, line and allowed value.

    PATH is a file, a folder (its *.yaml, *.yml and *.json, at any depth), or - for stdin.

    \b
    Examples:
      rayfence check cluster.yaml
      rayfence check manifests/ --format github
      helm template ray kuberay/ray-cluster | rayfence check -n ray-team-a -

    \b
    Exit codes:
      0  every object would be admitted
      1  at least one would be denied
      2  at least one cannot be read, or the tenant config is wrong
      3  the engine is missing or does not answer
    """
    config = configuration(folders, "nothing was checked")
    documents = manifests.documents(manifests.files(paths))
    if judge == PYTHON:
        results = list(_judged(Judge(config, Request(username)), documents, namespace))
    else:
        results = _by_engine(config, list(documents), judge, namespace, username, jobs)
    if not results:
        raise manifests.nothing_in(paths)
    _report(results, CheckFormat(format), output)
    raise click.exceptions.Exit(exit_code(results))


def exit_code(results: Sequence[Result]) -> int:
    """One object without a verdict weighs more than any that is denied."""
    verdicts = {result.verdict for result in results}
    return WRONG_INPUT if Verdict.ERROR in verdicts else NO if Verdict.DENY in verdicts else 0


def _judged(judge: Judge, documents: Iterable[Document | Problem], namespace: str) -> Iterator[Result]:
    for document in documents:
        if isinstance(document, Problem):
            yield manifests.unreadable(document)
        else:
            yield from judge.results([document], namespace)


def _by_engine(
    config: Config,
    documents: Sequence[Document | Problem],
    backend: str,
    namespace: str,
    username: str,
    jobs: int,
) -> list[Result]:
    # Imported here, for they take longer than to check a file.
    from rayfence import suite
    from rayfence.kyverno import EngineError

    readable = [each for each in documents if isinstance(each, Document)]
    results = [manifests.unreadable(each) for each in documents if isinstance(each, Problem)]
    if readable:
        asked = Request(username)
        try:
            results += suite.check(
                config,
                readable,
                backend,
                engine(suite.tool_of(backend)).path,
                namespace=namespace,
                request=asked,
                jobs=jobs,
            )
        except EngineError as error:
            raise Undecided(f"error: {error}") from None
    order = {file: number for number, file in enumerate(dict.fromkeys(document.file for document in documents))}
    return sorted(results, key=lambda result: (order[result.file], result.line))


def _report(results: Sequence[Result], format: CheckFormat, output: Path | None) -> None:
    colour = output is None and console.colourful()
    text = check_report(results, format, rules={rule.ID: rule.WHY for rule in RULES}, colour=colour)
    console.deliver(text, output, summary_of(results), for_people=format is CheckFormat.TEXT)
