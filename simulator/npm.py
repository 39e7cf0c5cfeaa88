"""Installs npm packages once into the cache, keyed by the content of the lock file."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path


def missing() -> str:
    """The reason why this machine cannot install npm packages; empty if it can."""
    return "" if shutil.which("node") and shutil.which("npm") else "node and npm are not installed on this machine"


def installed(package: Path, within_s: float | None = None) -> Path:
    """The folder with `node_modules` for the package.json and lock file in `package`.

    Raises:
        subprocess.SubprocessError: npm could not install the package within `within_s` seconds, for example because it is offline.
    """
    lock = (package / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("DAYTWO_CACHE") or Path.home() / ".cache" / "daytwo")
    target = cache / f"npm-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (target / ".complete").exists():
        target.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(package / name, target / name)
        command = ["npm", "ci", "--silent", "--no-fund", "--no-audit", "--omit=optional", "--ignore-scripts"]
        subprocess.run(  # noqa: S603 - npm, with nothing from outside
            command, cwd=target, check=True, timeout=within_s, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        (target / ".complete").touch()
    return target
