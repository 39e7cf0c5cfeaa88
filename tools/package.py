"""`make package`: the zip that Azure runs. Refuses to pack a wrong configuration."""

import argparse
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from ops.config import ConfigError, Feeds, load, read_beside, render_problems
from ops.config.feeds import is_address

ROOT = Path(__file__).resolve().parents[1]
# The command line is for an engineer's machine; the simulator is never deployed.
_LEFT_OUT = ("ops/cli/",)
_SINGLE = ("function_app.py", "host.json")
# The same with the optional extra teams-bot.
_WITH_TEAMS_BOT = "requirements-teams-bot.txt"
_NO_EVENTS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:daytwo\r\nEND:VCALENDAR\r\n"
# A zip's times are fixed, so that the same content is the same file.
_EPOCH = (2026, 1, 1, 0, 0, 0)


def pack(target: Path, config: Path | None = None, *, with_teams_bot: bool = False) -> None:
    """Write the zip; Azure installs what its requirements.txt names. Raises ConfigError where the configuration is wrong."""
    calendars = _checked(config) if config is not None else {}
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        files = dict(_files(config, _WITH_TEAMS_BOT if with_teams_bot else "requirements.txt"))
        for name, file in sorted((files | calendars).items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, file.read_bytes())


def _checked(config: Path) -> dict[str, Path]:
    """The calendars beside a configuration that it names, by name. Raises ConfigError where it is wrong.

    A calendar at an address is read by the deployed app, from where that is: whether it answers here says nothing.
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


def _files(config: Path | None, requirements: str) -> Iterator[tuple[str, Path]]:
    for name in _SINGLE:
        yield name, ROOT / name
    yield "requirements.txt", ROOT / requirements
    for file in (ROOT / "ops").rglob("*"):
        name = file.relative_to(ROOT).as_posix()
        if file.suffix in (".py", ".json", ".html", ".css") and not name.startswith(_LEFT_OUT):
            yield name, file
    if config is not None:
        yield "daytwo.yaml", config


def main(arguments: list[str]) -> int:
    """Pack with the project's own `daytwo.yaml`, where there is one, or another."""
    parser = argparse.ArgumentParser(prog="python -m tools.package", description="Write the zip that Azure runs.")
    parser.add_argument("--config", type=Path, default=ROOT / "daytwo.yaml")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "daytwo.zip")
    parser.add_argument("--teams-bot", action="store_true", help="with Teams' own client (docs/teams.md)")
    asked = parser.parse_args(arguments)
    target: Path = asked.out
    has_config = asked.config.exists()
    try:
        pack(target, asked.config if has_config else None, with_teams_bot=asked.teams_bot)
    except ConfigError as error:
        print(render_problems(error.problems), file=sys.stderr)
        return 2
    said = "" if has_config else " (without a daytwo.yaml: put one beside function_app.py)"
    shown = target.relative_to(ROOT) if target.is_relative_to(ROOT) else target
    print(f"{shown}: {target.stat().st_size // 1024} kB{said}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
