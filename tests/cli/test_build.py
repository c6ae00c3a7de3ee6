"""`rayfence build`: the bundle is the old one or the new one, never half of either, and never somebody else's files."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rayfence.cli import folder
from rayfence.manifests.bundle import HEADER
from rayfence.manifests.overview import MARK
from rayfence.model.outcome import visible

from ..command_line import contents, process, rayfence, surroundings, tenant, write
from ..tenants.test_bad_tenants import BASES, cases_in


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to stand in, with two tenants."""
    write(tmp_path / "tenants", a=tenant("team-a"), b=tenant("team-b"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def built(place):
    """The same, with the bundle of the two."""
    assert 0 == rayfence("build").exit_code
    return place


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    """What tells whether anything below a folder was touched."""
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")]}


def test_a_build_writes_the_bundle_and_says_what_it_did(place):
    result = rayfence("build")

    assert (0, "") == (result.exit_code, result.stdout)
    number = len(contents(place / "policies"))
    said = f"2 tenants, {number} files; {number} added, 0 changed, 0 removed"

    assert f"policies is written: {said}\nEnforce: 2 tenants\n" == result.stderr
    assert {"tenants/team-a.yaml", "tenants/team-b.yaml"} <= contents(place / "policies").keys()


def test_everything_written_says_that_it_is_not_to_be_edited(built):
    texts = contents(built / "policies")

    assert texts.pop("README.md").startswith(f"{MARK}. Change tenants/ or a rule".encode())
    assert set() == {path for path, text in texts.items() if not text.startswith(HEADER.encode())}


def test_a_second_build_touches_nothing(built):
    before = stamps(built / "policies")
    result = rayfence("build")
    number = len(contents(built / "policies"))

    assert f"policies is up to date: 2 tenants, {number} files\nEnforce: 2 tenants\n" == result.stderr
    assert before == stamps(built / "policies")


def test_a_bundle_of_an_older_version_is_replaced(built):
    file = built / "policies" / "tenants" / "team-a.yaml"
    file.write_text(file.read_text().removeprefix("---\n"))

    assert 0 == rayfence("build").exit_code
    assert file.read_text().startswith(HEADER)


def test_the_same_tenants_give_the_same_bytes(built):
    rayfence("build", "--out", "elsewhere/policies")

    assert contents(built / "policies") == contents(built / "elsewhere" / "policies")


def test_a_tenant_who_left_is_gone_from_the_bundle(built):
    before = contents(built / "policies")
    (built / "tenants" / "b.yaml").unlink()
    result = rayfence("build")
    after = contents(built / "policies")
    changed = sum(before[path] != text for path, text in after.items())

    assert {"tenants/team-b.yaml"} == before.keys() - after.keys()
    assert changed
    said = f"1 tenant, {len(after)} files; 0 added, {changed} changed, 1 removed"
    assert f"policies is written: {said}" in result.stderr


RETIRED = "apiVersion: rayfence/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec: {retired: [ray-team-b]}\n"


def test_a_namespace_that_leaves_the_config_is_told_with_what_keeps_it_closed(built):
    (built / "tenants" / "b.yaml").unlink()
    result = rayfence("build")

    assert (
        "warning: no tenant has ray-team-b any more, and this bundle does not close it: with kubectl apply --prune, or "
        "another tool that prunes, pods that still run there become open\n    fix: write spec.retired: [ray-team-b] in "
    ) in result.stderr
    assert "warning" not in rayfence("build").stderr


def test_a_namespace_that_leaves_the_config_is_told_before_anything_is_written(built):
    before = stamps(built / "policies")
    (built / "tenants" / "b.yaml").unlink()
    strict, stale = rayfence("build", "--strict"), rayfence("build", "--check")

    assert (1, 1) == (strict.exit_code, stale.exit_code)
    assert [True, True] == ["no tenant has ray-team-b any more" in each.stderr for each in (strict, stale)]
    assert before == stamps(built / "policies")


@pytest.mark.parametrize(
    "tenants",
    [
        pytest.param({"b": None, "platform": RETIRED}, id="retired"),
        pytest.param({"b": None, "c": tenant("team-c", namespace="ray-team-b")}, id="another's"),
        pytest.param({"b": tenant("team-b", namespace="ray-team-b, ray-more")}, id="one more"),
    ],
)
def test_a_namespace_that_stays_closed_is_no_warning(built, tenants):
    (built / "tenants" / "b.yaml").unlink()
    write(built / "tenants", **{name: text for name, text in tenants.items() if text})

    assert "warning" not in rayfence("build").stderr


def test_a_namespace_that_was_retired_leaves_without_a_word(built):
    write(built / "tenants", b=tenant("team-b", namespace="ray-x"), platform=RETIRED)
    rayfence("build")
    assert b"namespace: ray-team-b\n" in contents(built / "policies")["tenants/retired.yaml"]
    (built / "tenants" / "platform.yaml").unlink()

    assert "warning" not in rayfence("build").stderr
    assert "tenants/retired.yaml" not in contents(built / "policies")


def test_a_namespace_that_was_never_closed_leaves_without_a_word(place):
    write(place / "tenants", b=tenant("team-b") + "  network: {enforce: false}\n  namespaceQuota: {cpu: 64}\n")
    rayfence("build")
    (place / "tenants" / "b.yaml").unlink()

    assert "warning" not in rayfence("build").stderr


def test_a_name_that_looks_like_a_number_is_read_back(place):
    write(place / "tenants", b=tenant("team-b", namespace="'123'"))
    rayfence("build")
    (place / "tenants" / "b.yaml").unlink()

    assert "spec.retired: [123]" in rayfence("build").stderr


def test_what_is_not_enforced_is_said(place):
    write(place / "tenants", c=tenant("team-c") + "  enforcement: Audit\n")

    assert "Enforce: 2 tenants\nAudit: 1 tenant (team-c): nothing is refused there\n" in rayfence("build").stderr


def test_rules_that_are_off_are_said(place):
    off = "apiVersion: rayfence/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec: {disabledRules: [guard-pods]}\n"
    write(place / "tenants", platform=off)

    assert rayfence("build").stderr.endswith("off by disabledRules: guard-pods\n")


def test_tenants_may_stand_in_several_folders(place):
    write(place / "more", c=tenant("team-c"))
    result = rayfence("build", "--tenants", "tenants", "--tenants", "more")

    assert "3 tenants" in result.stderr


def test_a_fresh_bundle_is_fresh(built):
    result = rayfence("build", "--check")
    number = len(contents(built / "policies"))

    assert (0, f"policies is up to date: {number} files\n", "") == (result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        pytest.param(lambda file: file.write_text(file.read_text() + " "), "differs", id="edited"),
        pytest.param(lambda file: file.unlink(), "missing", id="deleted"),
        pytest.param(lambda file: file.rename(file.with_suffix(".yml")), "missing", id="renamed"),
    ],
)
def test_a_bundle_that_was_edited_is_stale(built, change, line):
    change(built / "policies" / "tenants" / "team-a.yaml")
    before = contents(built / "policies")
    result = rayfence("build", "--check")

    assert 1 == result.exit_code
    assert f"policies/tenants/team-a.yaml: {line}" in result.stdout.splitlines()
    assert before == contents(built / "policies")


@pytest.mark.parametrize("name", ["extra.yaml", ".hidden", "deep/down/file"])
def test_a_file_too_many_is_stale(built, name):
    extra = built / "policies" / name
    extra.parent.mkdir(parents=True, exist_ok=True)
    extra.write_text("")
    result = rayfence("build", "--check")

    assert (1, f"policies/{name}: extra") == (result.exit_code, result.stdout.splitlines()[0])


def test_a_missing_bundle_is_stale_and_stays_missing(place):
    result = rayfence("build", "--check")
    *missing, _ = result.stdout.splitlines()

    assert 1 == result.exit_code
    assert not (place / "policies").exists()

    rayfence("build")
    assert sorted(f"policies/{path}: missing" for path in contents(place / "policies")) == missing


@pytest.mark.parametrize(
    ("words", "command"),
    [
        pytest.param((), "rayfence build", id="defaults"),
        pytest.param(("--tenants", "tenants"), "rayfence build", id="defaults that are written out"),
        pytest.param(
            ("--tenants", "tenants", "--tenants", "my tenants", "--out", "there"),
            "rayfence build --tenants tenants --tenants 'my tenants' --out there",
            id="places",
        ),
    ],
)
def test_who_has_a_stale_bundle_is_told_the_command(place, words, command):
    write(place / "my tenants", c=tenant("team-c"))
    out = words[-1] if "--out" in words else "policies"

    last = rayfence("build", "--check", *words).stdout.splitlines()[-1]

    assert f"{out} is out of date; run: {command}" == last


@pytest.mark.parametrize("name", ["README.md", "tenants/.gitkeep", "clusterpolicy/mine.yaml"])
def test_somebody_elses_file_is_named_and_kept(built, name):
    (built / "policies" / name).write_text("precious\n")
    write(built / "tenants", c=tenant("team-c"))
    before = contents(built / "policies")
    result = rayfence("build")

    assert 2 == result.exit_code
    assert f"policies/{name}: not written by rayfence; move it out of policies, or delete it" in result.stderr
    assert before == contents(built / "policies")


def test_a_link_is_somebody_elses(built):
    (built / "policies" / "link.yaml").symlink_to(built / "tenants" / "a.yaml")

    assert "policies/link.yaml: not written by rayfence" in rayfence("build").stderr


def test_a_link_to_the_folder_stays_a_link(place):
    (place / "real").mkdir()
    (place / "policies").symlink_to("real")
    rayfence("build")

    assert (place / "policies").is_symlink()
    assert "tenants/team-a.yaml" in contents(place / "real")


def test_the_folder_one_stands_in_is_not_replaced(place, monkeypatch):
    (place / "policies").mkdir()
    monkeypatch.chdir(place / "policies")
    result = rayfence("build", "--tenants", "../tenants", "--out", ".")

    assert 2 == result.exit_code
    assert "you are in this folder" in result.stderr


def test_an_empty_folder_is_filled(place):
    (place / "policies").mkdir()

    assert 0 == rayfence("build").exit_code
    assert contents(place / "policies")

    assert 0 == rayfence("build", "--out", "elsewhere").exit_code
    assert contents(place / "elsewhere") == contents(place / "policies")


def test_a_wrong_config_leaves_the_bundle_as_it_was(built):
    write(built / "tenants", b=tenant("team-b", namespace="ray-team-a"))
    before = stamps(built / "policies")
    result = rayfence("build")

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.endswith("policies is unchanged\n")
    assert "tenants/b.yaml:5:" in result.stderr
    assert before == stamps(built / "policies")


@pytest.mark.parametrize("name", BASES)
def test_every_bad_config_is_told_in_full_and_leaves_the_bundle_as_it_was(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder.replace(Path("policies"), [("old.yaml", HEADER.encode())])
    for title, text, problems in cases_in(name, BASES[name]):
        (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
        before = stamps(tmp_path)
        over_an_older_one = rayfence("build", "--tenants", "a.yaml")
        the_first_one = rayfence("build", "--tenants", "a.yaml", "--out", "none")

        assert (2, "") == (over_an_older_one.exit_code, over_an_older_one.stdout), title
        assert [*map(visible, problems)] == over_an_older_one.stderr.splitlines()[:-1], title
        assert over_an_older_one.stderr.replace("policies is", "none is") == the_first_one.stderr, title
        assert before == stamps(tmp_path), title


def test_a_disk_that_fills_up_leaves_the_bundle_as_it_was(built):
    write(built / "tenants", c=tenant("team-c"))
    before = stamps(built / "policies")
    done = subprocess.run(
        process("build"),
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )

    assert (2, f"error: {os.strerror(errno.EFBIG).lower()}\n") == (done.returncode, done.stderr)
    assert before == stamps(built / "policies")
    assert {"policies", "tenants"} == {path.name for path in built.iterdir()}


def interrupted() -> Iterator[tuple[str, bytes]]:
    """Files of which the first can be written before Ctrl-C."""
    yield "a/new.yaml", b"new"
    raise KeyboardInterrupt


@pytest.mark.parametrize("exists", [True, False], ids=["over an older one", "the first one"])
def test_an_interrupted_build_leaves_the_bundle_as_it_was(tmp_path, exists):
    if exists:
        folder.replace(tmp_path / "policies", [("old.yaml", b"old")])

    with pytest.raises(KeyboardInterrupt):
        folder.replace(tmp_path / "policies", interrupted())

    assert ({"policies/old.yaml": b"old"} if exists else {}) == contents(tmp_path)
    assert (["policies"] if exists else []) == [path.name for path in tmp_path.iterdir()]


def test_where_the_swap_fails_the_bundle_comes_back(tmp_path):
    folder.replace(tmp_path / "policies", [("old.yaml", b"old")])

    with pytest.raises(FileNotFoundError):
        folder._swap(tmp_path / "policies", tmp_path / "no such folder", tmp_path / "aside")

    assert {"policies/old.yaml": b"old"} == contents(tmp_path)


def test_what_is_written_has_the_usual_permissions(built):
    (built / "plain").mkdir()
    (built / "plain" / "file").write_text("")

    assert (built / "plain").stat().st_mode == (built / "policies").stat().st_mode
    assert (built / "plain" / "file").stat().st_mode == (built / "policies/tenants/team-a.yaml").stat().st_mode
