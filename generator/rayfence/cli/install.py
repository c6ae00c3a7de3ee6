"""`rayfence install` puts the policies and the network layer on a cluster, or shows what that would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from rayfence import installation
from rayfence.backends import BACKENDS, DEFAULT
from rayfence.cli import console
from rayfence.cli.exits import NO, Undecided
from rayfence.cli.options import OneOf, cluster_options, configuration, tenants_option
from rayfence.cli.sources import Connection, live
from rayfence.cluster.objects import Unanswered
from rayfence.installation import Clock, DesiredObjects, NotReady, Offboarding, Refused, Target


@click.command("install")
@tenants_option
@click.option(
    "--backend",
    type=OneOf(BACKENDS),
    default=DEFAULT,
    show_default=True,
    help="Kind of policy. Policies of another kind are removed once these are in force.",
)
@cluster_options
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would change.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for each policy to be in force.",
)
def command(
    folders: tuple[Path, ...],
    backend: str,
    kubeconfig: str | None,
    context: str | None,
    dry_run: bool,
    timeout: float,
) -> None:
    """Install the policies for your tenants on a cluster, and wait until each of them is in force.

    The order is: the default-deny NetworkPolicies and quotas of each namespace, the roles that Kyverno needs, the
    validating policies, the generating policies. Only then does rayfence remove what an earlier install left behind, so
    tenants stay protected throughout. A namespace that no tenant has any more stays isolated while pods or Ray objects
    are in it.

    If an install is interrupted, run it again.

    \b
    Examples:
      rayfence install --dry-run          show what would change
      rayfence install --context prod
      rayfence install --backend validatingadmissionpolicy

    \b
    Exit codes:
      0  everything is installed and in force; with --dry-run: nothing would change
      1  the cluster refused an object, or a policy does not become ready; with --dry-run: something would change
      2  the tenant config is wrong
      3  the cluster does not answer, or lacks a prerequisite
    """
    config = configuration(folders, "nothing was installed")
    parts = installation.desired_objects(config, backend)
    target = live(Connection(kubeconfig, context))
    try:
        if dry_run:
            changes = _show(target, parts)
        if obstacles := installation.obstacles(config, parts, target):
            raise Undecided("\n".join([*(f"error: {each}" for each in obstacles), _nothing(dry_run)]))
        if dry_run:
            raise click.exceptions.Exit(NO if changes else 0)
        _install(target, parts, timeout)
    except Unanswered as error:
        raise Undecided(f"error: {error}") from None


def _nothing(dry_run: bool) -> str:
    return "nothing would be installed" if dry_run else "nothing was installed"


def _install(target: Target, parts: DesiredObjects, timeout: float) -> None:
    try:
        with console.activity(quiet=True) as progress:
            installed = installation.install(target, parts, progress, Clock(timeout))
    except (NotReady, Refused) as error:
        console.say(
            f"error: {error}\nwhat was installed before is still there; fix this and run rayfence install again"
        )
        raise click.exceptions.Exit(NO) from None
    for resource, namespace, name in installed.removed:
        console.answer(
            f"removed {resource.kind} {namespace}/{name}" if namespace else f"removed {resource.kind} {name}"
        )
    for sentence in _offboarding(installed.offboarding):
        console.answer(sentence)
    console.answer(f"{parts.backend} is installed: {_counted(parts)}; {len(installed.removed)} removed")


def _offboarding(found: Offboarding) -> Iterator[str]:
    for namespace in found.left:
        yield (
            f"{namespace} stays closed: no tenant has it, and pods or Ray objects are still there; run rayfence "
            "install again when they are gone"
        )
    for namespace in found.empty:
        yield f"{namespace} is retired, and nothing runs there any more: remove it from spec.retired"


def _counted(parts: DesiredObjects) -> str:
    policies = [*parts.templates, *parts.judges, *parts.generators]
    counts: Sequence[tuple[int, str]] = (
        (len(policies), "policy objects, all of them ready"),
        (len(parts.layer), "objects in tenants' namespaces"),
        (len(parts.roles), "roles"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts)


def _show(target: Target, parts: DesiredObjects) -> int:
    """Print every change, and return their number."""
    changes = 0
    with console.activity(quiet=True) as progress:
        for change in installation.dry_run(target, parts, progress):
            changes += 1
            refusal = f"\n    would be refused now: {change.refusal}" if change.refusal else ""
            console.answer(f"{change.what} {change.name}{refusal}" + f"\n{change.diff}".rstrip("\n"))
    console.answer(f"{changes} changes; nothing was changed" if changes else "nothing would change")
    return changes
