"""`rayfence build` writes the folder of policies for the tenants, or checks that it is up to date."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from rayfence.backends import BACKENDS
from rayfence.cli import console
from rayfence.cli.exits import NO, refusal
from rayfence.cli.folder import Difference, compare, paths, replace
from rayfence.cli.options import TENANTS, backend_option, configuration, tenants_option
from rayfence.manifests import bundle, overview
from rayfence.manifests.retired import FILE as RETIRED
from rayfence.model.config import Config, Enforcement
from rayfence.network.layer import DEFAULT_DENY

POLICIES = "policies"

# Enough of the first lines to know our files by, whatever the rest of them said in other versions. Older files began
# without a separator.
_OURS = bundle.HEADER.partition(". ")[0].encode()
_BEGINNINGS = (_OURS, _OURS.removeprefix(b"---\n"), overview.MARK.encode())
_NAMED = 5

_CLOSED = re.compile(rf"^  name: {DEFAULT_DENY}\n  namespace: (.+)$", re.MULTILINE)


@click.command("build")
@tenants_option
@click.option(
    "--out",
    default=POLICIES,
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder to write. Its whole content is replaced.",
)
@backend_option
@click.option("--check", is_flag=True, help="Write nothing; only check that the folder is up to date.")
@click.option("--strict", is_flag=True, help="Treat warnings about the tenant config as errors.")
def command(folders: tuple[Path, ...], out: Path, backends: tuple[str, ...], check: bool, strict: bool) -> None:
    """Write the policies for your tenants: read tenants/, write policies/.

    The folder is replaced as a whole or not at all. If nothing changed, it is not touched. The folder belongs to
    rayfence: if it holds a file that rayfence did not write, the command names that file and changes nothing.

    Oddities in the tenant config are warnings on stderr. With --strict, nothing is written if there are any. One such
    warning is a namespace that the folder isolates but the config no longer names: list it in spec.retired.

    README.md in the folder is for reviewers. It says what each file is for, lists the rules, and has one line per
    tenant.

    \b
    Examples:
      rayfence build
      rayfence build --check       in CI: does policies/ match tenants/?

    \b
    Exit codes:
      0  the folder is written, or is up to date
      1  with --check: it is out of date; with --strict: there are warnings
      2  the tenant config is wrong, or the folder holds a file that rayfence did not write
    """
    config = configuration(folders, f"{out} is unchanged")
    gone = sorted(_closed_by(out) - {*config.by_namespace(), *config.platform.retired})
    warned = _warn([*config.warnings, *_offboarded(gone)])
    wanted = ((path, text.encode()) for path, text in bundle.each(config, backends))
    if check:
        _answer(out, compare(out, wanted), _again(folders, out, backends))
    if strict and warned:
        console.say(f"{_count(warned, 'warning')}, and --strict allows none; {out} is unchanged")
        raise click.exceptions.Exit(NO)
    if check:
        return
    _refuse_to_lose(out)
    difference = replace(out, wanted)
    console.say("\n".join([_summary(config, out, difference), *_cautions(config)]))


def _closed_by(out: Path) -> set[str]:
    """The namespaces that the tenants' files of an earlier build close.

    They are searched and not parsed: thousands of tenants have hundreds of megabytes. Namespaces that were retired
    already are not among them.
    """
    files = [file for file in out.glob(f"{bundle.TENANTS}/*.yaml") if file.name != RETIRED]
    return {name.strip("'\"") for file in files for name in _CLOSED.findall(file.read_text("utf-8", "replace"))}


def _offboarded(namespaces: Sequence[str]) -> Iterator[str]:
    if namespaces:
        yield (
            f"no tenant has {_some(namespaces)} any more, and this bundle does not close "
            f"{'it' if len(namespaces) == 1 else 'them'}: with kubectl apply --prune, or another tool that prunes, "
            "pods that still run there become open\n"
            f"    fix: write spec.retired: [{', '.join(namespaces)}] in the Platform, and remove a namespace from it "
            "when it has no pods; rayfence install does not need this"
        )


def _warn(warnings: Sequence[str]) -> int:
    """Prints the warnings, and returns their number."""
    if warnings:
        console.say("\n".join(f"warning: {each}" for each in warnings))
    return len(warnings)


def _answer(out: Path, difference: Difference, command: str) -> None:
    """Prints the result of `--check` on stdout."""
    if not difference:
        console.answer(f"{out} is up to date: {_count(difference.files, 'file')}")
        return
    kinds = {"missing": difference.added, "differs": difference.changed, "extra": difference.removed}
    lines = [f"{out / path}: {kind}" for kind, paths in kinds.items() for path in paths]
    console.answer("\n".join([*lines, f"{out} is out of date; run: {command}"]))
    raise click.exceptions.Exit(NO)


def _again(folders: Sequence[Path], out: Path, backends: Sequence[str]) -> str:
    """The command that brings the folder up to date; what is default is left out."""
    words = ["rayfence", "build"]
    if [str(folder) for folder in folders] != [TENANTS]:
        words += [word for folder in folders for word in ("--tenants", str(folder))]
    words += ["--out", str(out)] if str(out) != POLICIES else []
    if set(backends) != set(BACKENDS):
        words += [word for backend in backends for word in ("--backend", backend)]
    return shlex.join(words)


def _refuse_to_lose(out: Path) -> None:
    """Raises WrongInput where replacing the folder would take away what is not ours."""
    foreign = [path for path, plain in sorted(paths(out).items()) if not (plain and _is_ours(out / path))]
    problems = [f"{out / path}: not written by rayfence; move it out of {out}, or delete it" for path in foreign]
    if Path.cwd().is_relative_to(out.resolve()):
        problems.append(f"{out}: you are in this folder, and it would be replaced; name a folder in it with --out")
    if problems:
        raise refusal(problems, f"{out} is unchanged")


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_OURS)).startswith(_BEGINNINGS)


def _summary(config: Config, out: Path, difference: Difference) -> str:
    size = f"{_count(len(config.tenants), 'tenant')}, {_count(difference.files, 'file')}"
    if not difference:
        return f"{out} is up to date: {size}"
    counts = {"added": difference.added, "changed": difference.changed, "removed": difference.removed}
    return f"{out} is written: {size}; " + ", ".join(f"{len(paths)} {kind}" for kind, paths in counts.items())


def _cautions(config: Config) -> Iterator[str]:
    """Which tables there are, and what is not enforced."""
    for enforcement in Enforcement:
        names = [tenant.name for tenant in config.tenants if tenant.enforcement is enforcement]
        if names:
            named = "" if enforcement is Enforcement.ENFORCE else f" ({_some(names)}): nothing is refused there"
            yield f"{enforcement}: {_count(len(names), 'tenant')}{named}"
    if config.platform.disabled_rules:
        yield f"off by disabledRules: {', '.join(config.platform.disabled_rules)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
