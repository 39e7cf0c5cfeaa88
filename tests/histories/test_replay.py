"""Runs that started with older code continue with the current code: recorded histories are replayed, prefix by prefix."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from ops.adapters.durable_flow import DurableFlow
from ops.engine import orchestrator
from ops.model.json import Json
from simulator.executor.recording import Recording
from simulator.executor.replay import replay

RECORDINGS = sorted(Path(__file__).parent.glob("*.json"))


def current_orchestrator(name: str) -> Any:
    def run(context: Any, payload: dict[str, Json]) -> Generator[Any, Any, Json]:
        return (yield from orchestrator(name)(DurableFlow(context), payload))

    run.__name__ = name
    return run


def test_there_is_a_history_of_each_orchestrator() -> None:
    assert {path.name.split(".")[0] for path in RECORDINGS} == {"operation", "rollout"}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_the_current_orchestrator_replays_the_recording(path: Path) -> None:
    difference = replay(current_orchestrator(path.name.split(".")[0]), Recording.load(path))
    assert difference is None, f"runs in progress would break: {difference}"


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_changed_orchestrator_is_detected(path: Path) -> None:
    """Validates the test above: an orchestrator that starts with another activity differs in its first turn."""

    def changed(context: Any, payload: dict[str, Json]) -> Generator[Any, Any, Json]:
        yield DurableFlow(context).call("conclude", payload)
        return None

    difference = replay(changed, Recording.load(path))
    assert difference is not None
    assert difference.turn == 1
