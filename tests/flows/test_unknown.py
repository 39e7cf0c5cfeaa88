"""Azure leaves out fields for a while: the real app begins nothing on what is unknown, and says so."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.tables.conditions import open_conditions
from ops.tables.runs import runs
from simulator.oracle import judge
from simulator.world.journal import Kind
from simulator.world.scripted_faults import FieldMissing, Refusal
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import TWO_RINGS, nights
from tests.flows.bot import Bot, messages, running_bot
from tests.simulator.host.harness import async_test
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 20, tzinfo=UTC)
HIDDEN, SHOWN = datetime(2026, 11, 16, 21, 40, tzinfo=UTC), datetime(2026, 11, 17, 0, 40, tzinfo=UTC)
CONFIG = (
    TWO_RINGS
    + nights()
    + """\
node-image: {window: nights, start-stopped-clusters: true}
power:
  - {select: {names: [sleepy-*]}, awake: "mon-fri 07:00-22:00", zone: UTC}
chat: {slack: {channel: C0123}}
"""
)
POOLS = (PoolSpec("system", 1, mode="System", max_surge="1"),)
SLEEPY = ClusterSpec("sleepy-dev", "westeurope", POOLS, resource_group="rg", tags=(("env", "dev"),))
BEHIND = ClusterSpec("shop-dev", "westeurope", POOLS, resource_group="rg", tags=(("env", "dev"),))


def night(folder: Path, cluster: ClusterSpec, *missing: FieldMissing | Refusal) -> AbstractContextManager[Bot]:
    """The bot in a world with one cluster, some of whose fields are null for three hours."""
    return running_bot(in_west_europe("unknown", START, cluster, scripted_faults=missing), folder, CONFIG)


def test_a_cluster_whose_power_state_is_null_is_not_stopped_before_the_state_is_known(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(SHOWN - timedelta(minutes=1))
            assert bot.started_operations() == []
            await bot.run_until(SHOWN + timedelta(hours=2))
            assert bot.started_operations() == ["upgrade-node-image sleepy-dev system", "stop sleepy-dev"]
            world = bot.simulation.world
            verdict = judge(CONFIG, world.core.spec, world.journal.entries, START, SHOWN + timedelta(hours=2))
            assert verdict.violations == ()

    with night(tmp_path, SLEEPY, FieldMissing("sleepy-dev", "powerState", HIDDEN, SHOWN)) as bot:
        act(bot)


def test_a_pool_without_a_count_is_upgraded_and_judged_by_its_nodes(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(SHOWN + timedelta(hours=2))
            found = [stored.value for stored in runs(bot.store).scan() if stored.value.runbook == "node-image"]
            (step,) = found[0].finished
            assert step.evidence.startswith("1 of 1 nodes run ")

    end = SHOWN + timedelta(days=1)
    with night(tmp_path, BEHIND, FieldMissing("shop-dev", "count", START, end, "system")) as bot:
        act(bot)


@pytest.mark.parametrize(
    ("status", "code"), [(409, "ScopeLocked"), (403, "AuthorizationFailed"), (403, "DenyAssignmentAuthorizationFailed")]
)
def test_a_cluster_that_azure_refuses_to_stop_is_reported_once_and_asked_seldom(
    tmp_path: Path, status: int, code: str
) -> None:
    end = START + timedelta(hours=12)
    stopped = replace(SLEEPY, pools=(replace(POOLS[0], releases_behind=0),))
    refusal = Refusal("sleepy-dev", START + timedelta(minutes=1), end + timedelta(days=1), status, code, "Ask Ana.")

    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(end)
            world = bot.simulation.world
            asked = [entry for entry in world.journal.of(Kind.OPERATION_REFUSED) if entry.detail["code"] == code]
            assert 3 <= len(asked) <= 6
            (condition,) = open_conditions(bot.store)
            assert f"{code}: Ask Ana." in condition.text
            assert judge(CONFIG, world.core.spec, world.journal.entries, START, end).violations == ()
            shown = [text for texts in messages(bot.simulation).values() for text in texts]
            assert [text for text in shown if "Power" in text] == ["◆ Power · sleepy-dev · refused · needs you"]

    with night(tmp_path, stopped, refusal) as bot:
        act(bot)
