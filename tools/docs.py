"""Write the reference pages that follow from the code, or with `--check` only say which are out of date."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cel_reference
import click
import mutation_reference
import rule_reference

import rayfence
from rayfence import yamlio
from rayfence.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written by tools/docs.py. Change the code and run it again; edits here are lost. -->\n"

Schema = dict[str, Any]

# Definitions with a table of their own, which others only point at.
SECTIONS = {
    "platform": "Platform",
    "tenant": "Tenant",
    "roleRules": "Network rules",
    "peers": "Peers",
    "rulePorts": "Ports of network rules",
}


def pages() -> dict[str, str]:
    """Path below the repository's top -> text."""
    return {
        "docs/cel.md": NOTE + cel_reference.page(),
        "docs/cli.md": NOTE + command_line(),
        "docs/mutation.md": NOTE + mutation_reference.page(),
        "docs/reach.svg": picture(),
        "docs/rules.md": NOTE + rule_reference.page(),
        "docs/tenant-config.md": NOTE + tenant_config(schema()),
    }


def picture() -> str:
    """The picture of the README: who can connect to whom among the sample tenants."""
    command = (sys.executable, "-m", "rayfence", "reach", "--format", "svg")
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def command_line() -> str:
    """Every command with what it does, its options, examples and exit codes."""
    context = click.Context(cli, info_name="rayfence", **cli.context_settings)
    commands = [(f"rayfence {name}", cli.get_command(context, name)) for name in COMMANDS]
    parts = ["# Command line", prose(cli.help or ""), prose(cli.epilog or "")]
    parts += [f"## {name}\n\n{section(name, command)}" for name, command in commands if command]
    return "\n\n".join(parts) + "\n"


def section(name: str, command: click.Command) -> str:
    """One command."""
    arguments = [parameter.metavar for parameter in command.params if isinstance(parameter, click.Argument)]
    usage = " ".join(["usage:", name, "[OPTIONS]", *(each for each in arguments if each)])
    options = [
        row for parameter in command.params if isinstance(parameter, click.Option) for row in [option(parameter)]
    ]
    tables = [table(("option", "default", "meaning"), options)] if options else []
    return "\n\n".join([f"```text\n{usage}\n```", *tables, prose(command.help or "")])


def option(parameter: click.Option) -> tuple[str, str, str]:
    """How it is written, its default, what it means."""
    words = getattr(parameter.type, "words", ())
    value = "" if parameter.is_flag else f" {parameter.metavar or '|'.join(words)}"
    return code(f"{', '.join(parameter.opts)}{value}"), default_of(parameter), parameter.help or ""


def default_of(parameter: click.Option) -> str:
    """What stands for an option that is left out: words that say it, or the value itself."""
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    values = parameter.default if isinstance(parameter.default, tuple) else (parameter.default,)
    return ", ".join(code(str(value)) for value in values) if parameter.show_default else ""


def prose(text: str) -> str:
    r"""Help text as Markdown; what click is told with `\b` to leave as it is becomes a block of code."""
    return "\n\n".join(paragraph(each) for each in inspect.cleandoc(text).split("\n\n"))


def paragraph(text: str) -> str:
    """One paragraph of help text."""
    if not text.startswith("\b"):
        return " ".join(text.split())
    title, *lines = text.removeprefix("\b").strip("\n").split("\n")
    block = inspect.cleandoc("\n" + "\n".join(lines))
    return f"{title}\n\n```text\n{block}\n```"


def schema() -> Schema:
    """The JSON Schema of the tenant config, as the package ships it."""
    (path,) = Path(rayfence.__file__).parent.rglob("tenants.schema.json")
    found: Schema = json.loads(path.read_text(encoding="utf-8"))
    return found


def tenant_config(schema: Schema) -> str:
    """A small example, and every field with its type, default and meaning."""
    tenant = {
        "apiVersion": schema["properties"]["apiVersion"]["const"],
        "kind": "Tenant",
        "metadata": schema["$defs"]["metadata"]["examples"][0],
        "spec": schema["$defs"]["tenantSpec"]["examples"][0],
    }
    intro = (
        "The tenant config is a folder, `tenants/`, with any number of YAML files and any number of documents in each. "
        "At most one document is a `Platform`, with the settings of all tenants. Every other document is a `Tenant`. "
        "`rayfence build` checks them and reports every mistake with its file, line and fix.\n\n"
        "This is the smallest possible tenant:"
    )
    parts = ["# Tenant config", intro, f"```yaml\n{yamlio.dump([tenant])}```"]
    parts += [f"## {title}\n\n{fields_of(name, schema)}" for name, title in SECTIONS.items()]
    return "\n\n".join(parts) + "\n"


def fields_of(name: str, schema: Schema) -> str:
    """What a definition is, and the table of its fields."""
    definition = schema["$defs"][name]
    return f"{definition['description']}\n\n" + table(
        ("field", "type", "default", "meaning"), list(rows(definition, "", schema))
    )


def rows(definition: Schema, path: str, schema: Schema) -> Iterator[tuple[str, str, str, str]]:
    """The fields of a mapping, or of the items of a list, and of all that is in them."""
    if "items" in definition:
        yield from rows(resolved(definition["items"], schema), f"{path}[]", schema)
    required = definition.get("required", ())
    for name, given in definition.get("properties", {}).items():
        if given is True:  # apiVersion and kind, which every document has
            continue
        field = resolved(given, schema)
        below = f"{path}.{name}" if path else name
        default = code(json.dumps(field["default"])) if "default" in field else ""
        yield code(below), kind_of(field, given), "required" if name in required else default, field["description"]
        if target(given) not in SECTIONS:
            yield from rows(field, below, schema)


def kind_of(field: Schema, given: Schema) -> str:
    """What is to be written: the words there are, or a name for the kind of value."""
    if title := SECTIONS.get(target(given)):
        return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"
    words = field.get("enum")
    return ", ".join(code(str(word)) for word in words) if words else str(field["title"])


def resolved(given: Schema, schema: Schema) -> Schema:
    """A definition with what it refers to; what stands beside the reference wins."""
    return {**schema["$defs"][target(given)], **given} if "$ref" in given else given


def target(given: Schema) -> str:
    """The definition that is referred to, '' for none."""
    return str(given.get("$ref", "")).removeprefix("#/$defs/")


def table(head: tuple[str, ...], rows: list[Any]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Text as it is to be typed."""
    return f"`{text}`"


def stale() -> list[str]:
    """The pages that are not what the code says."""
    return [path for path, text in pages().items() if not (ROOT / path).exists() or (ROOT / path).read_text() != text]


def main(*arguments: str) -> None:
    """Write what is out of date, or name it."""
    if arguments not in ((), ("--check",)):
        sys.exit("usage: tools/docs.py [--check]")
    old = stale()
    if arguments and old:
        sys.exit(f"out of date: {', '.join(old)}; run: .venv/bin/python tools/docs.py")
    for path in old:
        (ROOT / path).write_text(pages()[path], encoding="utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
