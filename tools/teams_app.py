"""Creates the Teams app for your bot: a zip with the manifest (which contains the application id) and the icons."""

import argparse
import json
import sys
import uuid
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "infra" / "teams"
# The times in the zip are fixed, so that the same content always produces the same file.
_EPOCH = (2026, 1, 1, 0, 0, 0)


def pack(target: Path, app_id: uuid.UUID) -> None:
    """Writes the zip. The app has the same id as the bot, so each bot has one app."""
    manifest = json.loads((SOURCE / "manifest.json").read_text())
    manifest["id"] = manifest["bots"][0]["botId"] = str(app_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("manifest.json", _EPOCH), json.dumps(manifest, indent=2))
        for icon in manifest["icons"].values():
            archive.writestr(zipfile.ZipInfo(icon, _EPOCH), (SOURCE / icon).read_bytes())


def main(arguments: list[str]) -> int:
    """Pack the app for one bot."""
    parser = argparse.ArgumentParser(prog="python -m tools.teams_app", description="Write the zip file for Teams.")
    parser.add_argument("app_id", type=uuid.UUID, help="the bot's application id (the output teamsBotAppId)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "daytwo-teams.zip")
    options = parser.parse_args(arguments)
    pack(options.out, options.app_id)
    target: Path = options.out
    print(target.relative_to(ROOT) if target.is_relative_to(ROOT) else target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
