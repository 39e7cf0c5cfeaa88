"""A browser for the tests: `python -m tools.browser` prints the path to one, and installs it if the machine has none.

1. An installed Chromium or Chrome.
2. As root on Debian or Ubuntu: the package `chromium`.
3. The Chromium of the npm package `@sparticuz/chromium`, unpacked into Daytwo's cache (`DAYTWO_CACHE`, by default in the user's
   cache folder), one folder per version. It is built for x86-64 Linux and needs Node.js.
"""

import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from simulator import npm

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_NPM = Path(__file__).with_name("chromium")
_NAME = "@sparticuz/chromium"
_INSTALL_WITHIN_S = 600
_UNPACK = (
    "process.stdin.pipe(require('zlib').createBrotliDecompress()).on('error', e => { throw e }).pipe(process.stdout)"
)
# The package includes libraries and fonts that a minimal Linux lacks. They are used in addition to the machine's own.
_LAUNCHER = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib"
export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="relative">font-cache</cachedir>
</fontconfig>
"""


class NoBrowserError(Exception):
    """This machine does not have a browser, and none can be installed. The text states why, and what to do."""


def browser() -> Path:
    """Returns the path to a Chromium, and installs one if necessary.

    Raises:
        NoBrowserError: no browser is installed, and none can be installed here.
    """
    path = _installed()
    if path is None and os.geteuid() == 0 and shutil.which("apt-get"):
        path = _from_debian()
    return path or _from_npm()


def _installed() -> Path | None:
    found = next(filter(None, map(shutil.which, _COMMANDS)), None)
    if found is None and _MAC.exists():
        return _MAC
    return Path(found) if found else None


def _from_debian() -> Path | None:
    """Installs the Debian package. Returns None if that is impossible, for example because the mirror is unreachable."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ("install", "-qq", "-y", "--no-install-recommends", "chromium", "fonts-noto-color-emoji")
    try:
        for arguments in (("update", "-qq"), install):
            subprocess.run(  # noqa: S603 - constant arguments
                ["apt-get", *arguments],  # noqa: S607 - the one of the PATH
                env=environment,
                check=True,
                timeout=_INSTALL_WITHIN_S,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
            )
    except subprocess.SubprocessError as error:
        print(f"apt-get cannot install chromium ({error}); trying npm", file=sys.stderr)
        return None
    return _installed()


def _from_npm() -> Path:
    """Returns the Chromium from the npm package.

    Raises:
        NoBrowserError: the package does not support this machine, or cannot be installed.
    """
    reason = npm.missing()
    if not reason and (sys.platform, platform.machine()) != ("linux", "x86_64"):
        reason = f"{_NAME} has no build for {sys.platform} {platform.machine()}"
    if reason:
        raise NoBrowserError(f"no Chromium is installed, and {reason}: install Chromium or Google Chrome")
    cache = Path(os.environ.get("DAYTWO_CACHE") or Path.home() / ".cache" / "daytwo")
    version = json.loads((_NPM / "package.json").read_text())["dependencies"][_NAME]
    target = cache / f"chromium-{version}"
    cache.mkdir(parents=True, exist_ok=True)
    # Several test processes can start at the same time.
    with target.with_name(f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _unpack_into(target)
    return target / "chrome"


def _unpack_into(target: Path) -> None:
    """Unpacks the package next to the target, then renames it, so that an interrupted attempt leaves nothing behind.

    Raises:
        NoBrowserError: npm failed, or the package could not be unpacked.
    """
    work = Path(tempfile.mkdtemp(prefix="chromium-", dir=target.parent))
    try:
        packed = npm.installed(_NPM, _INSTALL_WITHIN_S) / "node_modules" / _NAME / "bin"
        _decompress(packed / "chromium.br", work / "chromium")
        for name in ("al2023", "swiftshader", "fonts"):
            _decompress(packed / f"{name}.tar.br", work / f"{name}.tar")
            with tarfile.open(work / f"{name}.tar") as archive:
                archive.extractall(work, filter="data")
            (work / f"{name}.tar").unlink()
        (work / "fonts.conf").write_text(_FONTS)
        (work / "chrome").write_text(_LAUNCHER)
        for program in ("chromium", "chrome"):
            (work / program).chmod(0o755)
        work.rename(target)
    except subprocess.SubprocessError as error:
        raise NoBrowserError(f"no Chromium is installed, and npm cannot install {_NAME}: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _decompress(packed: Path, to: Path) -> None:
    """Decompresses with Node's Brotli, because Python's standard library does not support it."""
    with packed.open("rb") as source, to.open("wb") as sink:
        command = ["node", "-e", _UNPACK]
        subprocess.run(command, stdin=source, stdout=sink, check=True)  # noqa: S603 - a constant command


if __name__ == "__main__":
    try:
        print(browser())
    except NoBrowserError as problem:
        sys.exit(str(problem))
