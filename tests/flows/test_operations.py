"""The four other operations in the real app: for each a success, a rejection, a failure with a rollback, and a start over HTTP."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ops.model.run import Run, State
from ops.tables.runs import runs
from simulator.running import Running, control
from simulator.world.scripted_faults import (
    BudgetAlert,
    RebootRequired,
    RestartFails,
    ScriptedFault,
    SpotEviction,
    StartFails,
)
from simulator.world.specs import ClusterSpec, PoolSpec
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.configurations import TWO_RINGS, nights
from tests.flows.bot import BUDGET_KEY, Bot, messages, running_bot, target_of
from tests.simulator.host.harness import async_test
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 50, tzinfo=UTC)
CONFIG = (
    TWO_RINGS
    + nights()
    + """\
reboot: {window: nights, drain-timeout: 20m}
power:
  - {select: {names: [sleepy-*]}, awake: "mon-fri 07:00-22:30", zone: UTC}
spot: {group-within: 10m}
cost:
  budgets: [{name: platform, offer: [stop-dev-clusters]}]
chat:
  slack: {channel: C0123, routes: [{select: {tags: {team: web}}, channel: C0456}]}
"""
)
POOLS = (
    PoolSpec("system", 1, mode="System", releases_behind=0),
    PoolSpec("user1", 3, releases_behind=0),
    PoolSpec("spot", 5, priority="Spot", releases_behind=0),
)
WEB = WorkloadSpec("shop", "web", 4, PdbSpec(min_available=2), pool="user1")
BLOCKING_BUDGET = WorkloadSpec("shop", "rigid", 3, PdbSpec(max_unavailable=0), pool="user1")
JOBS = WorkloadSpec("shop", "job", 5, tolerates_spot=True, pool="spot")
DEV = ClusterSpec("shop-dev", "westeurope", POOLS, resource_group="rg", tags=(("env", "dev"),), workloads=(WEB, JOBS))
SCHEDULED_CLUSTER = ClusterSpec("sleepy-dev", "westeurope", POOLS[:1], resource_group="rg", tags=(("env", "dev"),))


def after(**delta: float) -> datetime:
    return START + timedelta(**delta)


def night(
    folder: Path, *clusters: ClusterSpec, scripted_faults: tuple[ScriptedFault, ...] = ()
) -> AbstractContextManager[Bot]:
    fleet = in_west_europe("operations", START, *clusters, scripted_faults=scripted_faults)
    return running_bot(fleet, folder, CONFIG, schema="cloudevents")


async def subscribe_to_budgets(bot: Bot) -> None:
    address = f"{bot.url}/api/alerts/budget?key={BUDGET_KEY}"
    await asyncio.to_thread(
        control, bot.simulation.environment, "/subscribers", {"url": address, "schema": "action-group"}
    )


def only(bot: Bot, runbook: str) -> Run:
    (found,) = [stored.value for stored in runs(bot.store).scan(f"{runbook}.")]
    return found


def journal(simulation: Running, *kinds: str) -> list[dict[str, Any]]:
    entries: Any = simulation.control("/journal")["entries"]
    return [entry for entry in entries if entry["kind"] in kinds]


def cordons(bot: Bot) -> list[str]:
    return [entry["kind"] for entry in journal(bot.simulation, "node-cordoned", "node-uncordoned")]


class TestReboot:
    """docs/reboot.md."""

    def test_nodes_are_rebooted_one_by_one_and_uncordoned(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await bot.run_until(after(hours=3))

        with night(tmp_path, DEV, scripted_faults=(RebootRequired("shop-dev", "user1", after(minutes=1), 2),)) as bot:
            act(bot)
            run = only(bot, "reboot")
            assert (run.state, run.source) == (State.DONE, "timer")
            assert cordons(bot) == ["node-cordoned", "node-uncordoned"] * 2
            assert len(journal(bot.simulation, "node-booted")) == 2
            assert len(messages(bot.simulation)[run.id]) == 1

    def test_a_blocking_pdb_is_reported_and_its_node_is_not_cordoned(self, tmp_path: Path) -> None:
        rigid = ClusterSpec(
            "shop-dev",
            "westeurope",
            POOLS[:2],
            resource_group="rg",
            tags=(("env", "dev"),),
            workloads=(BLOCKING_BUDGET,),
        )

        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await bot.run_until(after(minutes=20))
                run_id = await bot.start_run(rigid, "reboot")
                await bot.run_until(after(hours=1))
                run = bot.run(run_id)
                assert run.state is State.SKIPPED
                assert {skip.code for skip in run.skips} == {"pdb-never"}
                assert "PDB shop/rigid never allows an eviction" in run.skips[0].why

        with night(tmp_path, rigid, scripted_faults=(RebootRequired("shop-dev", "user1", after(minutes=1)),)) as bot:
            act(bot)
            assert cordons(bot) == []

    def test_a_node_is_uncordoned_after_a_failed_restart(self, tmp_path: Path) -> None:
        reboot_required = RebootRequired("shop-dev", "user1", after(minutes=1), 1)

        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await bot.run_until(after(hours=3))

        with night(tmp_path, DEV, scripted_faults=(reboot_required, RestartFails("shop-dev", "user1"))) as bot:
            act(bot)
            run = only(bot, "reboot")
            assert (run.state, run.code) == (State.FAILED, "VMStartTimedOut")
            assert cordons(bot) == ["node-cordoned", "node-uncordoned"]


class TestPower:
    """docs/power.md."""

    def test_a_cluster_is_stopped_on_schedule(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await bot.run_until(after(hours=2))

        with night(tmp_path, SCHEDULED_CLUSTER) as bot:
            act(bot)
            assert only(bot, "power").state is State.DONE
            assert bot.started_operations() == ["stop sleepy-dev"]

    def test_an_override_over_http_keeps_the_cluster_awake(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                body = {"target": target_of(SCHEDULED_CLUSTER), "until": after(hours=3).isoformat(), "by": "ana"}
                assert (await bot.call("POST", "overrides/awake", body)).status == 202
                await bot.run_until(after(hours=3))
                assert bot.started_operations() == []
                await bot.run_until(after(hours=4))
                assert bot.started_operations() == ["stop sleepy-dev"]

        with night(tmp_path, SCHEDULED_CLUSTER) as bot:
            act(bot)

    def test_a_manual_stop_of_production_is_rejected(self, tmp_path: Path) -> None:
        production = ClusterSpec("sleepy-prod", "westeurope", POOLS[:1], resource_group="rg", tags=(("env", "prod"),))

        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await bot.run_until(after(hours=1))
                run = bot.run(await bot.start_run(production, "power"))
                assert (run.state, run.why) == (
                    State.SKIPPED,
                    "production is the last ring, whose clusters are never stopped",
                )
                assert bot.started_operations() == []

        with night(tmp_path, production) as bot:
            act(bot)

    def test_a_start_without_capacity_fails_and_is_reported(self, tmp_path: Path) -> None:
        asleep = ClusterSpec(
            "sleepy-dev", "westeurope", POOLS[:1], resource_group="rg", tags=(("env", "dev"),), stopped=True
        )

        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                run_id = await bot.start_run(asleep, "power")
                await bot.run_until(after(minutes=30))
                run = bot.run(run_id)
                assert (run.state, run.code) == (State.FAILED, "AllocationFailed")
                assert run.remedy == "Azure had no capacity: try again later"

        with night(tmp_path, asleep, scripted_faults=(StartFails("sleepy-dev"),)) as bot:
            act(bot)


class TestSpot:
    """docs/spot.md."""

    def test_five_evictions_are_handled_by_one_run_with_one_outcome(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await bot.run_until(after(hours=12))

        eviction = SpotEviction("shop-dev", "spot", after(hours=8), 5, notice_s=25)
        with night(tmp_path, DEV, scripted_faults=(eviction,)) as bot:
            act(bot)
            run = only(bot, "spot")
            assert (run.state, run.headline) == (State.DONE, "5 spot nodes evicted")
            assert "5 of 5 nodes are gone" in run.lines
            assert any("spot has no node" in line for line in run.lines)
            assert len(messages(bot.simulation)[run.id]) == 1

    def test_nodes_that_stay_registered_are_reported_as_they_are(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await bot.run_until(after(hours=12))

        eviction = SpotEviction("shop-dev", "spot", after(hours=8), 2, notice_s=25, stays=True)
        with night(tmp_path, DEV, scripted_faults=(eviction,)) as bot:
            act(bot)
            lines = only(bot, "spot").lines
            assert lines[0] == "0 of 2 nodes are gone"
            assert all(line.endswith("is still registered and not Ready") for line in lines[1:3])

    def test_an_eviction_that_azure_reports_hours_later_is_reported_and_nothing_is_drained(
        self, tmp_path: Path
    ) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await bot.run_until(after(hours=6))

        eviction = SpotEviction("shop-dev", "spot", after(hours=1), 2, reported_after_s=4 * 3600)
        with night(tmp_path, DEV, scripted_faults=(eviction,)) as bot:
            act(bot)
            run = only(bot, "spot")
            assert (run.state, run.steps, run.finished) == (State.DONE, (), ())
            assert any("reported late, so nothing was drained" in line for line in run.lines)
            assert cordons(bot) == []

    def test_a_manual_start_without_an_eviction_is_reported(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                run = bot.run(await bot.start_run(DEV, "spot"))
                assert (run.state, run.why) == (State.SKIPPED, "this run has no evictions")

        with night(tmp_path, DEV) as bot:
            act(bot)

    def test_a_node_is_uncordoned_after_a_false_alarm(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                node = next(
                    entry["node"] for entry in journal(bot.simulation, "node-joined") if entry["pool"] == "spot"
                )
                source = target_of(DEV)
                event = {
                    "specversion": "1.0",
                    "id": "1",
                    "type": "daytwo.spot.notice",
                    "source": source,
                    "data": {"node": node},
                }
                assert await bot.send_event(event, **{"aeg-event-type": "Notification"}) < 300
                await bot.run_until(after(hours=1))
                expected = f"{node} still exists and is Ready: a false alarm, or its machine has come back"
                assert expected in only(bot, "spot").lines

        with night(tmp_path, DEV) as bot:
            act(bot)
            assert cordons(bot) == ["node-cordoned", "node-uncordoned"]


class TestBudget:
    """docs/budget.md."""

    def test_a_repeated_alert_is_explained_once(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await subscribe_to_budgets(bot)
                await bot.run_until(after(hours=2))

        alert = BudgetAlert("platform", after(hours=1), "legacy", 80, 8123.5, 10000)
        with night(tmp_path, DEV, SCHEDULED_CLUSTER, scripted_faults=(alert,)) as bot:
            act(bot)
            run = only(bot, "budget")
            assert (run.state, run.headline) == (State.DONE, "platform has exceeded €8,000.00 of €10,000.00")
            assert bot.started_operations() == ["stop sleepy-dev"]
            assert len(messages(bot.simulation)[run.id]) == 1

    def test_alerts_of_any_currency_and_scope_are_reported(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                await subscribe_to_budgets(bot)
                await bot.run_until(after(hours=2))

        plain = BudgetAlert("platform", after(hours=1), "common", 80, 412345.5, 500000, "INR", style="indian")
        alerts = (plain, replace(plain, group="rg-web", style="words"), replace(plain, group="rg-shop", style="comma"))
        with night(tmp_path, DEV, scripted_faults=alerts) as bot:
            act(bot)
            found = {
                run.value.lines[1]: (run.value.state, run.value.headline) for run in runs(bot.store).scan("budget.")
            }
            scope = "budget of /subscriptions/00000000-0000-0000-0000-000000000000"
            exceeded = (State.DONE, "platform has exceeded 400,000.00 INR of 500,000.00 INR")
            assert found == {
                scope: exceeded,
                f"{scope}/resourceGroups/rg-shop": exceeded,
                f"{scope}/resourceGroups/rg-web": (
                    State.DONE,
                    "platform has exceeded 'see the portal' of 'see the portal'",
                ),
            }

    def test_an_invalid_alert_is_rejected_and_recorded(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                answer = await bot.call("POST", f"alerts/budget?key={BUDGET_KEY}", {"schemaId": "x", "data": {}})
                assert (answer.status, "budget" in str(answer.body)) == (400, True)
                assert [entry.kind for entry in bot.ledger("2026-11-16")] == ["unreadable", "condition"]

        with night(tmp_path, DEV) as bot:
            act(bot)

    def test_a_run_that_is_started_manually_does_not_have_an_alert_to_explain(self, tmp_path: Path) -> None:
        @async_test
        async def act(bot: Bot) -> None:
            async with bot:
                run = bot.run(await bot.start_run(DEV, "budget"))
                assert (run.state, run.why) == (
                    State.SKIPPED,
                    "there is no alert to explain: this run was not started by an alert",
                )

        with night(tmp_path, DEV) as bot:
            act(bot)


def test_messages_go_to_the_channel_that_the_route_names(tmp_path: Path) -> None:
    web = ClusterSpec(
        "sleepy-web", "westeurope", POOLS[:1], resource_group="rg", tags=(("env", "dev"), ("team", "web"))
    )

    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(after(hours=2))

    with night(tmp_path, web, SCHEDULED_CLUSTER) as bot:
        act(bot)
        channels: Any = bot.simulation.control("/slack")["channels"]
        shown = {channel["id"]: [message["text"] for message in channel["messages"]] for channel in channels}
        assert shown["C0456"] == ["✓ Power · sleepy-web · done"]
        assert shown["C0123"] == ["✓ Power · sleepy-dev · done"]
