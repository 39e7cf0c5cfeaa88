"""The engine's contract, in memory and with a file."""

import asyncio
from pathlib import Path

import durabletask.internal.orchestrator_service_pb2 as pb
import pytest
from durabletask.client import AsyncTaskHubGrpcClient
from durabletask.internal import helpers

from simulator.host.work import RejectingContext
from tests.simulator.host.harness import Bench, activity_runs, at, make_engine, story


@story
async def test_an_approval_before_the_timeout_wins(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("approval", {"minutes": 30}, "a")
        await bench.host.run_until(at(20))
        assert await bench.raise_event("a", "decision", {"approved": True}) == 202
        assert await bench.output("a") == {
            "state": "decided",
            "decision": {"approved": True},
            "at": "2026-11-16T00:20:00",
        }


@story
async def test_a_timer_wakes_its_orchestration_at_its_exact_time(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("sleeper", [7, 1, 1444], "s")
        await bench.begin("approval", {"minutes": 8}, "a")
        await bench.host.run_until(at(2000))
        assert await bench.output("s") == ["2026-11-16T00:07:00", "2026-11-16T00:08:00", "2026-11-17T00:12:00"]
        assert await bench.output("a") == {"state": "expired", "at": "2026-11-16T00:08:00"}


@story
async def test_a_fan_out_returns_all_results(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("fan_out", ["a", "b", "c"], "f")
        assert await bench.output("f") == ["a", "b", "c"]


@story
async def test_timers_and_results_do_not_reach_the_next_generation(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("generations", {"generation": 1}, "g")
        await bench.raise_event("g", "kept", "kept over the change")
        await bench.raise_event("g", "go on", None)
        await bench.host.run_until(at(59))
        assert await bench.status("g") == "Running"  # the first generation's timer with the same id was due at 00:10
        await bench.host.run_until(at(61))
        assert await bench.output("g") == {"woke": "2026-11-16T01:00:00", "kept": "kept over the change"}


@story
async def test_continue_as_new_drops_events_by_default(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("drops_events", 1, "d")
        await bench.raise_event("d", "other", 1)
        await bench.raise_event("d", "go on", 1)
        assert await bench.status("d") == "Running"
        await bench.raise_event("d", "go on", 1)
        assert await bench.output("d") == 2


@story
async def test_events_with_the_same_name_are_delivered_in_order(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("two_waits", None, "t")
        await bench.raise_event("t", "news", 1)
        await bench.raise_event("t", "news", 2)
        assert await bench.output("t") == [1, 2]


@pytest.mark.parametrize(
    "instance_id",
    ["a%2Fb", "a%5Cb", "a%23b", "a%3Fb", "a%07b", "a%7Fb", "%40entity", "x" * 257],
    ids=["slash", "backslash", "hash", "question mark", "bell", "delete", "leading @", "257 characters"],
)
@story
async def test_ids_that_azure_rejects_are_rejected(state_dir: Path | None, instance_id: str) -> None:
    async with Bench(state_dir) as bench:
        url = f"/runtime/webhooks/durabletask/orchestrators/chain/{instance_id}?code=key-of-the-tests"
        async with bench.http.post(url, json=1) as answer:
            assert answer.status == 400
            assert "is invalid on Azure" in await answer.text()


@story
async def test_a_running_id_is_rejected(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        assert await bench.begin("approval", {"minutes": 30}, "a") == 202
        assert await bench.begin("approval", {"minutes": 5}, "a") == 500
        await bench.host.run_until(at(6))
        assert await bench.status("a") == "Running"


@story
async def test_a_finished_id_is_replaced(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("chain", 1, "c")
        assert await bench.output("c") == 0
        assert await bench.begin("chain", 3, "c") == 202
        assert await bench.output("c") == 2


@story
async def test_a_childs_result_reaches_its_parent_however_long_it_takes(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("parent", {"child": "sleeper", "input": [600], "id": "kid"}, "p")
        await bench.host.run_until(at(601))
        assert await bench.output("p") == {"child said": ["2026-11-16T10:00:00"]}


@story
async def test_a_childs_failure_reaches_its_parent(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("parent", {"child": "failing", "input": "no quota"}, "p")
        assert "no quota" in (await bench.output("p"))["failed"]


@story
async def test_a_child_with_a_running_id_fails_its_parents_call(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("sleeper", [60], "kid")
        await bench.begin("parent", {"child": "sleeper", "input": [1], "id": "kid"}, "p")
        assert "already exists" in (await bench.output("p"))["failed"]


@story
async def test_a_failure_without_a_message_is_a_failure(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("speechless", None, "s")
        assert await bench.output("s") == "noticed"


@story
async def test_a_retry_waits_on_the_hosts_clock(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        activity_runs()
        await bench.begin("retrying", "key", "r")
        assert await bench.status("r") == "Running"
        await bench.host.run_until(at(2))
        assert await bench.output("r") == 3


@story
async def test_an_orchestration_sends_an_event_to_another(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("approval", {"minutes": 30}, "a")
        await bench.begin("sender", "a", "s")
        assert (await bench.output("a"))["decision"] == {"approved": True}


@story
async def test_a_suspended_instance_waits_until_it_is_resumed(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("approval", {"minutes": 30}, "a")
        assert await bench.manage("POST", "/a/suspend") == 202
        await bench.raise_event("a", "decision", "yes")
        assert await bench.status("a") == "Suspended"
        assert await bench.manage("POST", "/a/resume") == 202
        assert (await bench.output("a"))["decision"] == "yes"


@story
async def test_a_terminated_instance_is_finished(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("approval", {"minutes": 30}, "a")
        assert await bench.manage("POST", "/a/terminate", reason="enough") == 202
        assert await bench.status("a") == "Terminated"
        assert (await bench.look("a"))["output"] == "enough"
        assert bench.host.engine.next_due() is None


@story
async def test_an_event_to_a_finished_or_unknown_instance_is_rejected(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("chain", 1, "c")
        assert await bench.raise_event("c", "late", 1) == 410
        assert await bench.raise_event("unknown", "late", 1) == 404


@story
async def test_a_purged_instance_is_deleted_and_its_id_is_free(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("chain", 1, "c")
        async with bench.http.delete("/api/purge/c") as answer:  # through the app's durable client
            assert await answer.json() == {"deleted": 1}
        assert await bench.status("c") == "unknown"
        assert await bench.manage("DELETE", "/c") == 404
        assert await bench.begin("chain", 2, "c") == 202
        assert await bench.output("c") == 1


@story
async def test_a_running_instance_is_not_purged(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("approval", {"minutes": 30}, "a")
        async with bench.http.delete("/api/purge/a") as answer:
            assert await answer.json() == {"deleted": 0}
        assert await bench.status("a") == "Running"


@story
async def test_an_activity_starts_an_orchestration_with_its_client(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("starts_child", "kid", "s")
        assert await bench.output("s") == "kid"
        assert await bench.output("kid") == 0


@story
async def test_an_unknown_orchestrator_fails_with_its_name(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench:
        await bench.begin("nonsense", None, "n")
        state = await bench.look("n")
        assert state["runtimeStatus"] == "Failed"
        assert "no orchestrator named 'nonsense'" in state["output"]


@story
async def test_many_waiting_clients_do_not_starve_the_engine(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench, AsyncTaskHubGrpcClient(host_address=bench.host.rpc_address) as client:
        await bench.begin("approval", {"minutes": 30}, "a")
        waiting = [asyncio.create_task(client.wait_for_orchestration_completion("a", timeout=30)) for _ in range(40)]
        while bench.host.engine.watchers.count("a") < 40:
            await asyncio.sleep(0)
        await bench.begin("chain", 2, "c")
        assert await bench.output("c") == 1
        await bench.raise_event("a", "decision", "yes")
        states = await asyncio.gather(*waiting)
        assert [state.runtime_status.name for state in states if state] == ["COMPLETED"] * 40


@story
async def test_a_delayed_start_begins_in_time(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench, AsyncTaskHubGrpcClient(host_address=bench.host.rpc_address) as client:
        await client.schedule_new_orchestration("sleeper", input=[1], instance_id="s", start_at=at(90))
        await bench.host.run_until(at(89))
        assert await bench.status("s") == "Pending"
        await bench.host.run_until(at(92))
        assert await bench.output("s") == ["2026-11-16T01:31:00"]


@story
async def test_a_delayed_start_that_is_terminated_never_begins(state_dir: Path | None) -> None:
    async with Bench(state_dir) as bench, AsyncTaskHubGrpcClient(host_address=bench.host.rpc_address) as client:
        activity_runs()
        await client.schedule_new_orchestration("chain", input=1, instance_id="c", start_at=at(90))
        await client.terminate_orchestration("c", output="not needed")
        await bench.host.run_until(at(91))
        assert await bench.status("c") == "Terminated"
        assert "echo 0" not in activity_runs()


def test_abandoned_work_is_queued_again(state_dir: Path | None) -> None:
    engine = make_engine(state_dir)
    engine.StartInstance(pb.CreateInstanceRequest(instanceId="i", name="chain"), RejectingContext())
    lost = engine.take_turn()
    assert lost is not None
    assert engine.take_turn() is None
    engine.abandon_turn(lost)
    again = engine.take_turn()
    assert again is not None
    schedule = helpers.new_schedule_task_action(1, "echo", "1", None)
    engine.complete_turn(again, pb.OrchestratorResponse(instanceId="i", actions=[schedule]))
    activity = engine.take_activity()
    assert activity is not None
    assert engine.take_activity() is None
    engine.abandon_activity(activity)
    assert engine.take_activity() == activity
