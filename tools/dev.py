"""Everything a developer runs, on a machine with Python and nothing else: `python3 tools/dev.py help`.

Each command first sees to the virtual environment in `.venv`; it is made anew when pyproject.toml changed.
"""

import os
import platform
import shutil
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

OLDEST = (3, 11)
NEWEST_MINOR = 14

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TESTING = ROOT / "testing"
STAMP = VENV / "installed-from"
BYTECODE = VENV / "bytecode"

NOT_QUICK = ("slow", "engine", "browser", "kernel", "e2e")
"""The markers of tests that `quick` leaves out."""


def ensure_new_enough_python() -> None:
    """Go on with a newer Python from PATH where this one is too old; end with advice where there is none."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(NEWEST_MINOR, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        # A version manager's shim is on PATH also where the version behind it is not installed.
        if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(newer, [newer, *sys.argv])
    sys.exit("rayfence needs Python 3.11 or newer, this is {}.{}; install one and try again".format(*sys.version_info))


def keep_bytecode() -> None:
    """Keep compiled modules in `.venv` where the environment wants none beside the source.

    Tests start rayfence a hundred times. Without bytecode each of them compiles all of its modules again.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(BYTECODE))


def set_up() -> None:
    """Make `.venv` with rayfence and its development tools in it, unless it is there and up to date."""
    wanted = f"{ROOT} {sys.version} {sha256((ROOT / 'pyproject.toml').read_bytes()).hexdigest()}"
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return
    say("setting up .venv (once, and when pyproject.toml changes)")
    made = run_quietly(sys.executable, "-m", "venv", "--clear", VENV)
    if made.returncode:
        sys.exit(f"{made.stdout}\nPython's own `venv` is needed; on Debian and Ubuntu: apt-get install python3-venv")
    installed = run_quietly(PYTHON, "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}[dev]")
    if installed.returncode:
        sys.exit(f"{installed.stdout}\npip could not install rayfence and its development tools")
    STAMP.write_text(wanted)


def run_quietly(*command: "str | Path") -> "subprocess.CompletedProcess[str]":
    """Run a program; its output, both streams as one, is in `.stdout`."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def say(text: str) -> None:
    """Tell the developer at once, in order with what programs print."""
    print(f"dev: {text}", flush=True)


def step(title: str, *command: "str | Path") -> None:
    """Run one program from the repository's top, and end here if it fails."""
    say(title)
    start = time.monotonic()
    code = subprocess.run([PYTHON, *command], cwd=ROOT, check=False).returncode
    seconds = time.monotonic() - start
    if code:
        say(f"{title}: FAILED after {seconds:.1f} s (exit code {code})")
        sys.exit(code)
    say(f"{title}: ok, {seconds:.1f} s")


def run(*more: str) -> None:
    """build the policies of tenants/ and test the documented RayClusters on the real Kyverno"""
    engines("kyverno")
    build()
    documented = ("--testcases", "testcases/documented", "--no-derived", "--backend", "clusterpolicy")
    step("rayfence test", "-m", "rayfence", "test", *documented, *more)


def test(*more: str) -> None:
    """pytest; `--no-engine`, `--no-browser` and `--no-kernel` leave out tests that need one, the rest goes to pytest"""
    needed = {"--no-engine": engines, "--no-browser": browser, "--no-kernel": kernel}
    left_out = [word for word in needed if word in more]
    for word, find_or_make in needed.items():
        if word not in left_out:
            find_or_make()
    marks = " and ".join(["not e2e", *(word.replace("--no-", "not ") for word in left_out)])
    step("pytest", "-m", "pytest", "-m", marks, *(word for word in more if word not in needed))


def e2e(*more: str) -> None:
    """the end-to-end suites on a control plane; `--native`: those without Kyverno; `--kind`: on a cluster of kind"""
    native = "--native" in more
    workers = ["-n", "0"]
    if "--kind" in more:
        os.environ["RAYFENCE_E2E_KIND"] = "yes"
    elif "RAYFENCE_E2E_KUBECONFIG" not in os.environ:
        step("control plane", "testing/controlplane", "--build-servers" if native else "--build")
        # Half of the time is spent waiting, so that two control planes on two cores are done sooner than one.
        workers = ["-n", "2", "--dist", "loadfile"]
    words = [word for word in more if word not in ("--native", "--kind")]
    step("pytest, e2e", "-m", "pytest", *workers, "-m", "native" if native else "e2e", "tests/e2e", *words)


def lint(*paths: str) -> None:
    """format and style (ruff), types (mypy)"""
    step("ruff format --check", "-m", "ruff", "format", "--check", *paths)
    step("ruff check", "-m", "ruff", "check", *paths)
    step("mypy", "-m", "mypy")


def fresh() -> None:
    """Compare the files that are generated with what the code writes now."""
    step("rayfence build --check", "-m", "rayfence", "build", "--check")
    step("docs --check", "tools/docs.py", "--check")


def quick(*more: str) -> None:
    """in about 90 s: lint, are policies/ and docs/ up to date, all tests that are not slow and need no engine"""
    lint()
    fresh()
    marks = " and ".join(f"not {mark}" for mark in NOT_QUICK)
    # Most files' tests then run in one worker, so that what they share is made once.
    options = ("--dist=worksteal", "--hypothesis-profile=quick", "--ignore=tests/e2e", "-m", marks)
    step("pytest, quick", "-m", "pytest", *options, *more)


def site() -> None:
    """build the documentation site into build/site; a broken link is an error"""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    # Not with --quiet, under which MkDocs counts no warnings and --strict means nothing.
    step("mkdocs build --strict", "-m", "mkdocs", "build", "--strict")


def check() -> None:
    """everything CI runs: lint, generated files, the documentation site, the policies, all tests"""
    lint()
    fresh()
    site()
    engines()
    browser()
    step("rayfence test", "-m", "rayfence", "test")
    test()
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        e2e("--native")
    else:
        say("left out: the end-to-end tests, whose control plane is for Linux on x86_64")
    say("all checks passed")


def build(*more: str) -> None:
    """write policies/ from tenants/"""
    step("rayfence build", "-m", "rayfence", "build", *more)


def bench(*more: str) -> None:
    """print the benchmarks, as ratios with peak memory"""
    engines("kyverno")
    step("benchmarks", "benchmarks", *more)


def load(*more: str) -> None:
    """admission latency by number of tenants, and many RayClusters at once, on control planes started for it"""
    step("control plane", "testing/controlplane", "--build-kyverno")
    step("load", "benchmarks/load", *more)


def fuzz(*more: str) -> None:
    """random Ray objects: compare the verdicts of Python and every engine: `fuzz 10000 validatingpolicy`"""
    engines()
    step("fuzz", "-m", "tests.fuzz", *(more or ("300",)))


def judge(*more: str) -> None:
    """random NetworkPolicies: compare rayfence, Cyclonus and the kernel: `judge 10000`"""
    engines("cyclonus")
    step("rayfence and Cyclonus, of drawn policies", "-m", "tests.reach.differ", "200")
    step("and the kernel", "-m", "tests.reach.kernel", *(more or ("10000",)))
    step("and of what rayfence generates", "-m", "tests.reach.kernel", "3000", "--generated")


def dataplane(*more: str) -> None:
    """real Ray under the generated NetworkPolicies, which this machine's kernel enforces; `--help` lists the options"""
    step("dataplane", __file__, "_dataplane", *more)


def kernel() -> None:
    """See to what tests need that make network namespaces."""
    step("kernel", __file__, "_kernel")


def prepare() -> None:
    """Say how namespaces are made here, or that they cannot be had; runs inside `.venv`."""
    sys.path.append(str(TESTING))
    from dataplane import machine

    try:
        say(f"namespaces are made by: {' '.join(machine.namespaces())}")
    except machine.CannotRun as why:
        say(f"warning: tests that make namespaces will fail here, `test --no-kernel` leaves them out: {why}")


def play(*words: str) -> None:
    """Run the data plane's own command; runs inside `.venv`."""
    sys.path.append(str(TESTING))
    from dataplane.command import main as command

    sys.exit(command(*words))


def format(*paths: str) -> None:
    """rewrite the code the way `lint` wants it"""
    step("ruff format", "-m", "ruff", "format", *paths)
    step("ruff check --fix", "-m", "ruff", "check", "--fix", *paths)


def engines(*names: str) -> None:
    """find or build the pinned Go programs (kyverno, kustomize, gator, cyclonus) before something needs them"""
    step("engines", __file__, "_find", *names)


def browser() -> None:
    """find Chromium or Chrome for the tests of pages, or install it where apt-get may"""
    step("browser", "tools/browser.py")


def find(*names: str) -> None:
    """Print where each pinned Go program is, all of them when none is named; runs inside `.venv`."""
    from rayfence import gotool

    for tool in (gotool.KYVERNO, gotool.KUSTOMIZE, gotool.GATOR, gotool.CYCLONUS):
        if names and tool.name not in names:
            continue
        try:
            found = gotool.find(tool, say)
        except gotool.ToolMissing as missing:
            say(str(missing))
            sys.exit(3)
        if found.warning:
            say(f"warning: {found.warning}")
        say(f"{tool.title} {found.version} ({found.source}): {found.path}")


LISTED = (
    run,
    quick,
    test,
    e2e,
    lint,
    site,
    check,
    build,
    bench,
    load,
    fuzz,
    judge,
    dataplane,
    format,
    engines,
    browser,
)
COMMANDS = {each.__name__: each for each in LISTED}


def usage() -> str:
    """One line for each command."""
    lines = (f"  {name:9} {command.__doc__}" for name, command in COMMANDS.items())
    return "\n".join(["python3 tools/dev.py COMMAND [ARGUMENT...]", *lines])


def main(name: str = "help", *arguments: str) -> None:
    """Set up, then do one command."""
    ensure_new_enough_python()
    if name == "_find":
        find(*arguments)
    elif name == "_kernel":
        prepare()
    elif name == "_dataplane":
        play(*arguments)
    elif name in {"help", "-h", "--help"}:
        print(usage())
    elif name not in COMMANDS or (name == "check" and arguments):
        sys.exit(f"{usage()}\n\nnot understood: {' '.join([name, *arguments])}")
    else:
        keep_bytecode()
        set_up()
        COMMANDS[name](*arguments)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
