"""The path of uv: the one that `make setup` installs, or the machine's own."""

from pathlib import Path
from shutil import which

from tests.skip_unless import need

ROOT = Path(__file__).resolve().parents[2]


def uv() -> str:
    """The path of uv. If there is none, the test is skipped."""
    own = ROOT / ".uv" / "bin" / "uv"
    found = str(own) if own.exists() else which("uv")
    need(found, "uv is not installed: `make setup` installs it")
    return str(found)
