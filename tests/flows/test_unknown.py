"""Azure leaves out fields for a while: the real app begins nothing on what is unknown, and says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.tables.runs import runs
from simulator.oracle import judge
from simulator.running import running_simulation
from simulator.world.scripted_faults import FieldMissing
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import TWO_RINGS, nights
from tests.flows.bot import Bot
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


@contextmanager
def night(folder: Path, cluster: ClusterSpec, *missing: FieldMissing) -> Iterator[Bot]:
    """The bot in a world with one cluster, some of whose fields are null for three hours."""
    with running_simulation(in_west_europe("unknown", START, cluster, scripted_faults=missing)) as simulation:
        yield Bot(simulation, folder, CONFIG)


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
