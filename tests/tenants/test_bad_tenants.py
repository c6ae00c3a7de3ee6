"""What cannot be a tenant config, each with the exact words that are said about it.

The cases in `bad/` change a good config: lines with `-` go, those with `+` come in their stead or at
the end, those with `=` are the whole file, and `!` is all that is said, after the file's name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rayfence.tenants import ConfigError, load, parse

CASES = Path(__file__).parent / "bad"
GOOD = (CASES / "base-tenant.yaml").read_text("utf-8")
PLATFORM = "apiVersion: rayfence/v1alpha1\nkind: Platform\nmetadata: {name: platform}\n"


def problems_of(**files: str) -> list[str]:
    """What is said about files, each named as its keyword and `.yaml`."""
    with pytest.raises(ConfigError) as caught:
        parse((f"{name}.yaml", text) for name, text in files.items())
    return [str(problem) for problem in caught.value.problems]


def but(old: str, new: str) -> str:
    """The good tenant with one thing changed."""
    assert old in GOOD
    return GOOD.replace(old, new)


def plus(fields: str) -> str:
    """The good tenant with further fields in its spec; they begin on line 10."""
    return GOOD + fields


BASES = {
    "platform": "base-platform.yaml",
    "rules": "base-tenant.yaml",
    "sense": "base-tenant.yaml",
    "shape": "base-tenant.yaml",
}
"""The files with cases, each with the good config that they change."""


def cases_in(name: str, base: str) -> Iterator[tuple[str, str, list[str]]]:
    """Those of one file, made of the good config `base`: the title, the config, and what is said about it."""
    good = (CASES / base).read_text("utf-8")
    for case in (CASES / f"{name}.txt").read_text("utf-8").strip().split("\n\n"):
        title, *lines = case.splitlines()
        yield title.removeprefix("# "), changed(good, lines), said(lines)


def marked(mark: str, lines: list[str]) -> str:
    return "".join(line[2:] + "\n" for line in lines if line.startswith(mark))


def changed(good: str, lines: list[str]) -> str:
    whole, old, new = (marked(mark, lines) for mark in "=-+")
    assert old in good
    return whole or (good.replace(old, new) if old else good + new)


def said(lines: list[str]) -> list[str]:
    return [f"a.yaml:{line}" for line in marked("!", lines).splitlines()]


@pytest.mark.parametrize("name", BASES)
def test_a_bad_config_is_told_with_its_line_and_what_to_write(name: str) -> None:
    found = {title: (expected, problems_of(a=text)) for title, text, expected in cases_in(name, BASES[name])}

    assert {} == {title: (expected, told) for title, (expected, told) in found.items() if expected != told}


def test_there_are_many_bad_configs_and_no_two_of_one_title() -> None:
    titles = [title for name, base in BASES.items() for title, _, _ in cases_in(name, base)]

    assert len(set(titles)) == len(titles) > 80


YAML = {
    "a tab": (
        but("  name: team-a", "\tname: team-a"),
        "a.yaml:4: a tab stands where YAML wants spaces; indent with spaces",
    ),
    "a key twice": (
        but("  name: team-a", "  name: team-a\n  name: team-b"),
        'a.yaml:5: "name" is written twice, on lines 4 and 5; keep one',
    ),
    "an open bracket": (
        but("[ray-a]", "[ray-a"),
        "a.yaml:7: a `[` is not closed; write `,` between the items and `]` after the last",
    ),
    "an open quote": (
        but("team-a", "'team-a"),
        "a.yaml:4: a quote is opened here and never closed; write the closing quote",
    ),
    "a control character": (
        but("team-a", "team\x07a"),
        "a.yaml:4: the character U+0007 cannot stand in YAML; remove it",
    ),
}


@pytest.mark.parametrize(("text", "expected"), YAML.values(), ids=YAML)
def test_broken_yaml_is_told_in_plain_words(text: str, expected: str) -> None:
    assert [expected] == problems_of(a=text)


def test_a_namespace_has_one_tenant() -> None:
    expected = 'b.yaml:6: spec.namespaces[1]: "ray-a" already belongs to team-a (a.yaml:6); give it to one tenant'

    assert [expected] == problems_of(a=GOOD, b=but("team-a", "team-b").replace("[ray-a]", "[ray-b, ray-a]"))


def test_a_namespace_is_taken_even_if_its_first_tenant_is_badly_written() -> None:
    found = problems_of(a=plus("  qota: {}\n"), b=but("team-a", "team-b"))

    assert [
        "a.yaml:10: spec.qota: there is no such field here; did you mean `quota`?",
        'b.yaml:6: spec.namespaces[0]: "ray-a" already belongs to team-a (a.yaml:6); give it to one tenant',
    ] == found


def test_a_name_has_one_tenant() -> None:
    expected = 'b.yaml:4: metadata.name: "team-a" is the name of another tenant (a.yaml:4); write another name'

    assert [expected] == problems_of(a=GOOD, b=but("ray-a", "ray-b"))


def test_names_that_differ_in_case_alone_would_share_a_file() -> None:
    expected = (
        'b.yaml:4: metadata.name: "Team-A" is the name of tenant team-a (a.yaml:4) but for upper and lower case, '
        "and their files would be one; write another name"
    )

    assert [expected] == problems_of(a=GOOD, b=but("ray-a", "ray-b").replace("team-a", "Team-A"))


def test_there_is_one_platform() -> None:
    expected = "b.yaml:2: kind: there is a Platform already (a.yaml:2); keep one"

    assert [expected] == problems_of(a=PLATFORM, b=PLATFORM, c=GOOD)


def rule(peer: str) -> str:
    """The good tenant with an ingress rule for its heads; the peer stands on line 13."""
    return plus(f"  network:\n    head:\n      ingress:\n        - from: [{peer}]\n")


PEERS = {
    "ingress, by label": (
        rule("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ray-b}}}"),
        "head.ingress[0].from[0]",
        13,
    ),
    "ingress, by expression": (
        rule(
            "{namespaceSelector: {matchExpressions:"
            " [{key: kubernetes.io/metadata.name, operator: In, values: [ray-a, ray-b]}]}}"
        ),
        "head.ingress[0].from[0]",
        13,
    ),
    "egress, by label": (
        plus(
            "  network:\n    worker:\n      egress:\n"
            "        - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ray-b}}}]\n"
        ),
        "worker.egress[0].to[0]",
        13,
    ),
}


@pytest.mark.parametrize(("text", "place", "line"), PEERS.values(), ids=PEERS)
def test_a_rule_does_not_open_to_another_tenant(text: str, place: str, line: int) -> None:
    expected = (
        f'a.yaml:{line}: spec.network.{place}.namespaceSelector: "ray-b" belongs to team-b (b.yaml:6); '
        "name namespaces that no other tenant has"
    )

    assert [expected] == problems_of(a=text, b=but("team-a", "team-b").replace("ray-a", "ray-b"))


def test_networks_are_of_no_other_tenant() -> None:
    a = plus("  allow: {networks: [ray-a/sriov, shared/rdma, ray-b, ray-b/sriov]}\n")
    expected = (
        'a.yaml:10: spec.allow.networks[3]: "ray-b/sriov" belongs to team-b (b.yaml:6), and team-a\'s pods could '
        "attach it; name a network of no other tenant"
    )

    assert [expected] == problems_of(a=a, b=but("team-a", "team-b").replace("ray-a", "ray-b"))


def test_networks_are_of_no_retired_namespace() -> None:
    retired = PLATFORM + "spec: {retired: [ray-old]}\n"
    expected = (
        'a.yaml:10: spec.allow.networks[0]: "ray-old/sriov" is in ray-old, which is retired and stays closed; '
        "name a network of another namespace"
    )

    assert [expected] == problems_of(a=plus("  allow: {networks: [ray-old/sriov]}\n"), p=retired)


@pytest.mark.parametrize("text", ["", "# nothing\n---\n", PLATFORM], ids=["nothing", "comments", "a platform alone"])
def test_a_config_without_tenants_is_refused(text: str) -> None:
    assert ["tenants: there is no Tenant; write at least one document with `kind: Tenant`"] == problems_of(a=text)


def test_all_problems_are_told_at_once_in_order_of_file_and_line() -> None:
    bad = (
        but("team-a", "yes").replace("[ray-a]", "[ray-a, Ray, kube-a]").replace("max: 8Gi", "maxx: 8Gi")
        + "  enforcement: warn\n---\n"
        + plus("  quota: {cpu: 2}\n").replace("2Gi", "16Gi")
        + "---\na: [b\nc: d\n"
    )

    assert [
        'a.yaml:4: metadata.name: yes is a boolean to YAML; write it in quotes: "yes"',
        'a.yaml:6: spec.namespaces[1]: "Ray" is not a namespace name; write at most 63 lower-case letters, digits '
        "and '-', with a letter or a digit at both ends",
        'a.yaml:6: spec.namespaces[2]: "kube-a" is reserved, like every name that begins with kube-; '
        "write a namespace of the tenant's own",
        "a.yaml:9: spec.container.memory.maxx: there is no such field here; did you mean `max`?",
        'a.yaml:9: spec.container.memory.max: is missing; write a quantity, like "8"',
        'a.yaml:10: spec.enforcement: "warn" is not an enforcement; did you mean `Warn`?',
    ] == problems_of(a=bad)[:6]
    assert [
        'a.yaml:17: spec.namespaces[0]: "ray-a" already belongs to another tenant (a.yaml:6); give it to one tenant',
        'a.yaml:19: spec.container.cpu.max: "4" is above quota.cpu, which is 2; lower the max or raise the quota',
        'a.yaml:20: spec.container.memory.min: "16Gi" is above max, which is "8Gi"; write a min of at most max',
        "a.yaml:24: a `[` is not closed; write `,` between the items and `]` after the last",
        'b.yaml:4: metadata.name: "team-a" is the name of another tenant (a.yaml:15); write another name',
        'b.yaml:6: spec.namespaces[0]: "ray-a" already belongs to another tenant (a.yaml:6); give it to one tenant',
    ] == problems_of(a=bad, b=GOOD)[6:]


def test_the_error_prints_one_problem_a_line() -> None:
    with pytest.raises(ConfigError, match=r"\Aa.yaml:4: [^\n]*\na.yaml:6: [^\n]*\Z"):
        parse([("a.yaml", but("team-a", "team-").replace("ray-a", "ray-"))])


def test_no_rule_lets_a_retired_namespace_in() -> None:
    peer = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ray-old}}}"
    rules = f"  network: {{head: {{ingress: [{{from: [{peer}]}}]}}, worker: {{egress: [{{to: [{peer}]}}]}}}}\n"
    wrong = 'namespaceSelector: "ray-old" is retired and stays closed; name namespaces that are open'

    assert [
        f"a.yaml:10: spec.network.head.ingress[0].from[0].{wrong}",
        f"a.yaml:10: spec.network.worker.egress[0].to[0].{wrong}",
    ] == problems_of(a=plus(rules), p=PLATFORM + "spec: {retired: [ray-old]}\n")


@pytest.mark.parametrize("name", ["b.YAML", "b.Yml"])
def test_a_file_that_would_not_be_read_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.yaml").write_text(GOOD, "utf-8")
    (tmp_path / name).write_text(but("team-a", "team-b").replace("ray-a", "ray-b"), "utf-8")
    suffix = Path(name).suffix

    with pytest.raises(ConfigError) as caught:
        load([tmp_path])

    wrong = f"ends in {suffix}, which is not read; rename it to {suffix.lower()}"
    assert [f"{tmp_path / name}: {wrong}"] == [str(problem) for problem in caught.value.problems]
    assert ["team-b"] == [tenant.name for tenant in load([tmp_path / name]).tenants]


def test_a_link_to_a_folder_is_told(tmp_path: Path) -> None:
    config, elsewhere = tmp_path / "tenants", tmp_path / "elsewhere"
    for folder in (config, elsewhere):
        folder.mkdir()
    (config / "a.yaml").write_text(GOOD, "utf-8")
    (config / "more").symlink_to(elsewhere)
    (config / "linked.yaml").symlink_to(tmp_path / "b.yaml")
    (tmp_path / "b.yaml").write_text(but("team-a", "team-b").replace("ray-a", "ray-b"), "utf-8")

    with pytest.raises(ConfigError) as caught:
        load([config])

    wrong = "is a link to a folder, which is not followed; name that folder with --tenants, or copy it"
    assert [f"{config / 'more'}: {wrong}"] == [str(problem) for problem in caught.value.problems]
    (config / "more").unlink()
    assert ["team-a", "team-b"] == [tenant.name for tenant in load([config]).tenants]


def test_what_is_no_file_is_told_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")

    with pytest.raises(ConfigError) as caught:
        load([tmp_path])

    assert [f"{tmp_path / 'a.yaml'}: is no file; take it away"] == [str(each) for each in caught.value.problems]
