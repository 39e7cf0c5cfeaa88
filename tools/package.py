"""`make package`: creates the zip that Azure runs. An invalid configuration is rejected."""

import argparse
import re
import sys
import zipfile
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from ops.config import ConfigError, Feeds, load, read_beside, render_problems
from ops.config.feeds import is_address

ROOT = Path(__file__).resolve().parents[1]
# The command line is meant for an engineer's machine, and the simulator is never deployed.
_LEFT_OUT = ("ops/cli/",)
_SINGLE = ("function_app.py", "host.json")
# The lock file for the packages that Azure always installs, and one for each extra.
_LOCK = "requirements.txt"
_EXTRA_LOCKS = {"teams-bot": "requirements-teams-bot.txt", "telemetry": "requirements-telemetry.txt"}
_NO_EVENTS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:daytwo\r\nEND:VCALENDAR\r\n"
# The times in the zip are fixed, so that the same content always produces the same file.
_EPOCH = (2026, 1, 1, 0, 0, 0)


def pack(target: Path, config: Path | None = None, extras: Collection[str] = ()) -> None:
    """Writes the zip; Azure installs the packages in its requirements.txt. `extras` can contain `teams-bot` and `telemetry`.

    Raises:
        ConfigError: the configuration is not valid.
    """
    calendars = _checked(config) if config is not None else {}
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        files = {name: file.read_bytes() for name, file in (dict(_files(config)) | calendars).items()}
        files[_LOCK] = _requirements(extras).encode()
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)


def _requirements(extras: Collection[str]) -> str:
    """Merges the lock files for the chosen extras. They contain the same versions, so there are no conflicts (`make locks`)."""
    packages = dict[str, str]()
    for lock in (_LOCK, *(_EXTRA_LOCKS[extra] for extra in extras)):
        for package in re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE):
            packages.setdefault(package.partition("==")[0], package)
    return "".join(package for _, package in sorted(packages.items()))


def _checked(config: Path) -> dict[str, Path]:
    """Returns the calendar files that a configuration names, keyed by file name. Raises ConfigError if the configuration is invalid.

    A calendar with a URL is not fetched here, because the deployed app reads it, possibly from another network.
    """
    today, found = datetime.now(UTC).date(), dict[str, Path]()
    beside = read_beside(config.parent, lambda _: _NO_EVENTS)

    def read(location: str) -> bytes:
        content = beside(location)
        if not is_address(location):
            found[PurePosixPath(location).as_posix()] = config.parent / location
        return content

    feeds = Feeds(read, today - timedelta(days=7), today + timedelta(days=400))
    load(config.read_bytes(), str(config), feeds, full=True)
    return found


def _files(config: Path | None) -> Iterator[tuple[str, Path]]:
    for name in _SINGLE:
        yield name, ROOT / name
    for file in (ROOT / "ops").rglob("*"):
        name = file.relative_to(ROOT).as_posix()
        if file.suffix in (".py", ".json", ".html", ".css") and not name.startswith(_LEFT_OUT):
            yield name, file
    if config is not None:
        yield "daytwo.yaml", config


def main(arguments: list[str]) -> int:
    """Pack the app with the given configuration, or with the project's `daytwo.yaml` if there is one."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description="Write the zip that Azure runs.")
    parser.add_argument("--config", type=Path, default=ROOT / "daytwo.yaml")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "daytwo.zip")
    parser.add_argument(
        "--teams-bot",
        action="append_const",
        dest="extras",
        const="teams-bot",
        help="with Teams' own client (docs/teams.md)",
    )
    parser.add_argument(
        "--telemetry",
        action="append_const",
        dest="extras",
        const="telemetry",
        help="with the exporter to Application Insights",
    )
    options = parser.parse_args(arguments)
    target: Path = options.out
    has_config = options.config.exists()
    try:
        pack(target, options.config if has_config else None, options.extras or ())
    except ConfigError as error:
        print(render_problems(error.problems), file=sys.stderr)
        return 2
    note = "" if has_config else " (without a daytwo.yaml: put one beside function_app.py)"
    relative = target.relative_to(ROOT) if target.is_relative_to(ROOT) else target
    print(f"{relative}: {target.stat().st_size // 1024} kB{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
