"""Recorded histories show whether a run in progress would survive a change to its orchestrator."""

import asyncio
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from durabletask import task

from simulator.executor.live import Orchestrator
from simulator.executor.recording import Recording, main
from simulator.executor.replay import replay
from tests.simulator.host.app import flows
from tests.simulator.host.harness import HostHarness, at

type Flow = Generator[task.Task[Any], Any, Any]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings that were exported from the state file of a stopped host."""
    folder = tmp_path_factory.mktemp("state")

    async def live() -> None:
        async with HostHarness(folder) as harness:
            await harness.begin("approval", {"minutes": 30}, "approval")
            await harness.begin("parent", {"child": "failing", "input": "x", "id": "kid"}, "parent")
            await harness.begin("failing", "no quota", "failing")
            await harness.begin("sleeper", [1, 2, 3], "sleeper")
            await harness.begin("sender", "approval", "sender")
            await harness.host.run_until(at(4))

    asyncio.run(live())
    for name in ("approval", "parent", "failing", "sleeper", "sender"):
        assert main([str(folder / "engine.db"), name, str(folder / f"{name}.json")]) == 0
    return folder


@pytest.mark.parametrize("orchestrator", [flows.approval, flows.parent, flows.failing, flows.sleeper, flows.sender])
def test_an_unchanged_orchestrator_replays_without_differences(recorded: Path, orchestrator: Orchestrator) -> None:
    recording = Recording.load(recorded / f"{orchestrator.__name__}.json")
    assert replay(orchestrator, recording) is None


def renamed_activity(ctx: task.OrchestrationContext, given: dict[str, Any]) -> Flow:
    decision, timeout = ctx.wait_for_external_event("decision"), ctx.create_timer(timedelta(minutes=given["minutes"]))
    yield task.when_any([decision, timeout])
    yield ctx.call_activity("repeat", input=decision.get_result())


def changed_input(ctx: task.OrchestrationContext, given: dict[str, Any]) -> Flow:
    decision, timeout = ctx.wait_for_external_event("decision"), ctx.create_timer(timedelta(minutes=given["minutes"]))
    yield task.when_any([decision, timeout])
    yield ctx.call_activity("echo", input=[decision.get_result()])


def longer_timer(ctx: task.OrchestrationContext, given: dict[str, Any]) -> Flow:
    yield ctx.create_timer(timedelta(hours=given["minutes"]))


def one_step_more(ctx: task.OrchestrationContext, given: dict[str, Any]) -> Flow:
    yield ctx.call_activity("echo", input="new first step")
    yield from flows.approval(ctx, given)


def raises(_ctx: task.OrchestrationContext, _given: object) -> None:
    raise KeyError("minutes")


@pytest.mark.parametrize(
    ("orchestrator", "reported"),
    [
        (renamed_activity, 'turn 2: recorded activity #2 echo {"approved": true}; the current orchestrator requests activity'),
        (changed_input, 'the current orchestrator requests activity #2 echo [{"approved": true}]'),
        (longer_timer, "turn 1: recorded timer #1 2026-11-16T00:30:00+00:00; the current orchestrator requests timer #1 2026-11-17"),
        (one_step_more, "turn 1: recorded timer #1 2026-11-16T00:30:00+00:00; the current orchestrator requests activity #1"),
        (raises, "turn 1: the current orchestrator fails: KeyError: 'minutes'"),
    ],
    ids=["renamed activity", "changed input", "longer timer", "inserted step", "raises"],
)  # fmt: skip
def test_the_first_difference_in_a_changed_orchestrator_is_reported(
    recorded: Path, orchestrator: Orchestrator, reported: str
) -> None:
    difference = replay(orchestrator, Recording.load(recorded / "approval.json"))
    assert reported in str(difference)


def test_an_unknown_instance_cannot_be_recorded(recorded: Path) -> None:
    with pytest.raises(KeyError, match="does not contain the instance"):
        Recording.of_file(recorded / "engine.db", "unknown")
