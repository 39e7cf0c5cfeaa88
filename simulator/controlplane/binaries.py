"""Where the control plane's programs are: given, cached, or built now."""

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
    """This machine has no control plane and cannot make one; the text says what is missing."""


def find_binaries() -> Path:
    """Return a folder with all programs: KUBEBUILDER_ASSETS, the cache under DAYTWO_CACHE, or a build into it.

    A build takes about five minutes on two cores; meanwhile others wait for it.

    Raises:
        MissingError: none of the three is possible here.
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
    """Return where a build is kept: one folder for each set of versions."""
    root = os.environ.get("DAYTWO_CACHE") or Path.home() / ".cache" / "daytwo"
    return Path(root) / f"controlplane-k{KUBERNETES}-e{ETCD}-w{KWOK}"


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in PROGRAMS)


def _go() -> str:
    """Return the Go command.

    Raises:
        MissingError: there is none, or it is too old.
    """
    go = shutil.which("go")
    needed = ".".join(str(part) for part in OLDEST_GO)
    remedy = f"Install Go {needed} or later, or point KUBEBUILDER_ASSETS at a folder with {', '.join(PROGRAMS)}."
    if go is None:
        raise MissingError(f"No control plane is cached in {cache_folder()}, and there is no Go to build one. {remedy}")
    told = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - nothing from outside: PATH's own go, constant words
    found = _GO_VERSION.match(told)
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GO:
        raise MissingError(f"{go} is {told.strip()}, too old to build a control plane. {remedy}")
    return go


def _build_into(cache: Path, go: str) -> None:
    """Build beside the cache and move the result there: a build that is cut leaves nothing half done."""
    work = Path(tempfile.mkdtemp(prefix="controlplane-", dir=cache.parent))
    try:
        build(go, work)
        shutil.rmtree(cache, ignore_errors=True)
        work.rename(cache)
    finally:
        shutil.rmtree(work, ignore_errors=True)
