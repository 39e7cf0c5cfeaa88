"""The oracle can read the journal of the simulated world."""

import json
from dataclasses import replace
from datetime import datetime, time, timedelta

from simulator.oracle import End, Verdict, judge, read_journal
from simulator.world.scripted_faults import NodeNeverReady, ScriptedFault, UpgradeDoesNothing, UpgradeFails
from simulator.world.specs import PRINCIPAL, ClusterSpec, FleetSpec, MaintenanceSpec, PoolSpec
from simulator.world.world import World
from tests.simulator.oracle.journal_builder import CONFIG, MONDAY, REGIONS, SUNDAY, SYSTEM, at, cluster


def world_of(*clusters: ClusterSpec, scripted_faults: tuple[ScriptedFault, ...] = ()) -> World:
    return World(FleetSpec("tiny", MONDAY, REGIONS, clusters, scripted_faults))


def upgrade(world: World, when: str, name: str, pool: str = "system") -> datetime:
    """Start an upgrade as Daytwo does, and wait until it ends."""
    world.advance(at(when))
    target = world.clusters[name]
    operation = world.upgrade(target, target.pools[pool], PRINCIPAL)
    while operation.ended is None:
        world.advance(world.now + timedelta(minutes=1))
    return operation.ended


def verdict(world: World) -> Verdict:
    world.advance(SUNDAY)
    return judge(CONFIG, world.core.spec, world.journal.entries, MONDAY, SUNDAY)


def ends(found: Verdict) -> dict[str, End]:
    return {f"{pool.cluster}/{pool.pool}": pool.end for pool in found.eligible}


def test_a_careful_operators_week_has_no_violations() -> None:
    world = world_of(cluster("dev"), cluster("prod", "prod", SYSTEM, PoolSpec("spot", 3, priority="Spot")))
    upgrade(world, "mon 22:00", "dev")
    upgrade(world, "wed 00:01", "prod")
    upgrade(world, "wed 01:30", "prod", "spot")
    found = verdict(world)
    assert ends(found) == {"dev/system": End.UPGRADED, "prod/system": End.UPGRADED, "prod/spot": End.UPGRADED}
    assert (found.violations, found.skipped, found.by_aks) == ((), {}, ())


def test_a_journal_survives_a_round_trip_through_json() -> None:
    world = world_of(cluster("dev"))
    upgrade(world, "mon 22:00", "dev")
    entries = world.journal.entries
    assert read_journal(json.loads(json.dumps([entry.document() for entry in entries]))) == entries


def test_a_hasty_operators_week_has_violations() -> None:
    world = world_of(cluster("dev"), cluster("prod", "prod"))
    upgrade(world, "mon 22:00", "dev")
    upgrade(world, "tue 12:00", "prod")
    assert verdict(world).violations == (
        "unproven: prod/system at 2026-11-17 12:00:00 UTC",
        "outside-window: prod/system at 2026-11-17 12:00:00 UTC",
    )


def test_a_started_cluster_is_tracked_throughout_the_night() -> None:
    world = world_of(replace(cluster("dev"), stopped=True))
    world.advance(at("mon 22:00"))
    world.start(world.clusters["dev"], PRINCIPAL)
    ended = upgrade(world, "mon 22:15", "dev")
    world.advance(ended + timedelta(minutes=1))
    assert [line.split(":")[0] for line in verdict_now(world)] == []
    world.stop(world.clusters["dev"], PRINCIPAL)
    found = verdict(world)
    assert (ends(found), found.violations) == ({"dev/system": End.UPGRADED}, ())


def verdict_now(world: World) -> tuple[str, ...]:
    return judge(CONFIG, world.core.spec, world.journal.entries, MONDAY, world.now).violations


def test_scripted_faults_lead_to_failed_upgrades() -> None:
    scripted_faults = (
        UpgradeFails("one", "system", 1),
        UpgradeDoesNothing("two", "system"),
        NodeNeverReady("three", "system", 2),
    )
    world = world_of(cluster("one"), cluster("two"), cluster("three"), scripted_faults=scripted_faults)
    for name, when in (("one", "mon 22:00"), ("two", "tue 00:00"), ("three", "tue 02:00")):
        upgrade(world, when, name)
    found = verdict(world)
    assert ends(found) == {"one/system": End.FAILED, "two/system": End.FAILED, "three/system": End.FAILED}
    assert found.violations == ()


def test_an_upgrade_by_aks_can_prove_an_image() -> None:
    """AKS's window opens on Monday at 12:00. Labels have the suffix for security patches. Production is allowed to follow a day later."""
    driven = replace(
        cluster("dev"),
        node_os_channel="SecurityPatch",
        maintenance=MaintenanceSpec(0, time(12)),
    )
    world = world_of(driven, cluster("prod", "prod"))
    found = verdict(world)
    assert found.by_aks == (("dev", "system"),)
    (prod,) = found.missed
    assert (prod.cluster, prod.earliest) == ("prod", at("tue 22:00"))
