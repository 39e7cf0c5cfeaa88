"""The administrator of a dev cluster creates Node objects: nothing in another cluster follows from them."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ops.model.run import State
from ops.tables.fleet import proofs
from ops.tables.runs import runs
from simulator.oracle import judge
from simulator.stories.hostile_admin import (
    POOL_LABEL,
    InventedNode,
    attack,
    claim_boot,
    claim_image,
    claim_reboot_of,
    invent_node,
    relabel,
)
from simulator.world.journal import Kind
from simulator.world.reboots import REBOOT_REQUIRED
from simulator.world.scripted_faults import RebootRequired, ScriptedFault
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import TO_SLACK, TWO_RINGS, nights
from tests.flows.bot import Bot, messages, running_bot, started_operations
from tests.simulator.host.harness import async_test
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 50, tzinfo=UTC)
CONFIG = (
    TWO_RINGS
    + nights()
    + """\
reboot: {window: nights, drain-timeout: 20m}
node-image: {window: nights, proven-for: 1h, proven-awake: 1h, proven-nodes: 3}
"""
    + TO_SLACK
)
NEWEST = PoolSpec("user1", 3, releases_behind=0)
DEV = ClusterSpec("shop-dev", "westeurope", (NEWEST,), resource_group="rg", tags=(("env", "dev"),))
PROD = ClusterSpec("shop-prod", "westeurope", (NEWEST,), resource_group="rg", tags=(("env", "prod"),))
# Its image is fixed, so that no node of the first ring ever runs the newest one.
PINNED = replace(DEV, pools=(PoolSpec("user1", 3, from_snapshot=True),))
BEHIND = replace(PROD, pools=(PoolSpec("user1", 3),))


def night(
    folder: Path, *clusters: ClusterSpec, scripted_faults: tuple[ScriptedFault, ...] = ()
) -> AbstractContextManager[Bot]:
    fleet = in_west_europe("hostile", START, *clusters, scripted_faults=scripted_faults)
    return running_bot(fleet, folder, CONFIG)


@async_test
async def until(bot: Bot, hours: float) -> None:
    async with bot:
        await bot.run_until(START + timedelta(hours=hours))


def restarted(bot: Bot) -> list[str | None]:
    """The clusters whose machines were restarted."""
    begun = bot.simulation.world.journal.of(Kind.MACHINE_RESTART)
    return [entry.cluster for entry in begun if entry.detail["status"] == "InProgress"]


def cordoned(bot: Bot) -> list[tuple[str | None, str | None]]:
    return [(entry.cluster, entry.node) for entry in bot.simulation.world.journal.of(Kind.NODE_CORDONED)]


def violations(bot: Bot, hours: float) -> tuple[str, ...]:
    world = bot.simulation.world
    return judge(CONFIG, world.core.spec, world.journal.entries, START, START + timedelta(hours=hours)).violations


def test_no_machine_of_another_cluster_is_restarted_and_the_attempt_is_recorded_and_reported(tmp_path: Path) -> None:
    with night(tmp_path, DEV, PROD) as bot:
        world = bot.simulation.world
        names = [claim_reboot_of(world, "shop-dev", node) for node in world.clusters["shop-prod"].nodes_of("user1")]
        until(bot, 2)
        assert (restarted(bot), cordoned(bot), violations(bot, 2)) == ([], [], ())
        conditions = [entry for entry in bot.ledger("2026-11-16") if entry.kind == "condition"]
        assert all(name in conditions[0].text for name in names)
        assert "a machine outside the cluster's node resource group" in conditions[0].text
        reported = [text for texts in messages(bot.simulation).values() for text in texts]
        assert any("shop-dev" in text and "waiting for a person" in text for text in reported)


def test_an_own_node_that_is_replaced_by_an_object_with_a_foreign_machine_is_not_drained(tmp_path: Path) -> None:
    with night(tmp_path, DEV, PROD) as bot:
        world = bot.simulation.world
        own, foreign = (world.clusters[name].nodes_of("user1")[0] for name in ("shop-dev", "shop-prod"))
        asks = {REBOOT_REQUIRED: "2026-11-16T10:00:00Z"}
        hiding = InventedNode(own.name, foreign.provider_id, "user1", own.image, annotations=asks)
        invent_node(world, "shop-dev", hiding, START + timedelta(minutes=5))
        claim_boot(world, "shop-dev", own.name, START + timedelta(hours=1))
        until(bot, 2)
        assert (restarted(bot), cordoned(bot)) == ([], [])


def test_only_the_own_node_is_rebooted_if_both_ask(tmp_path: Path) -> None:
    asks = RebootRequired("shop-dev", "user1", START + timedelta(minutes=1), 1)
    with night(tmp_path, DEV, PROD, scripted_faults=(asks,)) as bot:
        world = bot.simulation.world
        claim_reboot_of(world, "shop-dev", world.clusters["shop-prod"].nodes_of("user1")[0])
        until(bot, 2)
        (run,) = [stored.value for stored in runs(bot.store).scan("reboot.")]
        assert (run.state, restarted(bot), violations(bot, 2)) == (State.DONE, ["shop-dev"], ())
        assert [skip.code for skip in run.skips] == ["not-confirmed"]


def test_three_invented_nodes_do_not_prove_an_image_for_production(tmp_path: Path) -> None:
    with night(tmp_path, PINNED, BEHIND) as bot:
        world = bot.simulation.world
        production = world.clusters["shop-prod"]
        newest = world.newest_image(production, production.pools["user1"])
        claim_image(world, "shop-dev", newest, 3)
        until(bot, 5)
        assert [stored.value for stored in proofs(bot.store).scan() if newest in stored.key] == []
        assert started_operations(bot.simulation) == []
        (condition,) = [entry for entry in bot.ledger("2026-11-16") if entry.kind == "condition"]
        assert condition.text.count("Azure does not list its machine in a node pool of the cluster") == 3
        reported = [text for texts in messages(bot.simulation).values() for text in texts]
        assert "◆ Nodes · shop-dev · are not all machines of the cluster · needs you" in reported


def test_relabeled_nodes_do_not_prove_an_image_for_production(tmp_path: Path) -> None:
    with night(tmp_path, PINNED, BEHIND) as bot:
        world = bot.simulation.world
        production = world.clusters["shop-prod"]
        newest = world.newest_image(production, production.pools["user1"])
        for node in world.clusters["shop-dev"].nodes_of("user1"):
            relabel(world, "shop-dev", node.name, {"kubernetes.azure.com/node-image-version": newest})
        until(bot, 5)
        assert started_operations(bot.simulation) == []


def test_invented_nodes_do_not_fail_the_upgrade_of_their_cluster_or_halt_the_rollout(tmp_path: Path) -> None:
    """A run that fails in the first ring would keep the new image from the whole fleet."""
    behind = replace(DEV, pools=(PoolSpec("user1", 3),))
    with night(tmp_path, behind) as bot:
        world = bot.simulation.world
        old = world.clusters["shop-dev"].pools["user1"].image
        claim_image(world, "shop-dev", old, 2)
        invent_node(world, "shop-dev", InventedNode("mine", "", "user1", old, ready=False))
        until(bot, 3)
        (run,) = [stored.value for stored in runs(bot.store).scan("node-image.")]
        assert (run.state, started_operations(bot.simulation)) == (State.DONE, ["upgrade-node-image shop-dev user1"])
        (evidence,) = [entry.text for entry in bot.ledger("2026-11-16") if entry.kind == "done"]
        assert "3 of 3 nodes run" in evidence


def test_a_node_with_a_hidden_pool_label_still_counts_as_upgraded(tmp_path: Path) -> None:
    behind = replace(DEV, pools=(PoolSpec("user1", 3),))
    with night(tmp_path, behind) as bot:
        world = bot.simulation.world

        def hide() -> None:
            relabel(world, "shop-dev", world.clusters["shop-dev"].nodes_of("user1")[0].name, {POOL_LABEL: "elsewhere"})

        for minutes in range(10, 60):
            world.core.scheduler.at(START + timedelta(minutes=minutes), hide)
        until(bot, 3)
        (run,) = [stored.value for stored in runs(bot.store).scan("node-image.")]
        assert run.state is State.DONE


def test_real_nodes_prove_the_image(tmp_path: Path) -> None:
    """Ensures that the two tests above have something to test."""
    with night(tmp_path, DEV, BEHIND) as bot:
        until(bot, 5)
        assert started_operations(bot.simulation) == ["upgrade-node-image shop-prod user1"]


def test_a_node_of_a_vm_pool_is_rebooted(tmp_path: Path) -> None:
    vms = replace(DEV, pools=(replace(NEWEST, type="VirtualMachines"),))
    asks = RebootRequired("shop-dev", "user1", START + timedelta(minutes=1), 2)
    with night(tmp_path, vms, scripted_faults=(asks,)) as bot:
        until(bot, 2)
        (run,) = [stored.value for stored in runs(bot.store).scan("reboot.")]
        assert (run.state, restarted(bot), violations(bot, 2)) == (State.DONE, ["shop-dev"] * 2, ())


def test_a_node_with_a_hidden_pool_label_is_still_rebooted(tmp_path: Path) -> None:
    asks = RebootRequired("shop-dev", "user1", START + timedelta(minutes=1), 1)
    with night(tmp_path, DEV, scripted_faults=(asks,)) as bot:
        world = bot.simulation.world
        relabel(world, "shop-dev", world.clusters["shop-dev"].nodes_of("user1")[0].name, {POOL_LABEL: "elsewhere"})
        until(bot, 2)
        assert restarted(bot) == ["shop-dev"]


def test_a_node_of_a_locked_cluster_is_not_drained_in_vain(tmp_path: Path) -> None:
    asks = RebootRequired("shop-dev", "user1", START + timedelta(minutes=1), 1)
    with night(tmp_path, replace(DEV, lockdown=True), scripted_faults=(asks,)) as bot:
        until(bot, 2)
        assert (restarted(bot), cordoned(bot), violations(bot, 2)) == ([], [], ())


def test_nights_of_attacks_harm_nothing_and_are_reported(tmp_path: Path) -> None:
    with night(tmp_path, PINNED, BEHIND) as bot:
        hours = [START + timedelta(hours=hour) for hour in (0.5, 2, 24.5, 26)]
        attack(bot.simulation.world, "shop-dev", "shop-prod", hours)
        until(bot, 30)
        assert (restarted(bot), cordoned(bot), violations(bot, 30)) == ([], [], ())
        assert started_operations(bot.simulation) == []
        subjects = {entry.subject.partition(".")[0] for entry in bot.ledger("2026-11-16") if entry.kind == "condition"}
        assert subjects == {"nodes", "reboot"}
