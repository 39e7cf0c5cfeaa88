"""`make package`: the zip that Azure runs. Refuses to pack a wrong configuration."""

import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.config import ConfigError, Feeds, load, read_beside, render_problems

ROOT = Path(__file__).resolve().parents[1]
# The command line is for an engineer's machine; the simulator is never deployed.
_LEFT_OUT = ("ops/cli/",)
_SINGLE = ("function_app.py", "host.json", "requirements.txt")
# A zip's times are fixed, so that the same content is the same file.
_EPOCH = (2026, 1, 1, 0, 0, 0)


def pack(target: Path, config: Path | None = None) -> None:
    """Write the zip. Raises ConfigError where the configuration to go with it is wrong."""
    if config is not None:
        today = datetime.now(UTC).date()
        feeds = Feeds(read_beside(config.parent), today - timedelta(days=7), today + timedelta(days=400))
        load(config.read_bytes(), str(config), feeds)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(_files(config)):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, file.read_bytes())


def _files(config: Path | None) -> Iterator[tuple[str, Path]]:
    for name in _SINGLE:
        yield name, ROOT / name
    for file in (ROOT / "ops").rglob("*"):
        name = file.relative_to(ROOT).as_posix()
        if file.suffix in (".py", ".json") and not name.startswith(_LEFT_OUT):
            yield name, file
    if config is not None:
        yield "daytwo.yaml", config
        for calendar in config.parent.glob("*.ics"):
            yield calendar.name, calendar


def main() -> int:
    """Pack the project's own `daytwo.yaml`, where there is one."""
    config = ROOT / "daytwo.yaml"
    target = ROOT / "build" / "daytwo.zip"
    try:
        pack(target, config if config.exists() else None)
    except ConfigError as error:
        print(render_problems(error.problems), file=sys.stderr)
        return 2
    said = "" if config.exists() else " (without a daytwo.yaml: put one beside function_app.py)"
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} kB{said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
