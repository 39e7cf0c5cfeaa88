"""Finds the control plane's binaries, which are either configured, cached, or built on demand."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from simulator.controlplane.build import ETCD, KUBERNETES, KWOK, OLDEST_GO, build, build_kubectl

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
_GO_VERSION = re.compile(r"go(\d+)\.(\d+)")


class MissingError(Exception):
    """The control plane is missing and cannot be built. The text states what needs to be installed."""


def find_binaries() -> Path:
    """Return a folder with all binaries: KUBEBUILDER_ASSETS, the cache under DAYTWO_CACHE, or a new build in the cache.

    A build takes about five minutes on two cores. Concurrent callers wait for it.

    Raises:
        MissingError: there are no binaries and they cannot be built.
    """
    return _find("control plane", cache_folder(), PROGRAMS, build)


def find_kubectl() -> Path:
    """Return kubectl, found or built in the same way. A build takes about half a minute.

    Raises:
        MissingError: it is missing and cannot be built.
    """
    cache = _cache_root() / f"kubectl-k{KUBERNETES}"
    return _find("kubectl", cache, ("kubectl",), build_kubectl) / "kubectl"


def _find(what: str, cache: Path, programs: Sequence[str], build_into: Callable[[str, Path], None]) -> Path:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and _complete(Path(assets), programs):
        return Path(assets)
    if _complete(cache, programs):
        return cache
    go = _go(what, cache, programs)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.with_name(f"{cache.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _complete(cache, programs):
            _build_into(cache, partial(build_into, go))
    return cache


def cache_folder() -> Path:
    """Return the cache folder for this set of versions."""
    return _cache_root() / f"controlplane-k{KUBERNETES}-e{ETCD}-w{KWOK}"


def _cache_root() -> Path:
    return Path(os.environ.get("DAYTWO_CACHE") or Path.home() / ".cache" / "daytwo")


def _complete(folder: Path, programs: Sequence[str]) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in programs)


def _go(what: str, cache: Path, programs: Sequence[str]) -> str:
    """Return the path to the Go command.

    Raises:
        MissingError: Go is missing or too old.
    """
    go = shutil.which("go")
    needed = ".".join(str(part) for part in OLDEST_GO)
    remedy = f"Install Go {needed} or later, or point KUBEBUILDER_ASSETS at a folder with {', '.join(programs)}."
    if go is None:
        raise MissingError(f"No {what} is cached in {cache}, and Go is not installed to build one. {remedy}")
    output = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - no shell: the `go` that shutil.which found, and constants
    found = _GO_VERSION.match(output)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GO:
        raise MissingError(f"{go} is {output.strip()}, which is too old to build a {what}. {remedy}")
    return go


def _build_into(cache: Path, build_into: Callable[[Path], None]) -> None:
    """Build in a temporary folder, then move the result, so that an interrupted build does not leave incomplete files behind."""
    work = Path(tempfile.mkdtemp(prefix=f"{cache.name}-", dir=cache.parent))
    try:
        build_into(work)
        shutil.rmtree(cache, ignore_errors=True)
        work.rename(cache)
    finally:
        shutil.rmtree(work, ignore_errors=True)
