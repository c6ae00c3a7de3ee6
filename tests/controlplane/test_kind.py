"""A cluster of kind's for the end-to-end suites, with a program in kind's place that writes down what it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from controlplane import kind
from controlplane.processes import NotUp

from rayfence.gotool import ToolMissing

STAND_IN = """#!/bin/sh
echo "$1 $2" >> "{calls}"
[ "$1" = "{fails}" ] && echo "no Docker" >&2 && exit 1
exit 0
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What kind was asked; a test says by `fails` in which of it it fails."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "calls"


def stand_in(calls: Path, fails: str = "never") -> None:
    program = calls.with_name("kind")
    program.write_text(STAND_IN.format(calls=calls, fails=fails))
    program.chmod(0o755)


def made(calls: Path) -> list[str]:
    return calls.read_text().splitlines()


def test_the_cluster_is_there_for_the_block_and_gone_after_it(calls: Path) -> None:
    stand_in(calls)
    said: list[str] = []

    with kind.cluster(said.append) as kubeconfig:
        assert ["create cluster"] == made(calls)
        assert kubeconfig.parent.is_dir()

    assert ["create cluster", "delete cluster"] == made(calls)
    assert not kubeconfig.parent.exists()
    assert [f"kind {does} the cluster" for does in ("makes", "deletes")] == [each.rpartition(" ")[0] for each in said]


def test_it_goes_whatever_happens_in_the_block(calls: Path) -> None:
    stand_in(calls)

    with pytest.raises(KeyboardInterrupt), kind.cluster(lambda sentence: None):
        raise KeyboardInterrupt

    assert ["create cluster", "delete cluster"] == made(calls)


def test_what_kind_says_is_passed_on_and_what_it_began_is_deleted(calls: Path) -> None:
    stand_in(calls, fails="create")

    with pytest.raises(NotUp, match="ended with 1: no Docker"), kind.cluster(lambda sentence: None):
        pytest.fail("there is no cluster")

    assert ["create cluster", "delete cluster"] == made(calls)


def test_without_kind_somebody_is_told_what_to_do(calls: Path) -> None:
    with pytest.raises(ToolMissing, match="RAYFENCE_E2E_KUBECONFIG"), kind.cluster(lambda sentence: None):
        pytest.fail("there is no cluster")

    assert not calls.exists()
