"""The bot on this machine: the real function app on the local host."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.adapters.state_folder import OWNER_ONLY, lock_folder, state_refusals
from ops.cli.extras import require_simulator

if TYPE_CHECKING:
    from simulator.host.host import Host

_INSTALLED = Path(__file__).with_name("app")
# The folder that Azure would load, with function_app.py and host.json: the root of a checkout, or next to this file in the wheel.
APP_FOLDER = _INSTALLED if _INSTALLED.exists() else Path(__file__).resolve().parents[2]


# The open lock files; the locks end with the process.
_LOCKS: dict[Path, int] = {}


@contextmanager
def state_problems() -> Iterator[None]:
    """Reports in one sentence if the folder of the records cannot be used, and ends the command with exit code 1.

    Raises:
        ClickException: the folder is full, read-only, damaged or used by another process.
    """
    from ops.ports.errors import StateUnavailableError
    from simulator.host.files import StateUnusableError

    try:
        yield
    except (StateUnavailableError, StateUnusableError) as error:
        raise click.ClickException(str(error)) from error


def local_host(state: Path, config: Path, port: int = 0) -> "tuple[Host, str]":
    """Returns a host that stores its data in `state`, and the host's function key. The app reads its settings from the environment."""
    require_simulator()
    from ops.bootstrap import wiring
    from simulator.host.clock import RemoteClock, WallClock
    from simulator.host.host import Host

    folder = state.resolve()
    if folder not in _LOCKS:
        _LOCKS[folder] = lock_folder(state)
    os.environ["DAYTWO_STATE"] = str(state)
    os.environ["DAYTWO_CONFIG"] = str(config)
    # A deployed app fetches the calendars when its first timer fires, but a person at a terminal should not have to wait for that.
    wiring().process.refresh_calendars()
    clock = RemoteClock(os.environ["CLOCK_URL"]) if "CLOCK_URL" in os.environ else WallClock()
    key = function_key(state)
    return Host(APP_FOLDER, clock, state / "engine", port=port, function_key=key), key


def configuration_problem() -> str:
    """Returns why this process cannot use its configuration; empty if it can."""
    from ops.bootstrap import wiring

    wired = wiring()
    return wired.config.current(wired.ports.clock.now()).problem


def function_key(state: Path) -> str:
    """Returns the key that HTTP callers send; it is created once and readable only by its owner."""
    file, fresh = state / "function-key", state / "function-key.new"
    with state_refusals(file):
        if not file.exists() or not file.read_text().strip():  # an earlier process found the disk full
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=OWNER_ONLY)
            fresh.write_text(secrets.token_urlsafe(32))
            fresh.replace(file)
        return file.read_text().strip()
