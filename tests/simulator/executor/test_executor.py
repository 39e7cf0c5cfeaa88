"""The executor, which runs without an engine, behaves like the engine."""

import asyncio
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from durabletask import task

from simulator.executor.executor import Activity, Executor, ExecutorError
from simulator.executor.live import Orchestrator
from tests.simulator.host.app import flows
from tests.simulator.host.harness import MONDAY, HostHarness, at

type Flow = Generator[task.Task[Any], Any, Any]


def executor(*more: Orchestrator, activities: tuple[Activity, ...] = ()) -> Executor:
    return Executor([*flows.ORCHESTRATORS, *more], [*flows.ACTIVITIES, *activities], MONDAY)


def output(one: Executor, instance_id: str) -> object:
    status = one.status(instance_id)
    assert status is not None
    assert status.state == "Completed", status
    return status.output


def test_an_approval_before_the_timeout_wins() -> None:
    one = executor()
    one.start("approval", {"minutes": 30}, "a")
    one.run_until(at(20))
    one.raise_event("a", "decision", {"approved": True})
    assert output(one, "a") == {"state": "decided", "decision": {"approved": True}, "at": "2026-11-16T00:20:00"}


def test_a_custom_status_is_available_during_and_after_the_run() -> None:
    one = executor()
    one.start("approval", {"minutes": 30}, "a")
    status = one.status("a")
    assert status is not None
    assert (status.state, status.custom_status) == ("Running", {"phase": "needs you"})
    one.raise_event("a", "decision", "yes")
    status = one.status("a")
    assert status is not None
    assert (status.state, status.custom_status) == ("Completed", {"phase": "decided"})


def test_a_missing_approval_times_out() -> None:
    one = executor()
    one.start("approval", {"minutes": 30}, "a")
    assert one.next_due() == at(30)
    one.run_until(at(31))
    assert output(one, "a") == {"state": "expired", "at": "2026-11-16T00:30:00"}
    assert one.next_due() is None


def test_each_timer_fires_at_its_exact_time() -> None:
    one = executor()
    one.start("sleeper", [7, 1, 1444], "s")
    one.run_until(at(2000))
    assert output(one, "s") == ["2026-11-16T00:07:00", "2026-11-16T00:08:00", "2026-11-17T00:12:00"]


def test_a_fan_out_returns_all_results() -> None:
    one = executor()
    one.start("fan_out", ["a", "b"], "f")
    assert output(one, "f") == ["a", "b"]


def test_timers_and_results_from_one_generation_do_not_reach_the_next() -> None:
    one = executor()
    one.start("generations", {"generation": 1}, "g")
    one.raise_event("g", "kept", "kept over the change")
    one.raise_event("g", "go on")
    one.run_until(at(61))
    assert output(one, "g") == {"woke": "2026-11-16T01:00:00", "kept": "kept over the change"}


def test_a_childs_result_and_failure_reach_its_parent() -> None:
    one = executor()
    one.start("parent", {"child": "sleeper", "input": [5], "id": "kid"}, "p")
    one.start("parent", {"child": "failing", "input": "no quota", "id": "bad"}, "q")
    one.run_until(at(6))
    assert output(one, "p") == {"child said": ["2026-11-16T00:05:00"]}
    assert "no quota" in str(output(one, "q"))


def test_calling_a_child_with_the_id_of_a_running_instance_fails() -> None:
    one = executor()
    one.start("sleeper", [60], "kid")
    one.start("parent", {"child": "sleeper", "input": [1], "id": "kid"}, "p")
    assert "already exists" in str(output(one, "p"))


def test_a_failed_orchestrator_reports_its_error() -> None:
    one = executor()
    one.start("failing", "no quota", "f")
    status = one.status("f")
    assert status is not None
    assert (status.state, status.error) == ("Failed", "no quota")


def test_retry_delays_use_the_executors_clock() -> None:
    attempts: list[datetime] = []

    def flaky(_ctx: task.ActivityContext, _given: object) -> int:
        attempts.append(one.now)
        if len(attempts) < 3:
            raise RuntimeError("not yet")
        return len(attempts)

    def patient(ctx: task.OrchestrationContext, _given: object) -> Flow:
        policy = task.RetryPolicy(first_retry_interval=timedelta(minutes=1), max_number_of_attempts=5)
        return (yield ctx.call_activity("flaky", retry_policy=policy))

    one = executor(patient, activities=(flaky,))
    one.start("patient", None, "p")
    one.run_until(at(10))
    assert output(one, "p") == 3
    assert attempts == [at(0), at(1), at(2)]


def test_scheduled_calls_are_made_on_time() -> None:
    one = executor()
    called: list[datetime] = []
    one.cron("0 */30 * * * *", called.append)
    one.at(at(45), called.append)
    one.run_until(at(90))
    assert called == [at(30), at(45), at(60), at(90)]


def test_a_new_instance_can_replace_a_finished_one_but_not_a_running_one() -> None:
    one = executor()
    one.start("sleeper", [10], "s")
    with pytest.raises(ExecutorError, match="already exists and is running"):
        one.start("sleeper", [10], "s")
    one.run_until(at(11))
    one.start("sleeper", [1], "s")
    one.run_until(at(13))
    assert output(one, "s") == ["2026-11-16T00:12:00"]


def test_an_event_for_a_finished_instance_is_rejected() -> None:
    one = executor()
    one.start("chain", 1, "c")
    with pytest.raises(ExecutorError, match="it is finished"):
        one.raise_event("c", "late")


def test_the_engine_and_the_executor_give_the_same_results(tmp_path: Path) -> None:
    """Running the same scenario on both gives the same outputs and custom statuses."""

    async def on_the_host() -> list[object]:
        async with HostHarness(tmp_path) as harness:
            await harness.begin("approval", {"minutes": 30}, "a")
            await harness.begin("approval", {"minutes": 3}, "late")
            await harness.begin("generations", {"generation": 1}, "g")
            await harness.begin("parent", {"child": "sleeper", "input": [5], "id": "kid"}, "p")
            await harness.host.run_until(at(20))
            await harness.raise_event("a", "decision", "yes")
            await harness.raise_event("g", "go on", None)
            await harness.raise_event("g", "kept", 1)
            await harness.host.run_until(at(300))
            return [await harness.output(name) for name in ("a", "late", "g", "p")]

    one = executor()
    one.start("approval", {"minutes": 30}, "a")
    one.start("approval", {"minutes": 3}, "late")
    one.start("generations", {"generation": 1}, "g")
    one.start("parent", {"child": "sleeper", "input": [5], "id": "kid"}, "p")
    one.run_until(at(20))
    one.raise_event("a", "decision", "yes")
    one.raise_event("g", "go on")
    one.raise_event("g", "kept", 1)
    one.run_until(at(300))
    assert [output(one, name) for name in ("a", "late", "g", "p")] == asyncio.run(on_the_host())
    assert one.now == datetime(2026, 11, 16, 5, tzinfo=UTC)
