"""One record that cannot be read is set aside in every table: everything else continues, and guards that cannot be read block."""

import ast
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ops.endpoints.event_grid import take_event
from ops.endpoints.timers import every_five_minutes, every_hour, every_quarter
from ops.model.image import ImageKey
from ops.model.json import Json
from ops.model.plan import Claim
from ops.model.proof import Proof
from ops.model.run import State
from ops.runbooks import runbooks
from ops.tables.base import store_key
from ops.tables.conditions import open_conditions
from ops.tables.fleet import proofs
from tests.approvals.helpers import ONE, requests, ring, vote
from tests.driving import NIGHT, DrivenRun, pass_time, run_request, start
from tests.fakes import ALL_OPERATIONS, NEW, World, cluster, nodes_of, pool

ROOT = Path(__file__).parents[2]
# Values that no version of Daytwo writes, and a record of a newer version.
POISON: tuple[Json, ...] = ([], "junk", 7, {"at": 7, "id": [], "run": {}}, {"_v": 99})
BUDGET_ALERT = {
    "specversion": "1.0",
    "id": "1",
    "type": "Microsoft.ContainerService.ClusterSupportEnded",
    "source": "x",
}


def tables() -> tuple[str, ...]:
    """Every kind of record that the code reads through a table or as a marker."""
    kinds: set[str] = set()
    for path in (ROOT / "ops").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Table" and len(node.args) == 3:
                kinds |= {
                    each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return (*sorted(kinds), "open", "live", "outbox", "event", "answered-command", "approval-news", "undecided")


def busy_world() -> World:
    """A world in its night: two clusters whose images are behind, one node that requires a reboot, and a sleeper that is awake."""
    world = World(config=ALL_OPERATIONS)
    world.clock.at = NIGHT.replace(minute=0)
    for name in ("shop-dev", "pay-dev"):
        one = cluster(name, pool("user1"))
        world.clusters.put(one)
        world.nodes.listed[name] = nodes_of(one, boot_id="before")
    return world


def headlines(world: World) -> list[str]:
    return [str(content["text"]) for content in world.chat.shown.values()]


def tick(world: World) -> None:
    every_five_minutes(world.context)
    every_quarter(world.context)
    every_hour(world.context, timedelta(days=14))


def outcome(world: World) -> tuple[object, ...]:
    """What a round of timers and one event have done, except for the report about the poisoned record."""
    ledger = sorted(key for key, entry in world.ledger.written.items() if entry.subject != "set-aside")
    return sorted(world.engine.started), ledger


@pytest.fixture(scope="module")
def expected() -> tuple[object, ...]:
    world = busy_world()
    tick(world)
    take_event(world.context, BUDGET_ALERT)
    assert len(world.engine.started) > 2
    return outcome(world)


@pytest.mark.parametrize("value", POISON, ids=repr)
@pytest.mark.parametrize("kind", tables())
def test_a_record_that_cannot_be_read_stops_nothing_else(kind: str, value: Json, expected: tuple[object, ...]) -> None:
    world = busy_world()
    world.store.insert(kind, "zz.poison-000000.2026", value)
    tick(world)
    take_event(world.context, BUDGET_ALERT)
    assert outcome(world) == expected
    record = world.store.get(kind, "zz.poison-000000.2026")
    assert record is None or record.value == value, "the record was changed"


def test_a_record_that_is_not_json_is_set_aside_and_reported_until_it_is_repaired() -> None:
    world = busy_world()
    tick(world)
    table = "condition"
    world.store.insert(table, "zz", {})
    _overwrite(world, table, "zz", "{")
    tick(world)
    (condition,) = (each for each in open_conditions(world.store) if each.what == "Records")
    assert condition.text == "set aside: condition zz: its value is not JSON"
    world.store.delete(table, "zz")
    tick(world)
    assert [each for each in open_conditions(world.store) if each.what == "Records"] == []
    assert [line for line in headlines(world) if "Records" in line] == [
        "✓ Records · can all be read and processed again · done"
    ]


def _overwrite(world: World, kind: str, key: str, text: str) -> None:
    connection: sqlite3.Connection = world.store._db  # noqa: SLF001 - damage that no code of Daytwo can cause
    connection.execute("update records set value=? where kind=? and key=?", (text, kind, key))


def lease_of(run: DrivenRun) -> str:
    return store_key(Claim.of_cluster(run.record.target).name)


def skip_of(run: DrivenRun) -> str:
    return f"skip|{store_key(run.record.target)}"


# The guards: what each keeps from happening on one cluster, and the key of its record.
GUARDS: dict[str, Callable[[DrivenRun], str]] = {
    "lease": lease_of,
    "wants": lease_of,
    "control": lambda run: run.id,
    "override": skip_of,
    "run": lambda run: run.id,
    "accepted-tags": lambda run: store_key(run.record.target),
}


@pytest.mark.parametrize("value", POISON, ids=repr)
@pytest.mark.parametrize("kind", GUARDS)
def test_a_guard_that_cannot_be_read_blocks_its_cluster_and_no_other(kind: str, value: Json) -> None:
    world = busy_world()
    blocked, served = (start(world, run_request(world, of=each)) for each in world.clusters.fleet.values())
    target, key = blocked.record.target, GUARDS[kind](blocked)
    world.store.delete(kind, key)
    world.store.insert(kind, key, value)
    for run in (served, blocked):
        run.turns(12)
    busy = {each.name: each.is_busy for each in world.clusters.fleet.values()}
    assert busy == {"pay-dev": True, "shop-dev": False}
    assert target.endswith("shop-dev")
    tick(world)
    assert [each.what for each in open_conditions(world.store) if each.what == "Records"] == ["Records"]


def test_a_live_run_that_cannot_be_read_keeps_the_timer_from_starting_another_one() -> None:
    world = busy_world()
    every_quarter(world.context)
    power = [each for each in world.engine.started if "power.shop-dev" in each]
    assert len(power) == 1
    key = power[0].removeprefix("operation ")
    world.store.delete("run", key)
    world.store.insert("run", key, {"_v": 99})
    world.clock.advance(minutes=15)
    every_quarter(world.context)
    assert [each for each in world.engine.started if "power.shop-dev" in each] == power
    assert set(runbooks()) >= {"power"}


@pytest.mark.parametrize("value", POISON, ids=repr)
def test_an_approval_that_cannot_be_read_lets_no_step_of_its_runs_begin(value: Json) -> None:
    world, driven = ring("shop-1", "shop-2", rule=ONE)
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    (only,) = requests(world)
    assert vote(world, driven=driven.values()) == "approved"
    world.store.delete("approval", only.id)
    world.store.insert("approval", only.id, value)
    for run in driven.values():
        run.turns(40)
    assert world.clusters.begun == []


@pytest.mark.parametrize("value", POISON, ids=repr)
def test_a_proof_that_cannot_be_read_does_not_prove_its_image(value: Json) -> None:
    world = World()
    world.clock.at = NIGHT
    world.clusters.put(cluster("shop-prod", pool("user1"), env="prod"))
    run = start(world, run_request(world))
    run.to_first_step()
    (key,) = (f"pre-production|{ImageKey(NEW, '1.34')}",)
    world.store.insert("proof", key, value)
    run.turns(12)
    assert (run.record.state, world.clusters.begun) == (State.WAITING, [])
    world.store.delete("proof", key)
    proofs(world.store).insert(key, Proof("pre-production", ImageKey(NEW, "1.34"), proven_at=NIGHT))
    run.turns(12)
    assert world.clusters.begun == ["upgrade user1"]
