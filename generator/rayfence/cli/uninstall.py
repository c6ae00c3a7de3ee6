"""`rayfence uninstall`: everything that rayfence has put on a cluster off it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from rayfence import installation
from rayfence.cli import console
from rayfence.cli.exits import Undecided, WrongInput
from rayfence.cli.options import cluster_options
from rayfence.cli.sources import Connection, live
from rayfence.installation import Key
from rayfence.objects import Unanswered


@click.command("uninstall")
@cluster_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def command(kubeconfig: str | None, context: str | None, yes: bool) -> None:
    """Take the policies, roles and network layer that rayfence has installed off a cluster.

    Everything that carries the label app.kubernetes.io/managed-by=rayfence and is of a kind, and of a name, that
    rayfence writes. Policies go first and the closed network layer last. Namespaces, nodes' labels and taints, and
    whatever your tenants run stay as they are.

    \b
    Examples:
      rayfence uninstall
      rayfence uninstall --context test --yes

    \b
    Exit codes:
      0  it is gone, or was not there
      2  you were not asked, for there is no terminal, and did not say --yes
      3  the cluster does not answer, or not to you
    """
    target = live(Connection(kubeconfig, context))
    try:
        found = installation.ours(target)
        if not found:
            console.answer("there is nothing of rayfence's in this cluster")
            return
        _ask(found, yes)
        with console.activity(quiet=True) as progress:
            removed = installation.uninstall(target, progress)
    except Unanswered as error:
        raise Undecided(f"error: {error}") from None
    console.answer(f"removed: {_counted(removed.objects)}")
    console.answer("left: namespaces, labels and taints of nodes, and everything that tenants have made")
    if removed.left:
        console.answer(f"left as well, for Kyverno to remove with its policy: {len(removed.left)} NetworkPolicies")


def _ask(found: Sequence[Key], yes: bool) -> None:
    console.say(f"this takes away: {_counted(found)}; after it, nothing keeps tenants apart")
    if yes:
        return
    if not console.answerable():
        raise WrongInput("error: nobody can be asked here; say --yes to go on, nothing was removed")
    click.confirm("Go on?", abort=True, err=True)


def _counted(keys: Sequence[Key]) -> str:
    counts = Counter(resource.kind for resource, _, _ in keys)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing"
