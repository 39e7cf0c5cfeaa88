"""The engine's contract, in memory and with a file."""

import asyncio
from pathlib import Path

import durabletask.internal.orchestrator_service_pb2 as pb
import pytest
from durabletask.client import AsyncTaskHubGrpcClient
from durabletask.internal import helpers

from simulator.host.work import RejectingContext
from tests.simulator.host.harness import HostHarness, activity_runs, async_test, at, make_engine


@async_test
async def test_an_approval_before_the_timeout_wins(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("approval", {"minutes": 30}, "a")
        await harness.host.run_until(at(20))
        assert await harness.raise_event("a", "decision", {"approved": True}) == 202
        assert await harness.output("a") == {
            "state": "decided",
            "decision": {"approved": True},
            "at": "2026-11-16T00:20:00",
        }


@async_test
async def test_a_timer_wakes_its_orchestration_at_its_exact_time(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("sleeper", [7, 1, 1444], "s")
        await harness.begin("approval", {"minutes": 8}, "a")
        await harness.host.run_until(at(2000))
        assert await harness.output("s") == ["2026-11-16T00:07:00", "2026-11-16T00:08:00", "2026-11-17T00:12:00"]
        assert await harness.output("a") == {"state": "expired", "at": "2026-11-16T00:08:00"}


@async_test
async def test_a_fan_out_returns_all_results(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("fan_out", ["a", "b", "c"], "f")
        assert await harness.output("f") == ["a", "b", "c"]


@async_test
async def test_timers_and_results_from_one_generation_do_not_reach_the_next(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("generations", {"generation": 1}, "g")
        await harness.raise_event("g", "kept", "kept over the change")
        await harness.raise_event("g", "go on", None)
        await harness.host.run_until(at(59))
        assert await harness.status("g") == "Running"  # The first generation's timer with the same id was due at 00:10.
        await harness.host.run_until(at(61))
        assert await harness.output("g") == {"woke": "2026-11-16T01:00:00", "kept": "kept over the change"}


@async_test
async def test_continue_as_new_drops_events_by_default(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("drops_events", 1, "d")
        await harness.raise_event("d", "other", 1)
        await harness.raise_event("d", "go on", 1)
        assert await harness.status("d") == "Running"
        await harness.raise_event("d", "go on", 1)
        assert await harness.output("d") == 2


@async_test
async def test_events_with_the_same_name_are_delivered_in_order(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("two_waits", None, "t")
        await harness.raise_event("t", "news", 1)
        await harness.raise_event("t", "news", 2)
        assert await harness.output("t") == [1, 2]


@pytest.mark.parametrize(
    "instance_id",
    ["a%2Fb", "a%5Cb", "a%23b", "a%3Fb", "a%07b", "a%7Fb", "%40entity", "x" * 257],
    ids=["slash", "backslash", "hash", "question mark", "bell", "delete", "leading @", "257 characters"],
)
@async_test
async def test_instance_ids_that_azure_rejects_are_rejected(state_dir: Path | None, instance_id: str) -> None:
    async with HostHarness(state_dir) as harness:
        url = f"/runtime/webhooks/durabletask/orchestrators/chain/{instance_id}?code=key-of-the-tests"
        async with harness.http.post(url, json=1) as answer:
            assert answer.status == 400
            assert "is invalid on Azure" in await answer.text()


@async_test
async def test_a_new_instance_cannot_use_the_id_of_a_running_one(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        assert await harness.begin("approval", {"minutes": 30}, "a") == 202
        assert await harness.begin("approval", {"minutes": 5}, "a") == 500
        await harness.host.run_until(at(6))
        assert await harness.status("a") == "Running"


@async_test
async def test_a_new_instance_replaces_a_finished_one_with_the_same_id(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("chain", 1, "c")
        assert await harness.output("c") == 0
        assert await harness.begin("chain", 3, "c") == 202
        assert await harness.output("c") == 2


@async_test
async def test_a_childs_result_reaches_its_parent_however_long_it_takes(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("parent", {"child": "sleeper", "input": [600], "id": "kid"}, "p")
        await harness.host.run_until(at(601))
        assert await harness.output("p") == {"child said": ["2026-11-16T10:00:00"]}


@async_test
async def test_a_childs_failure_reaches_its_parent(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("parent", {"child": "failing", "input": "no quota"}, "p")
        assert "no quota" in (await harness.output("p"))["failed"]


@async_test
async def test_calling_a_child_with_the_id_of_a_running_instance_fails(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("sleeper", [60], "kid")
        await harness.begin("parent", {"child": "sleeper", "input": [1], "id": "kid"}, "p")
        assert "already exists" in (await harness.output("p"))["failed"]


@async_test
async def test_a_failure_without_a_message_still_counts_as_a_failure(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("speechless", None, "s")
        assert await harness.output("s") == "noticed"


@async_test
async def test_retry_delays_use_the_hosts_clock(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        activity_runs()
        await harness.begin("retrying", "key", "r")
        assert await harness.status("r") == "Running"
        await harness.host.run_until(at(2))
        assert await harness.output("r") == 3


@async_test
async def test_an_orchestration_can_send_an_event_to_a_different_orchestration(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("approval", {"minutes": 30}, "a")
        await harness.begin("sender", "a", "s")
        assert (await harness.output("a"))["decision"] == {"approved": True}


@async_test
async def test_a_suspended_instance_waits_until_it_is_resumed(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("approval", {"minutes": 30}, "a")
        assert await harness.manage("POST", "/a/suspend") == 202
        await harness.raise_event("a", "decision", "yes")
        assert await harness.status("a") == "Suspended"
        assert await harness.manage("POST", "/a/resume") == 202
        assert (await harness.output("a"))["decision"] == "yes"


@async_test
async def test_a_terminated_instance_is_finished(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("approval", {"minutes": 30}, "a")
        assert await harness.manage("POST", "/a/terminate", reason="enough") == 202
        assert await harness.status("a") == "Terminated"
        assert (await harness.get_status("a"))["output"] == "enough"
        assert harness.host.engine.next_due() is None


@async_test
async def test_an_event_for_a_finished_or_unknown_instance_is_rejected(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("chain", 1, "c")
        assert await harness.raise_event("c", "late", 1) == 410
        assert await harness.raise_event("unknown", "late", 1) == 404


@async_test
async def test_a_purged_instance_is_deleted_and_its_id_can_be_reused(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("chain", 1, "c")
        async with harness.http.delete("/api/purge/c") as answer:  # Uses the app's durable client.
            assert await answer.json() == {"deleted": 1}
        assert await harness.status("c") == "unknown"
        assert await harness.manage("DELETE", "/c") == 404
        assert await harness.begin("chain", 2, "c") == 202
        assert await harness.output("c") == 1


@async_test
async def test_a_running_instance_is_not_purged(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("approval", {"minutes": 30}, "a")
        async with harness.http.delete("/api/purge/a") as answer:
            assert await answer.json() == {"deleted": 0}
        assert await harness.status("a") == "Running"


@async_test
async def test_an_activity_can_start_an_orchestration_with_its_client(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("starts_child", "kid", "s")
        assert await harness.output("s") == "kid"
        assert await harness.output("kid") == 0


@async_test
async def test_the_error_for_an_unknown_orchestrator_contains_its_name(state_dir: Path | None) -> None:
    async with HostHarness(state_dir) as harness:
        await harness.begin("nonsense", None, "n")
        state = await harness.get_status("n")
        assert state["runtimeStatus"] == "Failed"
        assert "no orchestrator named 'nonsense'" in state["output"]


@async_test
async def test_many_waiting_clients_do_not_starve_the_engine(state_dir: Path | None) -> None:
    async with (
        HostHarness(state_dir) as harness,
        AsyncTaskHubGrpcClient(host_address=harness.host.rpc_address) as client,
    ):
        await harness.begin("approval", {"minutes": 30}, "a")
        waiting = [asyncio.create_task(client.wait_for_orchestration_completion("a", timeout=30)) for _ in range(40)]
        while harness.host.engine.watchers.count("a") < 40:
            await asyncio.sleep(0)
        await harness.begin("chain", 2, "c")
        assert await harness.output("c") == 1
        await harness.raise_event("a", "decision", "yes")
        states = await asyncio.gather(*waiting)
        assert [state.runtime_status.name for state in states if state] == ["COMPLETED"] * 40


@async_test
async def test_a_delayed_start_begins_on_time(state_dir: Path | None) -> None:
    async with (
        HostHarness(state_dir) as harness,
        AsyncTaskHubGrpcClient(host_address=harness.host.rpc_address) as client,
    ):
        await client.schedule_new_orchestration("sleeper", input=[1], instance_id="s", start_at=at(90))
        await harness.host.run_until(at(89))
        assert await harness.status("s") == "Pending"
        await harness.host.run_until(at(92))
        assert await harness.output("s") == ["2026-11-16T01:31:00"]


@async_test
async def test_a_delayed_start_that_is_terminated_never_begins(state_dir: Path | None) -> None:
    async with (
        HostHarness(state_dir) as harness,
        AsyncTaskHubGrpcClient(host_address=harness.host.rpc_address) as client,
    ):
        activity_runs()
        await client.schedule_new_orchestration("chain", input=1, instance_id="c", start_at=at(90))
        await client.terminate_orchestration("c", output="not needed")
        await harness.host.run_until(at(91))
        assert await harness.status("c") == "Terminated"
        assert "echo 0" not in activity_runs()


def test_abandoned_work_is_requeued(state_dir: Path | None) -> None:
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
