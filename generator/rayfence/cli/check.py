"""`rayfence check` says whether manifests would be admitted, and lists every violation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click

from rayfence.admission.evaluate import Evaluator, Part, parts
from rayfence.backends import BACKENDS
from rayfence.cli import console, manifests
from rayfence.cli.asking import CONSEQUENCE, asked, asking
from rayfence.cli.exits import NO, UNDECIDED, WRONG_INPUT, Undecided
from rayfence.cli.options import OneOf, configuration, engine, format_option, jobs_option, output_option, tenants_option
from rayfence.model.config import Config
from rayfence.model.outcome import Result, Verdict
from rayfence.model.subjects import CREATE, DELETE, UPDATE
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
    type=OneOf(BACKENDS, PYTHON),
    default=PYTHON,
    show_default=True,
    help="What decides: rayfence itself (python, fast), or the real policy engine with policies of that kind.",
)
@click.option(
    "--namespace", "-n", metavar="NAMESPACE", default="", help="Namespace of objects that name none, as in kubectl -n."
)
@click.option(
    "--as",
    "username",
    metavar="USER",
    default="",
    help="User who sends the request, such as system:serviceaccount:kuberay-operator:kuberay-operator. Ignored for the "
    "pods of Deployments and other workloads.",
)
@click.option(
    "--operation",
    type=OneOf((CREATE, UPDATE, DELETE)),
    show_default="CREATE, with --old UPDATE",
    help="Operation of the request.",
)
@click.option(
    "--old",
    metavar="FILE",
    help="File with the objects before an update, matched by kind, namespace and name; - for stdin.",
)
@click.option(
    "--exclude",
    "globs",
    multiple=True,
    metavar="GLOB",
    help="Files and folders to leave out, such as 'charts/*/templates'. Repeatable.",
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
    operation: str | None,
    old: str | None,
    globs: tuple[str, ...],
    format: str,
    output: Path | None,
    jobs: int,
) -> None:
    """Check whether manifests would be admitted. Each violation is printed with its file, line and allowed value.

    PATH is a file, a folder (its *.yaml, *.yml and *.json files, at any depth), or - for stdin.

    The pod templates of Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, Jobs and CronJobs
    are checked as the pods that they create. Some objects have no rules: other kinds, and pods, Services and similar
    objects outside tenants' namespaces. These are counted as `not judged`, never as admitted.

    \b
    Examples:
      rayfence check cluster.yaml
      rayfence check manifests/ --exclude charts --format github
      rayfence check after.yaml --old before.yaml
      helm template ray kuberay/ray-cluster | rayfence check -n ray-team-a -

    \b
    Exit codes:
      0  at least one object was checked, and every object that was checked would be admitted
      1  at least one object would be denied
      2  an object cannot be read or has an unknown ray.io kind or version, or the tenant config is wrong
      3  no object has rules, or the engine is missing or does not answer
    """
    config = configuration(folders, CONSEQUENCE)
    options = asked(username, operation, old, namespace)
    documents: Iterable[Document | Problem] = manifests.documents(manifests.files(paths, globs))
    if options.operation != CREATE:
        documents = list(documents)
    request_of = asking(options, documents)
    if judge == PYTHON:
        results = list(_judged(Evaluator(config), documents, request_of, namespace))
    else:
        results = _by_engine(config, list(documents), judge, request_of, namespace, jobs)
    if not results:
        raise manifests.nothing_in(paths)
    _report(results, CheckFormat(format), output)
    raise click.exceptions.Exit(exit_code(results))


def exit_code(results: Sequence[Result]) -> int:
    """The exit code: an unreadable object takes precedence over a denied one. Without any checked object it is 3."""
    verdicts = {result.verdict for result in results}
    by_weight = ((Verdict.ERROR, WRONG_INPUT), (Verdict.DENY, NO), (Verdict.ADMIT, 0))
    return next((code for verdict, code in by_weight if verdict in verdicts), UNDECIDED)


def _judged(
    evaluator: Evaluator, documents: Iterable[Document | Problem], request_of: Callable[[Part], Request], namespace: str
) -> Iterator[Result]:
    for document in documents:
        if isinstance(document, Problem):
            yield manifests.unreadable(document)
        else:
            yield from (evaluator.result(part, request_of(part)) for part in parts(document, namespace))


def _by_engine(
    config: Config,
    documents: Sequence[Document | Problem],
    backend: str,
    request_of: Callable[[Part], Request],
    namespace: str,
    jobs: int,
) -> list[Result]:
    # Imported here, for they take longer than to check a file.
    from rayfence import suite
    from rayfence.kyverno import EngineError

    readable = [each for each in documents if isinstance(each, Document)]
    results = [manifests.unreadable(each) for each in documents if isinstance(each, Problem)]
    if readable:
        try:
            results += suite.check(
                config,
                readable,
                backend,
                engine(suite.tool_of(backend)).path,
                namespace=namespace,
                request=request_of,
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
