"""`rayfence install`: the policies and the network layer onto a cluster, new before old, or what that would change."""

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
from rayfence.installation import Clock, NotReady, Offboarding, Refused, Target, Wanted
from rayfence.objects import Unanswered


@click.command("install")
@tenants_option
@click.option(
    "--backend",
    type=OneOf(BACKENDS),
    default=DEFAULT,
    show_default=True,
    help="Which kind of policy; those of another kind are taken away once these decide.",
)
@cluster_options
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would be.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for each policy.",
)
def command(
    folders: tuple[Path, ...],
    backend: str,
    kubeconfig: str | None,
    context: str | None,
    dry_run: bool,
    timeout: float,
) -> None:
    """Put the policies of your tenants on a cluster, and wait until each of them decides.

    First the closed network layer of each namespace, then the rights that Kyverno needs, the policies, and what
    generates. Only then what an earlier install left, and this one does not want, is taken away: at no moment is a
    tenant less protected than before. A namespace that no tenant has any more stays closed while pods or Ray objects
    are there. An install that was interrupted is simply run again.

    \b
    Examples:
      rayfence install --dry-run          what would change?
      rayfence install --context prod
      rayfence install --backend validatingadmissionpolicy

    \b
    Exit codes:
      0  everything is there and decides; with --dry-run: it was there already
      1  the cluster refused something, or a policy does not get ready; with --dry-run: something would change
      2  the tenant config is wrong
      3  the cluster does not answer, or lacks what has to be there first
    """
    config = configuration(folders, "nothing was installed")
    parts = installation.wanted(config, backend)
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


def _install(target: Target, parts: Wanted, timeout: float) -> None:
    try:
        with console.activity(quiet=True) as progress:
            installed = installation.install(target, parts, progress, Clock(timeout))
    except (NotReady, Refused) as error:
        console.say(f"error: {error}\nwhat was there before still is; mend it and run rayfence install again")
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
            "install again once they are gone"
        )
    for namespace in found.empty:
        yield f"{namespace} is retired, and nothing runs there any more: take it out of spec.retired"


def _counted(parts: Wanted) -> str:
    policies = [*parts.templates, *parts.judges, *parts.generators]
    counts: Sequence[tuple[int, str]] = (
        (len(policies), "policy objects, all of them ready"),
        (len(parts.layer), "objects in tenants' namespaces"),
        (len(parts.roles), "roles"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts)


def _show(target: Target, parts: Wanted) -> int:
    """Tell every change; how many there are."""
    changes = 0
    with console.activity(quiet=True) as progress:
        for change in installation.dry_run(target, parts, progress):
            changes += 1
            refusal = f"\n    refused as things stand: {change.refusal}" if change.refusal else ""
            console.answer(f"{change.what} {change.name}{refusal}" + f"\n{change.diff}".rstrip("\n"))
    console.answer(f"{changes} changes; nothing was changed" if changes else "nothing would change")
    return changes
