"""Runs that started under older code continue under the current code: recorded histories are replayed, prefix by prefix."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from ops.adapters.durable_flow import DurableFlow
from ops.engine import VERSION, orchestrator
from ops.model.json import Json
from simulator.executor.recording import Recording
from simulator.executor.replay import replay

HERE = Path(__file__).parent
RECORDINGS = sorted(HERE.glob("v*/*.json"))


def current_orchestrator(path: Path) -> Any:
    """The orchestrator for a recording, in the version with which the recording was made."""
    name, version = path.name.split(".")[0], int(path.parent.name.removeprefix("v"))

    def run(context: Any, payload: dict[str, Json]) -> Generator[Any, Any, Json]:
        return (yield from orchestrator(name, version)(DurableFlow(context), payload))

    run.__name__ = name
    return run


def test_each_orchestrator_has_a_history_for_each_version() -> None:
    recorded = {(path.parent.name, path.name.split(".")[0]) for path in RECORDINGS}
    versions = [f"v{version}" for version in range(1, VERSION + 1)]
    assert recorded == {(version, name) for version in versions for name in ("operation", "rollout")}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_the_current_orchestrator_replays_the_recording(path: Path) -> None:
    difference = replay(current_orchestrator(path), Recording.load(path))
    assert difference is None, f"runs in progress would break: {difference}"


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_changed_orchestrator_is_detected(path: Path) -> None:
    """Validates the test above: an orchestrator that starts with a different activity diverges in its first turn."""

    def changed(context: Any, payload: dict[str, Json]) -> Generator[Any, Any, Json]:
        yield DurableFlow(context).call("conclude", payload)
        return None

    difference = replay(changed, Recording.load(path))
    assert difference is not None
    assert difference.turn == 1
