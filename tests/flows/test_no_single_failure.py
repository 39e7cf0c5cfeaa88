"""No single record, instance or event stops everything: the real app on the local host, damaged from outside."""

import sqlite3
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.model.run import State
from ops.tables.runs import rollouts
from simulator.running import Running, running_simulation
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import ONE_RING, TO_SLACK, nights
from tests.flows.bot import KEY, Bot, messages, running_bot
from tests.flows.fleet import CONFIG, TWO_POOLS, after, fleet
from tests.simulator.host.harness import async_test
from tests.staging import in_west_europe

# Every table that a timer reads in a loop.
LOOPED = ("run", "condition", "known-cluster", "message", "answer", "unpublished-end", "proof", "open", "live", "event")


def poison(bot: Bot, kind: str, key: str, text: str = "{") -> None:
    """Write a record that is not JSON into the bot's store, as a defect or a person could."""
    with closing(sqlite3.connect(bot.folder / "store.sqlite")) as store, store:
        store.execute("insert or replace into records values (?, ?, ?, 1)", (kind, key, text))


@async_test
async def test_records_that_cannot_be_read_do_not_stop_the_hourly_timer(bot: Bot, simulation: Running) -> None:
    async with bot:
        await bot.call("GET", "runbooks")  # creates the store
        for kind in LOOPED:
            poison(bot, kind, "aa.poison-000000.x")
        await bot.run_until(after(hours=5))
        assert bot.run_of("shop-dev").state is State.DONE
        conditions = (await bot.call("GET", "conditions")).body
        (records,) = [each for each in conditions if each["what"] == "Records"]
        assert "run aa.poison-000000.x: its value is not JSON" in records["text"]
        assert [
            text for key, shown in messages(simulation).items() if key.startswith("set-aside") for text in shown
        ] == ["◆ Records · set aside · needs you"]


SLEEPER = ClusterSpec(
    "pay-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", max_surge="1"), PoolSpec("user1", 2, max_surge="1")),
    resource_group="rg",
    tags=(("env", "dev"),),
    stopped=True,
)
NIGHT = datetime(2026, 11, 16, 21, 50, tzinfo=UTC)
SLEEPING = (
    ONE_RING
    + nights()
    + """\
node-image: {window: nights, start-stopped-clusters: true}
power:
  - {select: {names: ["pay-dev"]}, awake: "mon-fri 08:00-19:00", zone: UTC}
"""
    + TO_SLACK
)


def sleeping(folder: Path) -> AbstractContextManager[Bot]:
    return running_bot(in_west_europe("lost", NIGHT, SLEEPER), folder, SLEEPING)


async def lose(bot: Bot, instance: str) -> None:
    """Let the engine lose an instance, as if its storage had been damaged."""
    address = f"/runtime/webhooks/durabletask/instances/{instance}"
    async with bot.http.post(f"{address}/terminate", params={"code": KEY}) as answer:
        assert answer.status == 202
    await bot.host.settle()
    async with bot.http.delete(address, params={"code": KEY}) as answer:
        assert answer.status == 200
    await bot.host.settle()


@async_test
async def test_an_orchestration_that_is_lost_after_it_has_started_a_cluster_does_not_halt_the_week(
    tmp_path: Path,
) -> None:
    with sleeping(tmp_path) as bot:
        async with bot:
            await bot.run_until(NIGHT + timedelta(minutes=40))
            run = bot.run_of("pay-dev")
            assert bot.started_operations()[-1] == "upgrade-node-image pay-dev user1"
            await lose(bot, run.id)
            await bot.run_until(NIGHT + timedelta(hours=4))
            assert bot.run_of("pay-dev").state is State.DONE
            assert bot.started_operations() == [
                "start pay-dev",
                "upgrade-node-image pay-dev system",
                "upgrade-node-image pay-dev user1",
                "stop pay-dev",
            ]
            (rollout,) = rollouts(bot.store).scan()
            assert rollout.value.state is not State.HALTED
            kinds = [entry.kind for entry in bot.ledger("2026-11-16", "2026-11-17")]
            assert kinds.count("janitor") == 1


@async_test
async def test_a_cancelled_runs_thread_shows_its_end(simulation: Running, tmp_path: Path) -> None:
    async with Bot(simulation, tmp_path, CONFIG) as bot:
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=3))
        assert bot.started_operations() == ["upgrade-node-image shop-dev system"]
        await bot.call("POST", f"runs/{run}/cancel", {"by": "ana"})
        await bot.run_until(after(hours=2))
        assert bot.run(run).state is State.HALTED
        (details,) = messages(simulation)[f"{run}.details"]
        assert "halted" in details


SPOT = ClusterSpec(
    "shop-dev",
    "westeurope",
    (
        PoolSpec("system", 1, mode="System", releases_behind=0),
        PoolSpec("spot", 20, priority="Spot", releases_behind=0),
    ),
    resource_group="rg-shop",
    tags=(("env", "dev"),),
)


@pytest.mark.parametrize("is_known", [True, False])
def test_many_evictions_list_the_fleet_at_most_once(tmp_path: Path, *, is_known: bool) -> None:
    with running_simulation(fleet(SPOT)) as simulation:
        _evict(Bot(simulation, tmp_path, CONFIG + "spot: {group-within: 10m}\n"), is_known=is_known)


@async_test
async def _evict(bot: Bot, *, is_known: bool) -> None:
    """Report the eviction of 20 nodes, five times each."""
    async with bot:
        if is_known:
            await bot.run_until(after(hours=1))  # the hourly timer has recorded the fleet
        before = lists(bot.simulation)
        nodes = [entry for entry in journal(bot.simulation, "node-joined") if entry["pool"] == "spot"]
        assert len(nodes) == 20
        for number in range(100):
            assert await bot.send_event(_eviction(number, nodes[number % 20]["node"])) == 202
        assert lists(bot.simulation) - before == (0 if is_known else 1)


def lists(simulation: Running) -> int:
    """How often the bot has listed the fleet."""
    counted: Any = simulation.control("/requests")["requests"]
    return sum(each["count"] for each in counted if each["action"] == "Microsoft.ResourceGraph/resources/read")


def journal(simulation: Running, kind: str) -> list[Any]:
    entries: Any = simulation.control("/journal")["entries"]
    return [entry for entry in entries if entry["kind"] == kind]


def _eviction(number: int, node: str) -> dict[str, object]:
    """Azure's event about the eviction of a node's instance."""
    scale_set, instance = node[:-6], int(node[-6:], 36)
    target = (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/MC_rg-shop_shop-dev_westeurope"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/{scale_set}/virtualMachines/{instance}"
    )
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "/subscriptions/00000000-0000-0000-0000-000000000000",
        "subject": target,
        "type": "Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated",
        "data": {
            "resourceInfo": {"properties": {"annotationName": "VirtualMachinePreempted", "targetResourceId": target}}
        },
    }
