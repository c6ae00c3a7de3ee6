"""rayfence as its users run it, most often inside this process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from rayfence.cli import cli

GENERATOR = Path(__file__).parents[1] / "generator"

TENANT = """\
apiVersion: rayfence/v1alpha1
kind: Tenant
metadata: {{name: {name}}}
spec:
  namespaces: [{namespace}]
  container:
    cpu: {{min: 500m, max: "{cpu}"}}
    memory: {{min: 1Gi, max: 8Gi}}
"""

CLUSTER = """\
apiVersion: ray.io/v1
kind: RayCluster
metadata: {{name: {name}, namespace: {namespace}, labels: {{tenant: {tenant}}}}}
spec:
  headGroupSpec:
    rayStartParams: {{}}
    template:
      metadata: {{labels: {{tenant: {tenant}}}}}
      spec:
        nodeSelector: {{tenant: {tenant}}}
        tolerations: [{{key: tenant, operator: Equal, value: {tenant}}}]
        containers:
          - name: ray-head
            image: rayproject/ray:2.9.0
            resources:
              requests: {{cpu: "1", memory: 2Gi}}
              limits: {{cpu: "{cpu}", memory: 8Gi}}
"""

CPU_LINE = 17
"""The line of a cluster's limits."""


def rayfence(*words: str | Path, input: str | bytes | None = None, **environment: str | None) -> Result:
    """Run one command. What it raises and does not handle is raised here."""
    return CliRunner(env=environment).invoke(cli, [str(word) for word in words], input=input, catch_exceptions=False)


def process(*words: str | Path) -> list[str]:
    """The words that start rayfence as a program of its own."""
    return [sys.executable, "-m", "rayfence", *map(str, words)]


def surroundings(**more: str) -> dict[str, str]:
    """An environment for that program."""
    return {**os.environ, "PYTHONPATH": str(GENERATOR), **more}


def start(*words: str | Path, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run that program to its end."""
    return subprocess.run(
        process(*words), cwd=cwd, env=surroundings(**more), capture_output=True, text=True, check=False, timeout=60
    )


def tenant(name: str = "team-a", *, namespace: str = "", cpu: str = "4") -> str:
    """A tenant with one namespace, `ray-` and its name if no other is given."""
    return TENANT.format(name=name, namespace=namespace or f"ray-{name}", cpu=cpu)


def cluster(name: str = "good", *, tenant: str = "team-a", namespace: str = "ray-team-a", cpu: str = "4") -> str:
    """A RayCluster that team-a may have, and its CPU limit."""
    return CLUSTER.format(name=name, namespace=namespace, tenant=tenant, cpu=cpu)


def write(folder: Path, **texts: str) -> Path:
    """A folder with these texts as YAML files, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
