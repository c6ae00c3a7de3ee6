"""The command line: the only package that prints, writes below `policies/` and sets the exit code."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from rayfence import __version__
from rayfence.cli import console
from rayfence.cli.exits import INTERRUPTED, WrongInput, spoken

# Name -> its line in `rayfence --help`. Each is a module of that name, with `_` for `-`, imported on demand.
COMMANDS = {
    "build": "Write the policies for your tenants.",
    "test": "Run test cases against the policies on the real policy engine.",
    "check": "Check whether manifests would be admitted.",
    "reach": "Show who can connect to whom, and prove that tenants are isolated.",
    "audit": "Find objects in a cluster that break a rule or drift from the network layer.",
    "install": "Install the policies on a cluster, without a gap in protection.",
    "uninstall": "Remove what rayfence installed from a cluster.",
    "doctor": "Find what weakens isolation in a cluster, and how to fix it.",
    "mutation-test": "Break the policies on purpose and list the changes that no test case catches.",
    "engines": "Find or build the policy engines that `test` needs.",
}

# Old name -> new name. An old name still works; no list shows it.
RENAMED = {"mutate": "mutation-test"}

EPILOG = """\b
Examples:
  rayfence build                       write policies/ from tenants/
  rayfence test                        run testcases/ on the real policy engine
  rayfence check cluster.yaml          is this RayCluster admitted, and if not, why?
  rayfence reach                       prove that Ray can run and that tenants are isolated

\b
Exit codes of every command:
  0  success: everything is as it should be
  1  a problem was found: a violation, a failed proof, a file that is out of date
  2  the input is wrong
  3  undecided: an engine or a cluster is missing or does not answer"""


class Commands(click.Group):
    """The commands of the table above. Errors that no command handles end here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name. Raises UsageError, with a guess at what was meant."""
        if new := RENAMED.get(args[0]):
            if not ctx.resilient_parsing:  # set where a shell asks for completions
                console.say(f"note: `{args[0]}` is now `{new}`")
            return super().resolve_command(ctx, [new, *args[1:]])
        if args[0] in COMMANDS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        close = get_close_matches(args[0], [*COMMANDS, *RENAMED], n=1)
        guess = f"did you mean {RENAMED.get(close[0], close[0])}?" if close else f"there are {', '.join(COMMANDS)}"
        raise click.UsageError(f"no command {args[0]}; {guess}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing what is in it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Ctrl-C ends it silently, with the exit code that shells expect."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and exit. An error of the operating system, such as an unreadable file, is one line, not a traceback."""
        try:
            return super().main(*args, **extra)
        except OSError as error:
            refused = WrongInput(spoken(error))
            refused.show()
            raise SystemExit(refused.exit_code) from None


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Tenant isolation for Ray on a shared Kubernetes cluster.

    rayfence reads one file per tenant. From these it writes admission policies and NetworkPolicies, and it tests and
    proves that they isolate the tenants.
    """


def main() -> None:
    """The program `rayfence`."""
    cli(prog_name="rayfence")
