"""`rayfence build`: tenants in, the folder of policies out, or the word that it is stale."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from rayfence import bundle
from rayfence.backends import BACKENDS
from rayfence.cli import console
from rayfence.cli.exits import NO, refusal
from rayfence.cli.folder import Contents, Difference, compare, contents, replace
from rayfence.cli.options import TENANTS, backend_option, configuration, tenants_option
from rayfence.config import Config, Enforcement

POLICIES = "policies"

# Enough of the first line to know our files by, whatever the rest of it said in other versions.
_OURS = bundle.HEADER.partition(". ")[0].encode()
_NAMED = 5


@click.command("build")
@tenants_option
@click.option(
    "--out",
    default=POLICIES,
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder to write; all of it is replaced.",
)
@backend_option
@click.option("--check", is_flag=True, help="Write nothing; say whether the folder is up to date.")
def command(folders: tuple[Path, ...], out: Path, backends: tuple[str, ...], check: bool) -> None:
    """Write the policies of your tenants: policies/ from tenants/.

    The folder is replaced as a whole or not at all, and left alone where nothing changed. It is rayfence's own: a file
    in it that rayfence did not write is named, and nothing is done.

    \b
    Examples:
      rayfence build
      rayfence build --check       in CI: is policies/ what tenants/ says?

    \b
    Exit codes:
      0  the folder is written, or is up to date
      1  with --check: it is stale
      2  the tenant config is wrong, or the folder holds what is not rayfence's
    """
    config = configuration(folders, f"{out} is as it was")
    texts = bundle.files(config, backends)
    wanted = dict(_encoded(texts))
    found = contents(out)
    difference = compare(found, wanted)
    if check:
        _answer(out, difference, len(wanted), _again(folders, out, backends))
        return
    if difference:
        _refuse_to_lose(out, found)
        replace(out, wanted)
    console.say("\n".join([_summary(config, out, difference, len(wanted)), *_cautions(config)]))


def _encoded(texts: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of each file. Each text goes when its bytes come, and one that stands in two files is encoded once."""
    files: dict[int, list[str]] = {}
    for path, text in texts.items():
        files.setdefault(id(text), []).append(path)
    for paths in files.values():
        content = texts[paths[0]].encode()
        for path in paths:
            del texts[path]
            yield path, content


def _answer(out: Path, difference: Difference, files: int, command: str) -> None:
    """What `--check` says, on stdout."""
    if not difference:
        console.answer(f"{out} is up to date: {_count(files, 'file')}")
        return
    kinds = {"missing": difference.added, "differs": difference.changed, "extra": difference.removed}
    lines = [f"{out / path}: {kind}" for kind, paths in kinds.items() for path in paths]
    console.answer("\n".join([*lines, f"{out} is stale; run: {command}"]))
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


def _refuse_to_lose(out: Path, found: Contents) -> None:
    """Raises WrongInput where replacing the folder would take away what is not ours."""
    foreign = [path for path, content in sorted(found.items()) if content is None or not content.startswith(_OURS)]
    problems = [f"{out / path}: not written by rayfence; move it out of {out}, or delete it" for path in foreign]
    if Path.cwd().is_relative_to(out.resolve()):
        problems.append(f"{out}: you are in this folder, and it would be replaced; name a folder in it with --out")
    if problems:
        raise refusal(problems, f"{out} is as it was")


def _summary(config: Config, out: Path, difference: Difference, files: int) -> str:
    size = f"{_count(len(config.tenants), 'tenant')}, {_count(files, 'file')}"
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
