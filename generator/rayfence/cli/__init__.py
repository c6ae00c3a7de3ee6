"""Arguments in; text, files and an exit code out: the one room that prints, writes under `policies/` and exits."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from rayfence import __version__
from rayfence.cli import console
from rayfence.cli.exits import INTERRUPTED, WrongInput, spoken

# Name -> what `rayfence --help` says of it. Each is a module of its name, with `_` for `-`, imported on demand.
COMMANDS = {
    "build": "Write the policies of your tenants.",
    "test": "Prove the policies: the real engine judges cases.",
    "check": "Would these manifests be admitted?",
    "reach": "Who reaches whom, by which rule, and is that what was meant?",
    "audit": "What in a cluster breaks a rule, or its network layer?",
    "install": "Put the policies on a cluster, new before old.",
    "uninstall": "Take them off again.",
    "doctor": "What in a cluster weakens the fences?",
    "mutation-test": "Which broken policies would your test cases notice?",
    "engines": "Find or build the policy engine that `test` needs.",
}

# Old name -> new name. An old name still works; no list shows it.
RENAMED = {"mutate": "mutation-test"}

EPILOG = """\b
Examples:
  rayfence build                       write policies/ from tenants/
  rayfence test                        let the real engine judge testcases/
  rayfence check cluster.yaml          is this RayCluster admitted, and if not: why
  rayfence reach                       prove that Ray runs and tenants are apart

\b
Exit codes, of every command:
  0  yes
  1  the answer is no
  2  the input is wrong
  3  could not decide: the engine is missing or does not answer"""


class Commands(click.Group):
    """The commands of the table above, and the last stop of what goes wrong in any of them."""

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
        """Run a command; Ctrl-C ends it without a word, and with the exit code that shells expect."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and exit. What the system refuses, such as to read or to write a file, is one line and no traceback."""
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
    """Fences for Ray on a shared Kubernetes cluster.

    One file per tenant in; admission policies, network isolation and their proof out.
    """


def main() -> None:
    """The program `rayfence`."""
    cli(prog_name="rayfence")
