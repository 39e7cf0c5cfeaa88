"""The bot on this machine: the real function app on the local host."""

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.host.host import Host

# The folder that Azure would load: where function_app.py and host.json are.
APP_FOLDER = Path(__file__).resolve().parents[2]


def local_host(state: Path, config: Path, port: int = 0) -> "tuple[Host, str]":
    """A host that keeps everything in `state`, and its function key. The app reads its settings from the environment."""
    from ops.bootstrap import wiring
    from simulator.host.clock import RemoteClock, WallClock
    from simulator.host.host import Host

    state.mkdir(parents=True, exist_ok=True)
    os.environ["DAYTWO_STATE"] = str(state)
    os.environ["DAYTWO_CONFIG"] = str(config)
    # Elsewhere the first tick does it; here somebody waits for an answer at once.
    wiring().process.refresh_calendars()
    clock = RemoteClock(os.environ["CLOCK_URL"]) if "CLOCK_URL" in os.environ else WallClock()
    key = function_key(state)
    return Host(APP_FOLDER, clock, state / "engine", port=port, function_key=key), key


def configuration_problem() -> str:
    """What keeps the configuration of this process from being used; empty where nothing does."""
    from ops.bootstrap import wiring

    wired = wiring()
    return wired.config.current(wired.ports.clock.now()).problem


def function_key(state: Path) -> str:
    """The key that HTTP callers show; made once, readable by its owner only."""
    file = state / "function-key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    return file.read_text().strip()
