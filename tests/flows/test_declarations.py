"""Facts and verbs declare what they call. The custom role and the ClusterRole are generated from these declarations."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ops.facts import facts
from ops.runbooks import runbooks
from ops.scheduling import fleet_scan
from ops.tables.runs import runs
from ops.verbs import verbs
from simulator.running import running_simulation
from simulator.world.specs import FleetManagerSpec, PoolSpec
from tests.flows.bot import Bot
from tests.flows.fleet import CONFIG, TWO_POOLS, after, fleet
from tests.simulator.host.harness import async_test


class Night(NamedTuple):
    """The calls that were made, and those that are declared by the facts and verbs in use."""

    arm: set[str]
    kubernetes: set[str]
    declared_arm: set[str]
    declared_kubernetes: set[str]
    verbs: set[str]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The rollout starts a stopped cluster, upgrades it, and stops it. This uses every verb and fact of the node image runbook.

    A second cluster runs all the time, so that the fleet scan samples its nodes. One of them is auto-provisioned. Both clusters
    are members of a fleet.
    """
    frozen = (PoolSpec("frozen", 1, from_snapshot=True),)
    awake = replace(TWO_POOLS, name="shop-awake", pools=frozen, node_provisioning="Auto", provisioned_nodes=1)
    manager = FleetManagerSpec("f1", "westeurope", ((awake.name, "dev"), (TWO_POOLS.name, "dev")))
    world = replace(fleet(replace(TWO_POOLS, stopped=True), awake), managers=(manager,))
    with running_simulation(world) as simulation:
        folder: Path = tmp_path_factory.mktemp("night")
        used = _simulate(simulation, folder)
        seen: Any = simulation.control("/requests")["requests"]
    gathered = [facts()[field.name] for field in fields(runbooks()["node-image"].facts)]
    tools = [verbs()[name] for name in used]
    return Night(
        {each["action"] for each in seen if each["surface"] == "arm"},
        {each["action"] for each in seen if each["surface"] == "kubernetes"},
        set().union(fleet_scan.ACTIONS, *(fact.ACTIONS for fact in gathered), *(tool.actions for tool in tools)),
        set().union(
            fleet_scan.KUBERNETES, *(fact.KUBERNETES for fact in gathered), *(tool.kubernetes for tool in tools)
        ),
        used,
    )


@async_test
async def _run_bot(bot: Bot) -> None:
    async with bot:
        await bot.run_until(after(hours=4))


def _simulate(simulation: Any, folder: Path) -> set[str]:
    """Simulate the night. Return the verbs that the runs began, according to the ledger."""
    bot = Bot(simulation, folder, CONFIG)
    _run_bot(bot)
    assert {stored.value.target_name: stored.value.state for stored in runs(bot.store).scan()} == {
        "shop-dev": "done",
        "shop-awake": "skipped",
    }
    begun = [entry for entry in bot.ledger("2026-11-16", "2026-11-17") if entry.kind == "begin"]
    return {entry.text.split()[0] for entry in begun}


def test_every_call_is_declared(night: Night) -> None:
    assert night.arm - night.declared_arm == set()
    assert night.kubernetes - night.declared_kubernetes == set()


def test_every_declared_call_is_made(night: Night) -> None:
    assert night.declared_arm - night.arm == set()
    assert night.declared_kubernetes - night.kubernetes == set()


def test_the_simulated_night_uses_every_fact_and_verb(night: Night) -> None:
    """Ensures that the two tests above have something to test."""
    assert night.verbs == {"start-cluster", "stop-cluster", "upgrade-node-image"}
    assert len(night.arm) >= 8
    assert night.kubernetes == {"list nodes", "list nodeclaims", "list aksnodeclasses"}
