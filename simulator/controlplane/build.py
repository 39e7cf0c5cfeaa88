"""Builds etcd, the Kubernetes control plane, kwok and kubectl from their Go modules.

``go install`` cannot build ``k8s.io/kubernetes``, because it replaces its staging modules with folders. A generated
module requires it and replaces each staging module with its published version.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

KUBERNETES = "1.35.4"
STAGING = "0.35.4"
ETCD = "3.6.5"
KWOK = "0.8.0"
OLDEST_GO = (1, 25)
COMMANDS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
_STAGED = re.compile(r"^\s*(k8s\.io/[a-z-]+) => \./staging", re.MULTILINE)
_GO_LINE = re.compile(r"^go .*$", re.MULTILINE)


class BuildError(Exception):
    """A build failed. The text contains the command and the end of its output."""


def build(go: str, into: Path) -> None:
    """Build all binaries into a folder, which takes four to five minutes on two cores and 2 GB of memory.

    Raises:
        BuildError: a command failed.
    """
    with tempfile.TemporaryDirectory(prefix="controlplane-build-") as folder:
        work = Path(folder)
        _build_kubernetes(go, work / "kubernetes", into, COMMANDS)
        _build_etcd(go, work / "etcd", into)
        install = [go, "install", "-trimpath", "-ldflags", "-s -w", f"sigs.k8s.io/kwok/cmd/kwok@v{KWOK}"]
        _run(install, work, {"GOBIN": str(into)})


def build_kubectl(go: str, into: Path) -> None:
    """Build kubectl into a folder, which takes about half a minute.

    Raises:
        BuildError: a command failed.
    """
    with tempfile.TemporaryDirectory(prefix="kubectl-build-") as folder:
        _build_kubernetes(go, Path(folder) / "kubernetes", into, ("kubectl",))


def _build_kubernetes(go: str, work: Path, into: Path, commands: Sequence[str]) -> None:
    work.mkdir()
    output = _run([go, "mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}"], work)
    source = (Path(json.loads(output)["Dir"]) / "go.mod").read_text()
    go_line = _GO_LINE.search(source)
    if go_line is None:
        raise BuildError("The go.mod of k8s.io/kubernetes does not state a version of Go.")
    lines = ["module example.invalid/controlplane", go_line[0], f"require k8s.io/kubernetes v{KUBERNETES}"]
    lines += [f"replace {module} => {module} v{STAGING}" for module in _STAGED.findall(source)]
    (work / "go.mod").write_text("\n".join(lines) + "\n")
    _keep(work, [f"k8s.io/kubernetes/cmd/{command}" for command in commands])
    _run([go, "mod", "tidy", "-e"], work)
    major, minor, _ = KUBERNETES.split(".")
    version = "k8s.io/component-base/version"
    flags = f"-s -w -X {version}.gitVersion=v{KUBERNETES} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
    for command in commands:
        package = f"k8s.io/kubernetes/cmd/{command}"
        _run([go, "build", "-trimpath", "-ldflags", flags, "-o", f"{into}/", package], work)


def _build_etcd(go: str, work: Path, into: Path) -> None:
    work.mkdir()
    package = "go.etcd.io/etcd/server/v3"
    (work / "go.mod").write_text(f"module example.invalid/etcd\n\ngo 1.25.0\n\nrequire {package} v{ETCD}\n")
    _keep(work, [package])
    _run([go, "mod", "tidy", "-e"], work)
    _run([go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(into / "etcd"), package], work)


def _keep(work: Path, packages: list[str]) -> None:
    """Import packages behind a build tag, so that `go mod tidy` does not remove their dependencies."""
    imports = "\n".join(f'import _ "{package}"' for package in packages)
    (work / "tools.go").write_text(f"//go:build tools\n\npackage tools\n\n{imports}\n")


def _run(command: list[str], work: Path, more: Mapping[str, str] | None = None) -> str:
    environment = {**os.environ, "CGO_ENABLED": "0", **(more or {})}
    # Runs at low priority, because a build keeps all cores busy for minutes.
    ended = subprocess.run(  # noqa: S603 - no shell: every caller passes the `go` that shutil.which found, and constants of this package
        ["/usr/bin/env", "nice", "-n", "10", *command],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise BuildError(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stderr[-4000:]}")
    return ended.stdout
