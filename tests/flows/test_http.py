"""Runs that people start, pause, resume, and cancel over HTTP, through the real app."""

import asyncio

import pytest

from ops.model.run import State
from simulator.running import Running
from tests.flows.bot import Bot, messages, target_of
from tests.flows.fleet import OPENS, TWO_POOLS, after
from tests.simulator.host.harness import async_test

# At this time its first pool is being upgraded, and its second has not begun.
IN_THE_FIRST_POOL = {"minutes": 2}


@async_test
async def test_a_run_started_over_http_completes(bot: Bot) -> None:
    async with bot:
        answer = await bot.call("POST", "runbooks/node-image", {"target": target_of(TWO_POOLS), "by": "ana"})
        assert (answer.status, answer.location) == (202, f"/api/runs/{answer.body['run']}")
        await bot.run_until(after(hours=3))
        shown = await bot.call("GET", answer.location.removeprefix("/api/"))
        assert (shown.status, shown.body["state"], shown.body["by"]) == (
            200,
            "done",
            "a holder of the function key (says: ana)",
        )
        assert bot.started_operations() == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]
        (line,) = (await bot.call("GET", "runs?state=done")).body
        assert (line["id"], line["target"]) == (answer.body["run"], "shop-dev")


@pytest.mark.parametrize("method", ["GET", "POST"])
@async_test
async def test_every_request_without_the_key_is_rejected(bot: Bot, method: str) -> None:
    async with bot:
        answer = await bot.call(method, "runs" if method == "GET" else "runbooks/node-image", key="not-the-key")
        assert (answer.status, answer.body) == (401, None)
        assert bot.calls == []


@async_test
async def test_requests_with_the_same_idempotency_key_start_one_run(bot: Bot) -> None:
    async with bot:
        body = {"target": target_of(TWO_POOLS)}
        first = await bot.call("POST", "runbooks/node-image", body, Idempotency_Key="k1")
        second = await bot.call("POST", "runbooks/node-image", body, Idempotency_Key="k1")
        assert first.location == second.location
        assert (first.body["new"], second.body["new"]) == (True, False)


@async_test
async def test_a_run_pauses_between_pools_and_continues_after_the_resume(bot: Bot) -> None:
    async with bot:
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(**IN_THE_FIRST_POOL))
        assert (await bot.call("POST", f"runs/{run}/pause", {"by": "ana"})).status == 202
        await bot.run_until(after(minutes=40))
        assert bot.started_operations() == ["upgrade-node-image shop-dev system"]
        assert (bot.run(run).state, bot.run(run).why) == (
            State.WAITING,
            "paused by a holder of the function key (says: ana)",
        )
        assert (await bot.call("POST", f"runs/{run}/resume", {"by": "bo"})).status == 202
        # No time has passed, so it was the event that woke the run.
        assert bot.started_operations() == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]
        await bot.run_until(after(hours=1))
        assert bot.run(run).state is State.DONE
        kinds = [(entry.kind, entry.by) for entry in bot.ledger("2026-11-16", "2026-11-17") if entry.by != "daytwo"]
        assert kinds == [
            ("requested", "a holder of the function key (says: ana)"),
            ("pause", "a holder of the function key (says: ana)"),
            ("resume", "a holder of the function key (says: bo)"),
        ]


@async_test
async def test_the_running_pool_is_completed_and_no_other_pool_begins_after_a_cancel(bot: Bot) -> None:
    async with bot:
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(**IN_THE_FIRST_POOL))
        assert (await bot.call("POST", f"runs/{run}/cancel", {"by": "ana"})).status == 202
        await bot.run_until(after(minutes=40))
        assert bot.started_operations() == ["upgrade-node-image shop-dev system"]
        assert (bot.run(run).state, bot.run(run).why) == (
            State.HALTED,
            "cancelled by a holder of the function key (says: ana)",
        )
        again = await bot.call("POST", f"runs/{run}/cancel", {"by": "ana"})
        assert (again.status, again.body) == (409, {"error": "the run has ended (halted): there is nothing to cancel"})


@async_test
async def test_a_cancel_before_the_window_ends_the_run_immediately(bot: Bot) -> None:
    async with bot:
        run = await bot.start_run(TWO_POOLS)
        assert bot.run(run).until == OPENS
        await bot.call("POST", f"runs/{run}/cancel", {"by": "ana"})
        assert (bot.run(run).state, bot.started_operations()) == (State.HALTED, [])


@async_test
async def test_a_dry_run_only_makes_a_decision(bot: Bot, simulation: Running) -> None:
    async with bot:
        await bot.run_until(after(minutes=1))
        answer = await bot.call("POST", "runbooks/node-image", {"target": target_of(TWO_POOLS), "dry_run": True})
        await bot.run_until(after(minutes=40))
        run = bot.run(answer.body["run"])
        assert (run.state, run.headline, run.plan_hash != "") == (State.DONE, "would act", True)
        assert (bot.started_operations(), messages(simulation)) == ([], {})


@async_test
async def test_fifty_callers_share_one_wiring_on_a_cold_start(bot: Bot) -> None:
    async with bot:
        answers = await asyncio.gather(*(bot.call("GET", "runs") for _ in range(50)))
        assert {answer.status for answer in answers} == {200}
