"""Runs the Kyverno CLI on policies and objects, and reads its output. A result that it did not state is an error.

`kyverno test` exits 0 for misspelled rules, policies that match nothing and missing resources. So this module returns
every row of its output, and the numbers of policies, rules and resources that it loaded, for the caller to compare.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from rayfence import yamlio
from rayfence.kyverno.files import CRDS, USER, Expected, known, test_manifest, user
from rayfence.model.outcome import EngineError
from rayfence.workload import NOBODY, Request

TIMEOUT = 1800
"""Seconds for one run; a hundred objects take about fifteen."""

_LOADED = re.compile(r"Applying (\d+) (?:policy|policies) to (\d+) resources? ")
_RULES = re.compile(r"Applying (\d+) policy rule\(s\) to (\d+) resource\(s\)")
_COMPLAINT = re.compile(r"^.*(?:ERROR:|[Ff]ailed to|WARNING: duplicate).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `kyverno test`. `reason` is `Ok`, or what was wanted and what was found instead."""

    policy: str
    rule: str
    resource: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class TestRun:
    """The result of one run of `kyverno test`."""

    rows: tuple[Row, ...]
    policies_loaded: int
    resources_loaded: int
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of a policy report: `result` is pass, fail, warn (a failure under Audit), error or skip."""

    policy: str
    rule: str
    resource: str
    result: str
    message: str


def run_test(
    engine: Path,
    policies: str,
    resources: Sequence[Any],
    expected: Sequence[Expected],
    request: Request = NOBODY,
    crds: Sequence[Any] = (),
) -> TestRun:
    """Run `kyverno test` once. `policies` is YAML text, `request` says who asks for the resources, and for what.

    Native policies are evaluated for kinds that the CLI knows: its own, and those in `crds`.
    """
    files = {
        "policies.yaml": policies,
        "resources.yaml": yamlio.dump(resources),
        "kyverno-test.yaml": yamlio.dump([test_manifest(expected, request, crds)]),
        **user(request),
        **known(crds, resources),
    }
    words = ["test", ".", "--output-format", "json", "--detailed-results", "--remove-color", "--require-tests"]
    said, _ = _run(engine, words, files)
    loaded = _LOADED.search(said)
    if not loaded:
        raise EngineError(f"kyverno test did not say what it loaded:\n{_end(said)}")
    complaints = tuple(match.group().strip() for match in _COMPLAINT.finditer(said))
    return TestRun(_rows(said), int(loaded.group(1)), int(loaded.group(2)), complaints)


def apply(engine: Path, policies: str, resources: Sequence[Any]) -> tuple[list[Any], int]:
    """Run `kyverno apply` for policies that generate objects or for policies that mutate them, not for both at once.

    Returns the generated objects, or all objects after mutation, and the number of rules that the CLI loaded.
    """
    files = {"policies.yaml": policies, "resources.yaml": yamlio.dump(resources)}
    words = ["apply", "policies.yaml", "-r", "resources.yaml", "-o", "generated.yaml", "--remove-color"]
    said, made = _run(engine, words, files, "generated.yaml")
    loaded = _RULES.search(said)
    if not loaded:
        raise EngineError(f"kyverno apply did not say what it loaded:\n{_end(said)}")
    if int(loaded.group(2)) != len(resources):
        raise EngineError(f"kyverno apply loaded {loaded.group(2)} of {len(resources)} resources")
    found = yaml.load_all(made, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return [value for value in found if value is not None], int(loaded.group(1))


def report(
    engine: Path, policies: str, resources: Sequence[Any], request: Request = NOBODY, crds: Sequence[Any] = ()
) -> list[ReportRow]:
    """Run `kyverno apply` for validating policies. Returns its policy report.

    If the CLI distinguishes audits, a failure under Audit is a `warn`; otherwise every failure is one.
    """
    files = {
        "policies.yaml": policies,
        "resources.yaml": yamlio.dump(resources),
        **user(request),
        **known(crds, resources),
    }
    words = ["apply", "policies.yaml", "-r", "resources.yaml", "-p", "--output-format", "json", "--audit-warn"]
    words += ["--userinfo", USER] if user(request) else []
    words += ["--crd-paths", CRDS] if crds else []
    said, _ = _run(engine, words, files)
    start = said.find('{"kind":"ClusterReport"')
    try:
        # Where no policy matches anything there is no report, and exit code 0.
        results = json.loads(said[start:])["results"] if start >= 0 else []
    except (ValueError, KeyError) as error:
        raise EngineError(f"kyverno apply gave no policy report:\n{_end(said)}") from error
    return [
        ReportRow(each["policy"], each.get("rule", ""), _named(resource), each["result"], each.get("message", ""))
        for each in results
        for resource in each["resources"]
    ]


def _run(engine: Path, words: Sequence[str], files: Mapping[str, str], made: str = "") -> tuple[str, str]:
    """What the CLI printed in a folder of its own with these files, and what it wrote to the file `made`."""
    with TemporaryDirectory(prefix="rayfence-") as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        try:
            done = subprocess.run(
                [str(engine), *words], cwd=folder, capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(f"{engine} did not run: {error}") from error
        said = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
        if done.returncode not in (0, 1):
            raise EngineError(f"kyverno {words[0]} ended with exit code {done.returncode}:\n{_end(said)}")
        target = Path(folder, made) if made else None
        return said, target.read_text(encoding="utf-8") if target and target.exists() else ""


def _rows(said: str) -> tuple[Row, ...]:
    start, end = said.find("\n[\n"), said.rfind("\n]")
    if start < 0 or end < 0:
        raise EngineError(f"kyverno test printed no rows:\n{_end(said)}")
    try:
        rows = json.loads(said[start : end + 2])
        return tuple(
            Row(
                each["POLICY"],
                each["RULE"],
                "/".join(each["RESOURCE"].split("/")[-2:]),
                each["REASON"],
                each.get("Message", ""),
            )
            for each in rows
        )
    except (ValueError, KeyError, AttributeError) as error:
        raise EngineError(f"kyverno test printed rows that are no JSON:\n{_end(said)}") from error


def _named(resource: Mapping[str, str]) -> str:
    return f"{resource.get('namespace', '')}/{resource['name']}"


def _end(said: str) -> str:
    return "\n".join(said.strip().splitlines()[-15:])


def strip_kyverno(generated: Mapping[str, Any]) -> dict[str, Any]:
    """A generated object without the labels that Kyverno adds: who manages it, and where it comes from."""
    labels = {key: value for key, value in generated["metadata"]["labels"].items() if not _is_kyvernos(key, value)}
    return {**generated, "metadata": {**generated["metadata"], "labels": labels}}


def _is_kyvernos(label: str, value: str) -> bool:
    return label.startswith("generate.kyverno.io/") or (label, value) == ("app.kubernetes.io/managed-by", "kyverno")
