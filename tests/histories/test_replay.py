"""Runs that began with yesterday's code go on with today's: recorded histories are replayed, prefix by prefix."""

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


def todays(name: str) -> Any:
    def run(context: Any, payload: dict[str, Json]) -> Generator[Any, Any, Json]:
        return (yield from orchestrator(name)(DurableFlow(context), payload))

    run.__name__ = name
    return run


def test_there_is_a_history_of_each_orchestrator() -> None:
    assert {path.name.split(".")[0] for path in RECORDINGS} == {"operation", "rollout"}


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_todays_orchestrator_does_what_was_recorded(path: Path) -> None:
    difference = replay(todays(path.name.split(".")[0]), Recording.load(path))
    assert difference is None, f"runs in flight would break: {difference}"


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_changed_orchestrator_is_noticed(path: Path) -> None:
    """What keeps the test above honest: one that calls another activity first differs in its first turn."""

    def changed(context: Any, payload: dict[str, Json]) -> Generator[Any, Any, Json]:
        yield DurableFlow(context).call("conclude", payload)
        return None

    difference = replay(changed, Recording.load(path))
    assert difference is not None
    assert difference.turn == 1
