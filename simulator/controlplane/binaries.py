"""Finds the control plane's binaries, which are either configured, cached, or built on demand."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from simulator.controlplane.build import ETCD, KUBERNETES, KWOK, OLDEST_GO, build

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
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and _complete(Path(assets)):
        return Path(assets)
    cache = cache_folder()
    if _complete(cache):
        return cache
    go = _go()
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _complete(cache):
            _build_into(cache, go)
    return cache


def cache_folder() -> Path:
    """Return the cache folder for this set of versions."""
    root = os.environ.get("DAYTWO_CACHE") or Path.home() / ".cache" / "daytwo"
    return Path(root) / f"controlplane-k{KUBERNETES}-e{ETCD}-w{KWOK}"


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in PROGRAMS)


def _go() -> str:
    """Return the path to the Go command.

    Raises:
        MissingError: Go is missing or too old.
    """
    go = shutil.which("go")
    needed = ".".join(str(part) for part in OLDEST_GO)
    remedy = f"Install Go {needed} or later, or point KUBEBUILDER_ASSETS at a folder with {', '.join(PROGRAMS)}."
    if go is None:
        raise MissingError(
            f"No control plane is cached in {cache_folder()}, and Go is not installed to build one. {remedy}"
        )
    output = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - no shell: the `go` that shutil.which found on PATH, and constant arguments
    found = _GO_VERSION.match(output)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GO:
        raise MissingError(f"{go} is {output.strip()}, which is too old to build a control plane. {remedy}")
    return go


def _build_into(cache: Path, go: str) -> None:
    """Build in a temporary folder, then move the result, so that an interrupted build does not leave incomplete files behind."""
    work = Path(tempfile.mkdtemp(prefix="controlplane-", dir=cache.parent))
    try:
        build(go, work)
        shutil.rmtree(cache, ignore_errors=True)
        work.rename(cache)
    finally:
        shutil.rmtree(work, ignore_errors=True)
