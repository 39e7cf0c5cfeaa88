"""The real app in a simulated Azure with every sort of pool, update runs of a fleet, and a start that leaves its cluster failed."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.model.run import State
from ops.tables.conditions import open_conditions
from ops.tables.runs import runs
from simulator.world.journal import Kind
from simulator.world.scripted_faults import StartFails
from simulator.world.specs import ClusterSpec, FleetManagerSpec, PoolSpec, UpdateRunSpec
from tests.configurations import ONE_RING, TO_SLACK, TWO_RINGS, nights
from tests.flows.bot import Bot, messages, running_bot
from tests.simulator.host.harness import async_test
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 20, tzinfo=UTC)
CONFIG = ONE_RING + nights() + "node-image: {window: nights, start-stopped-clusters: true}\n" + TO_SLACK
POWER = (
    TWO_RINGS
    + nights()
    + 'power:\n  - {select: {names: [sleepy-*]}, awake: "mon-sun 22:00-23:59", zone: UTC}\n'
    + TO_SLACK
)
LAST = "AKSAzureLinux-V2gen2-202511.24.0"
ASKS = ("NodeImageNotSupported", "The node image is no longer supported. Please upgrade the node image.")
SORTS = ClusterSpec(
    "sorts-dev",
    "westeurope",
    (
        PoolSpec("system", 1, mode="System", max_surge="1"),
        PoolSpec("asleep", 2, stopped=True),
        PoolSpec("avset", 1, type="AvailabilitySet"),
        PoolSpec("azl2", 1, os_sku="AzureLinux", image=LAST, last_image=LAST),
        PoolSpec("broken", 1, max_surge="1", failed=ASKS),
        PoolSpec("machines", 1, mode="Machines"),
        PoolSpec("old", 1, max_surge="1", image="AKSUbuntu-1804gen2containerd-2022.10.03"),
    ),
    resource_group="rg-straße",
    tags=(("env", "dev"),),
)
ONE_POOL = replace(SORTS, name="shop-dev", pools=(PoolSpec("system", 1, mode="System", max_surge="1"),))


def night(folder: Path, cluster: ClusterSpec, *runs_: UpdateRunSpec) -> AbstractContextManager[Bot]:
    """The bot in a world with one cluster, which is a member of a fleet with these update runs."""
    world = in_west_europe("sorts", START, cluster)
    manager = FleetManagerSpec("f1", "westeurope", ((cluster.name, "dev"),), runs_)
    return running_bot(replace(world, managers=(manager,)), folder, CONFIG)


def refused(bot: Bot) -> list[object]:
    return [entry for entry in bot.simulation.world.journal.entries if entry.kind is Kind.OPERATION_REFUSED]


def test_each_sort_of_pool_is_upgraded_or_left_out_and_nothing_is_refused(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(START + timedelta(hours=7))
            assert bot.started_operations() == [
                f"upgrade-node-image sorts-dev {name}" for name in ("system", "asleep", "old", "broken")
            ]
            assert refused(bot) == []
            (run,) = (stored.value for stored in runs(bot.store).scan())
            assert run.state is State.DONE
            assert {skip.what: str(skip.code) for skip in run.skips} == {
                "avset": "unsupported-pool",
                "azl2": "no-newer-image",
                "machines": "unsupported-pool",
            }
            (condition,) = open_conditions(bot.store)
            assert "avset: availability sets were retired" in condition.text
            assert "azl2: 202511.24.0 is its last image" in condition.text
            assert "machines" not in condition.text

    with night(tmp_path, SORTS) as bot:
        act(bot)


def test_an_update_run_is_left_alone_until_it_has_ended(tmp_path: Path) -> None:
    begins, ends = START + timedelta(minutes=20), START + timedelta(hours=3)

    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(ends - timedelta(minutes=1))
            assert bot.started_operations() == []
            (run,) = (stored.value for stored in runs(bot.store).scan())
            assert "the update run r7 of the fleet f1 contains the cluster: Running, stage canary" in run.why
            await bot.run_until(ends + timedelta(hours=1))
            assert bot.started_operations() == ["upgrade-node-image shop-dev system"]
            assert open_conditions(bot.store) == ()

    with night(tmp_path, ONE_POOL, UpdateRunSpec("r7", START, begins, ends, stages=(("canary", ("dev",)),))) as bot:
        act(bot)


def test_an_update_run_that_is_not_started_is_reported_once(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(START + timedelta(hours=5))
            assert bot.started_operations() == []
            (condition,) = open_conditions(bot.store)
            assert "r7 is NotStarted" in condition.text
            assert [texts for texts in messages(bot.simulation).values() if "is waiting" in texts[0]] == [
                ["◆ Update run · f1 · is waiting · needs you"]
            ]

    with night(tmp_path, ONE_POOL, UpdateRunSpec("r7", START)) as bot:
        act(bot)


def test_a_start_that_leaves_its_cluster_failed_and_running_needs_a_person(tmp_path: Path) -> None:
    sleepy = replace(ONE_POOL, name="sleepy-dev", stopped=True)
    world = in_west_europe("failed", START, sleepy, scripted_faults=(StartFails("sleepy-dev", leaves_running=True),))

    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(START + timedelta(hours=2, minutes=20))
            assert bot.started_operations() == ["start sleepy-dev"]
            (condition,) = (each for each in open_conditions(bot.store) if each.what == "Cluster")
            assert "last operation as Failed and its power state as running" in condition.text

    with running_bot(world, tmp_path, POWER) as bot:
        act(bot)
