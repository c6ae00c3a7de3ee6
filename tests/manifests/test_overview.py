"""`policies/README.md`: a page for reviewers, whose lines change as the config does, and whose text is no markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rayfence import __version__, tenants
from rayfence.backends import BACKENDS
from rayfence.manifests import bundle, overview
from rayfence.model.config import (
    Allow,
    Bounds,
    Config,
    Container,
    Network,
    Platform,
    Provider,
    Quota,
    RoleRules,
    Scope,
    Tenant,
)
from rayfence.rules import RULES

from ..builders import sample
from ..command_line import rayfence, tenant, write

SAMPLE = sample()
CONTAINER = Container(Bounds("1", "16"), Bounds("2Gi", "8Gi"))
TEAM = Tenant("team-x", ("ray-x", "ray-x-dev"), CONTAINER)


def page(config: Config) -> str:
    return dict(bundle.each(config))[overview.NAME]


def one(tenant: Tenant) -> Config:
    return Config(Platform(), (tenant,))


def cells(text: str) -> Iterator[list[str]]:
    """The rows of all tables, as a reader of Markdown sees them. Fails where a cell has anything but text in it."""
    row: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            row = []
        elif token.type == "inline" and token.level > 2:
            assert {"text"} >= {child.type.replace("text_special", "text") for child in token.children or ()}, token
            row.append("".join(child.content for child in token.children or ()))
        elif token.type == "tr_close":
            yield row


def row_of(config: Config, name: str) -> dict[str, str]:
    """The one row of a tenant, by the heads of its columns."""
    rows = list(cells(overview.page(config, {})))
    (head,) = [row for row in rows if row[0] == "tenant"]
    (found,) = [row for row in rows[rows.index(head) :] if row[0] == name]
    return dict(zip(head, found, strict=True))


def lines_that_differ(one: str, other: str) -> list[tuple[str, str]]:
    return [pair for pair in zip(one.splitlines(), other.splitlines(), strict=True) if pair[0] != pair[1]]


@pytest.mark.parametrize("name", [tenant.name for tenant in SAMPLE.tenants])
def test_every_tenant_has_a_row(name: str) -> None:
    (wanted,) = [tenant for tenant in SAMPLE.tenants if tenant.name == name]
    row = row_of(SAMPLE, name)

    assert ", ".join(wanted.namespaces) == row["namespaces"]
    assert wanted.enforcement == row["enforcement"]
    assert f"{wanted.container.cpu.min}..{wanted.container.cpu.max}" == row["container cpu"]
    assert f"{wanted.container.memory.min}..{wanted.container.memory.max}" == row["container memory"]
    assert str(wanted.quota.accelerators) == row["accelerators"]


@pytest.mark.parametrize(
    ("changed", "column", "before", "after"),
    [
        (replace(TEAM, container=replace(CONTAINER, cpu=Bounds("1", "32"))), "container cpu", "1..16", "1..32"),
        (
            replace(TEAM, container=replace(CONTAINER, memory=Bounds("1Gi", "8Gi"))),
            "container memory",
            "2Gi..8Gi",
            "1Gi..8Gi",
        ),
        (replace(TEAM, quota=Quota(cpu="64")), "quota cpu", "no limit", "64"),
        (replace(TEAM, quota=Quota(memory="1Ti")), "quota memory", "no limit", "1Ti"),
        (replace(TEAM, quota=Quota(accelerators=4)), "accelerators", "0", "4"),
        (replace(TEAM, quota=Quota(workers=8)), "workers", "no limit", "8"),
        (replace(TEAM, namespace_quota=Quota(cpu="9")), "namespace quota", "none", "cpu 9, accelerators 0"),
        (replace(TEAM, network=Network(enforce=False)), "network", "DenyAll", "open"),
        (replace(TEAM, network=Network(provider=Provider.KUBERAY)), "network", "DenyAll", "DenyAll by KubeRay"),
        (replace(TEAM, network=Network(scope=Scope.CLUSTER)), "network", "DenyAll", "DenyAll, each cluster alone"),
        (replace(TEAM, network=Network(ports=(9,))), "beyond the defaults", "", "ports: 9"),
        (
            replace(TEAM, network=Network(worker=RoleRules(egress=({"to": []},)))),
            "beyond the defaults",
            "",
            "own worker egress rules: 1",
        ),
        (replace(TEAM, allow=Allow(volumes=())), "beyond the defaults", "", "volumes: nothing"),
        (replace(TEAM, allow=Allow(queues={"q": ("a*",)})), "beyond the defaults", "", "queues: q=a*"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_of_a_tenant_is_one_line_beside_the_digest(
    changed: Tenant, column: str, before: str, after: str
) -> None:
    old, new = row_of(one(TEAM), "team-x"), row_of(one(changed), "team-x")

    assert {column: (before, after)} == {key: (old[key], new[key]) for key in old if old[key] != new[key]}
    without_engines = [overview.page(one(each), {}) for each in (TEAM, changed)]
    differing = lines_that_differ(*without_engines)
    assert ["| config digest |", "| team-x |"] == [
        re.match(r"\| [^|]+ \|", line)[0]
        for line, _ in differing  # type: ignore[index]
    ]


def test_no_other_row_changes_with_a_tenant() -> None:
    bigger = replace(SAMPLE.tenants[1], container=CONTAINER)
    changed = replace(SAMPLE, tenants=(SAMPLE.tenants[0], bigger, *SAMPLE.tenants[2:]))
    differing = [line for line, _ in lines_that_differ(page(SAMPLE), page(changed))]

    assert 2 == len(differing)
    assert differing[0].startswith("| config digest |")
    assert differing[1].startswith(f"| {bigger.name} |")


def test_the_digest_is_that_of_the_config_and_not_of_its_files(tmp_path: Path) -> None:
    def digest_of(text: str) -> str:
        return overview.digest(tenants.load([write(tmp_path / str(len(text)), a=text)]))

    text = tenant()

    assert re.fullmatch("[0-9a-f]{64}", digest_of(text))
    assert digest_of(text) == digest_of(f"# A remark.\n{text}\n")
    assert digest_of(text) != digest_of(tenant(cpu="16"))
    assert overview.digest(one(TEAM)) == overview.digest(replace(one(TEAM), warnings=("odd",)))
    assert overview.digest(one(TEAM)) != overview.digest(Config(Platform(monitoring=None), (TEAM,)))
    assert f"| config digest | sha256:{overview.digest(SAMPLE)} |" in page(SAMPLE)


def test_the_page_names_the_version_every_rule_and_every_file() -> None:
    files = dict(bundle.each(SAMPLE))
    rows = list(cells(files[overview.NAME]))
    own = {path.rpartition("/")[2] for path in files if path.startswith(tuple(BACKENDS))} - {bundle.KUSTOMIZATION}

    assert ["rayfence", __version__] in rows
    assert {rule.ID for rule in RULES} <= {row[0] for row in rows if len(row) == 2}
    assert own == {row[0] for row in rows if len(row) == 3} - {"file"}
    assert all(row[1] and row[1] != ". " for row in rows if len(row) == 3)


def test_a_rule_that_is_disabled_is_not_listed() -> None:
    off = Config(Platform(disabled_rules=("restrict-exposure",)), (TEAM,))
    rows = [row for row in cells(page(off)) if "restrict-exposure" in " ".join(row)]

    assert [["disabled rules", "restrict-exposure"]] == rows


@pytest.mark.parametrize(("number", "folded"), [(overview.FOLDED, False), (overview.FOLDED + 1, True)])
def test_many_tenants_are_one_line_each_and_folded(number: int, folded: bool) -> None:
    many = tuple(replace(TEAM, name=f"team-{each:04}", namespaces=(f"ray-{each:04}",)) for each in range(number))
    text = overview.page(Config(Platform(), many), {})

    assert [f"team-{each:04}" for each in range(number)] == [
        row[0] for row in cells(text) if row[0].startswith("team-")
    ]
    assert folded == (f"<summary>{number:,} tenants</summary>" in text)
    assert text.count("\n") < number + 80


@pytest.mark.slow
def test_a_file_of_many_objects_is_still_one_line() -> None:
    many = tuple(replace(TEAM, name=f"team-{each:04}", namespaces=(f"ray-{each:04}",)) for each in range(2001))

    assert "| guard-pods.yaml | ClusterPolicy guard-pods … guard-pods-5 (5) |\n" in page(Config(Platform(), many))


HOSTILE = [
    "a|b",
    "| x | y |",
    "<script>alert(1)</script>",
    "<!-- hidden",
    "</details>",
    "[click](https://example.com)",
    "![x](https://example.com/x.png)",
    "https://example.com www.example.com",
    "<https://example.com>",
    "`code` *bold* _em_ ~~gone~~",
    "a\\|b",
    "a\\",
    "&lt;b&gt;",
    "one\ntwo",
    "\u202etxt.exe",
    "# heading",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_the_config_is_text_and_nothing_else(text: str) -> None:
    hostile = replace(TEAM, allow=Allow(pod_annotations=(text, "end")))
    shown = " ".join(row_of(one(hostile), "team-x")["beyond the defaults"].split())

    assert f"pod annotations: {' '.join(re.sub('[^ -~]', ' ', text).split())}, end" == shown
    # GitHub makes links of these without any markup.
    assert not re.search(r"\w://|\bwww\.\w", overview.page(one(hostile), {}))


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "[click](https://example.com)", "`code`"])
def test_markup_that_is_not_escaped_would_be_noticed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "escaped", str)

    with pytest.raises(AssertionError):
        row_of(one(replace(TEAM, allow=Allow(pod_annotations=(text,)))), "team-x")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_one_cell(text: str) -> None:
    (_, row) = cells(f"| a | b |\n| --- | --- |\n| x{overview.escaped(text)}x | end |\n")

    assert "end" == row[1]
    assert "".join(each if each.isprintable() else " " for each in f"x{text}x") == row[0]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "tenants", a=tenant())
    monkeypatch.chdir(tmp_path)
    assert 0 == rayfence("build").exit_code
    return tmp_path / "policies" / overview.NAME


def test_a_page_that_is_out_of_date_is_named(built: Path) -> None:
    assert 0 == rayfence("build", "--check").exit_code
    built.write_text(built.read_text("utf-8").replace(__version__, "0.0.9"))
    result = rayfence("build", "--check")

    assert 1 == result.exit_code
    assert "policies/README.md: differs\n" in result.stdout
    built.unlink()
    assert "policies/README.md: missing\n" in rayfence("build", "--check").stdout


def test_a_page_of_an_older_version_is_replaced_and_one_of_somebodys_own_is_not(built: Path) -> None:
    built.write_text(built.read_text("utf-8").replace(__version__, "0.0.9").replace("edits here are lost", "beware"))
    assert 0 == rayfence("build").exit_code
    assert "0.0.9" not in built.read_text("utf-8")

    built.write_text("# Our notes\n")
    result = rayfence("build")
    assert 2 == result.exit_code
    assert "policies/README.md: not written by rayfence" in result.stderr
    assert "# Our notes\n" == built.read_text("utf-8")
