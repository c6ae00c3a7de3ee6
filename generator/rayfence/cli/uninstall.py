"""`rayfence uninstall` removes everything that rayfence installed on a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from rayfence import installation
from rayfence.cli import console
from rayfence.cli.exits import Undecided, WrongInput
from rayfence.cli.options import cluster_options
from rayfence.cli.sources import Connection, live
from rayfence.cluster.objects import Unanswered
from rayfence.installation import Key


@click.command("uninstall")
@cluster_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
def command(kubeconfig: str | None, context: str | None, yes: bool) -> None:
    """Remove the policies, roles and network layer that rayfence installed on a cluster.

    An object is removed if it has the label app.kubernetes.io/managed-by=rayfence and a kind and name that rayfence
    writes. Policies are removed first, the default-deny NetworkPolicies last. Namespaces, the labels and taints of
    nodes, and everything that your tenants run stay as they are.

    \b
    Examples:
      rayfence uninstall
      rayfence uninstall --context test --yes

    \b
    Exit codes:
      0  everything is removed, or nothing was installed
      2  there is no terminal to ask for confirmation, and --yes is missing
      3  the cluster does not answer, or you lack the permission to read it
    """
    target = live(Connection(kubeconfig, context))
    try:
        found = installation.ours(target)
        if not found:
            console.answer("rayfence has nothing installed in this cluster")
            return
        _ask(found, yes)
        with console.activity(quiet=True) as progress:
            removed = installation.uninstall(target, progress)
    except Unanswered as error:
        raise Undecided(f"error: {error}") from None
    console.answer(f"removed: {_counted(removed.objects)}")
    console.answer("kept: namespaces, labels and taints of nodes, and everything that tenants created")
    if removed.left:
        console.answer(f"also kept, because Kyverno removes them with its policy: {len(removed.left)} NetworkPolicies")


def _ask(found: Sequence[Key], yes: bool) -> None:
    console.say(f"this removes: {_counted(found)}; afterwards, nothing isolates tenants")
    if yes:
        return
    if not console.answerable():
        raise WrongInput("error: there is no terminal to ask for confirmation; add --yes; nothing was removed")
    click.confirm("Go on?", abort=True, err=True)


def _counted(keys: Sequence[Key]) -> str:
    counts = Counter(resource.kind for resource, _, _ in keys)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing"
