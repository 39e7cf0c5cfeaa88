"""The world itself: reproducibility from a seed, AKS's own upgrades, image releases, and the journal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.fleets import demo_fleet, random_fleet
from simulator.world.core import RefusedError
from simulator.world.images import AZURE_LINUX_3, UBUNTU_2204, UBUNTU_2404, Catalog, family_of
from simulator.world.journal import Kind
from simulator.world.scripted_faults import UpgradeFails
from simulator.world.specs import PoolSpec, RegionSpec
from simulator.world.upgrade import share
from simulator.world.world import World

START = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = timedelta(days=7)


def simulated(seed: int, calls: int = 3) -> list[dict[str, object]]:
    """Return the journal of one week in a random fleet whose operator upgrades some pools."""
    world = World(random_fleet(4), seed)
    for cluster in list(world.clusters.values())[:calls]:
        try:
            world.upgrade(cluster, cluster.pools["system"], "operator")
        except RefusedError:
            continue
    world.advance(START + WEEK)
    return [entry.document() for entry in world.journal.entries]


def test_the_same_seed_gives_the_same_journal() -> None:
    assert simulated(1) == simulated(1)
    assert simulated(1) != simulated(2)


def test_the_journal_does_not_depend_on_the_step_size(world: World) -> None:
    world.advance(START + WEEK)
    stepwise = World(world.core.spec, seed=1)
    for hour in range(1, 7 * 24 + 1):
        stepwise.advance(START + timedelta(hours=hour))
    assert [e.document() for e in stepwise.journal.entries] == [e.document() for e in world.journal.entries]


def test_weekly_images_reach_every_region_within_two_weeks() -> None:
    regions = tuple(RegionSpec(name) for name in ("a", "b", "c", "d"))
    catalog = Catalog(regions, 1, START)
    day = datetime(2026, 11, 5, tzinfo=UTC)
    delays = [catalog.lands_at(day.date(), region.name) - day for region in regions]
    assert len(set(delays)) == 4
    assert all(timedelta(0) <= delay <= timedelta(days=14) for delay in delays)


def test_image_families_differ_by_os_sku_and_kubernetes_minor_version() -> None:
    assert family_of("Ubuntu", "1.34.4") is UBUNTU_2204
    assert family_of("Ubuntu", "1.35.0") is UBUNTU_2404
    assert family_of("AzureLinux", "1.34.4") is AZURE_LINUX_3
    with pytest.raises(ValueError, match="No image family for OS SKU 'BeOS'"):
        family_of("BeOS", "1.34.4")


def test_windows_images_are_released_monthly_and_numbered_by_build(world: World) -> None:
    """A Windows pool is upgraded in the same way as a Linux pool. Its nodes have names that are valid on Windows."""
    windows = PoolSpec("win1", 2, os_sku="Windows2022")
    cluster = replace(world.core.spec.clusters[0], pools=(windows,))
    world = World(replace(world.core.spec, clusters=(cluster,)))
    web = world.clusters["web"]
    assert [node.name for node in web.nodes_of("win1")] == ["akswin1000000", "akswin1000001"]
    assert {node.image for node in web.nodes.values()} == {"AKSWindows-2022-containerd-gen2-20348.4112.260924"}
    world.upgrade(web, web.pools["win1"], "operator")
    world.advance(START + timedelta(hours=1))
    assert {node.image for node in web.nodes.values()} == {"AKSWindows-2022-containerd-gen2-20348.4140.261022"}


def test_aks_upgrades_a_cluster_during_its_window(world: World) -> None:
    """The window opens on Wednesday at 23:00 (+01:00). The node from node auto-provisioning is also replaced."""
    opens = datetime(2026, 11, 18, 22, tzinfo=UTC)
    world.advance(opens - timedelta(seconds=1))
    assert world.journal.of(Kind.OPERATION_BEGUN, "driven") == []
    world.advance(opens + timedelta(hours=4))
    [begun] = world.journal.of(Kind.OPERATION_BEGUN, "driven")
    assert (begun.at, begun.pool, begun.detail["who"]) == (opens, "system", "aks")
    assert {node.image for node in world.clusters["driven"].nodes.values()} == {
        "AKSUbuntu-2204gen2containerd-202611.05.0"
    }
    assert len(world.clusters["driven"].nodes) == 3


def test_aks_does_not_upgrade_a_cluster_whose_channel_is_off(world: World) -> None:
    world.advance(START + 3 * WEEK)
    assert world.journal.of(Kind.OPERATION_BEGUN, "web") == []


def test_security_patches_have_a_date_suffix() -> None:
    fleet = random_fleet(11, clusters=12)
    patched = [c.name for c in fleet.clusters if c.node_os_channel == "SecurityPatch" and not c.stopped]
    world = World(fleet, 1)
    world.advance(START + WEEK)
    labels = {entry.detail["image"] for name in patched for entry in world.journal.of(Kind.NODE_LABEL, name)}
    assert labels
    assert all(str(label).count("-") >= 3 and str(label)[-10:].startswith("2026.11.") for label in labels)


def test_the_journal_records_rejected_requests(world: World) -> None:
    web = world.clusters["web"]
    world.upgrade(web, web.pools["user1"], "ana")
    with pytest.raises(RefusedError):
        world.stop(web, "ben")
    [refused] = world.journal.of(Kind.OPERATION_REFUSED)
    assert (refused.cluster, refused.detail["who"], refused.detail["code"]) == ("web", "ben", "OperationNotAllowed")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), fails_after=st.none() | st.integers(0, 8))
def test_the_state_of_every_node_follows_from_the_journal(seed: int, fails_after: int | None) -> None:
    """Replaying the join, leave, and label events reproduces exactly the nodes in the world."""
    world = World(random_fleet(seed), seed)
    for cluster in world.clusters.values():
        if fails_after is not None:
            world.arm(UpgradeFails(cluster.name, "system", fails_after))
        try:
            world.upgrade(cluster, cluster.pools["system"], "operator")
        except RefusedError:
            continue
    world.advance(START + timedelta(minutes=seed % (3 * 24 * 60)))
    images: dict[tuple[str | None, str | None], object] = {}
    cordoned: set[tuple[str | None, str | None]] = set()
    for entry in world.journal.entries:
        key = (entry.cluster, entry.node)
        match entry.kind:
            case Kind.NODE_JOINED | Kind.NODE_LABEL:
                images[key] = entry.detail["image"]
                if entry.kind is Kind.NODE_JOINED:
                    cordoned.discard(key)
            case Kind.NODE_LEFT:
                del images[key]
            case Kind.NODE_CORDONED:
                cordoned.add(key)
            case _:
                pass
    present = {(c.name, node.name): node for c in world.clusters.values() for node in c.nodes.values()}
    assert images == {key: node.image for key, node in present.items()}
    assert cordoned & present.keys() == {key for key, node in present.items() if node.unschedulable}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_pool_never_exceeds_its_surge_limits(seed: int) -> None:
    world = World(random_fleet(seed), seed)
    for cluster in world.clusters.values():
        if cluster.power_state == "Running":
            world.upgrade(cluster, cluster.pools["system"], "operator")
    while world.step(START + timedelta(hours=12)):
        for cluster in world.clusters.values():
            for pool in cluster.pools.values():
                surge = share(pool.max_surge, pool.count)
                assert abs(len(cluster.nodes_of(pool.name)) - pool.count) <= max(surge, 1)


@given(percent=st.integers(0, 100), count=st.integers(0, 1000))
def test_surge_percentages_are_rounded_up(percent: int, count: int) -> None:
    assert share(f"{percent}%", count) == ceil(count * percent / 100)


def test_the_demonstrations_fleet_has_the_documented_properties() -> None:
    fleet = demo_fleet()
    envs = [dict(cluster.tags)["env"] for cluster in fleet.clusters]
    pools = [pool for cluster in fleet.clusters for pool in cluster.pools]
    assert len(fleet.clusters) == 12
    assert (envs.count("prod"), envs.count("sandbox")) == (6, 1)
    assert sorted(envs)[:5] == ["dev", "dev", "prod", "prod", "prod"]
    assert 36 <= len(pools) <= 44
    assert all(3 <= pool.nodes <= 14 for pool in pools)
    assert [cluster.name for cluster in fleet.clusters if cluster.stopped] == ["shop-test"]
    driven = [cluster for cluster in fleet.clusters if cluster.node_os_channel == "NodeImage"]
    assert [cluster.name for cluster in driven] == ["pay-test", "edge-prod", "web-prod"]
    assert [cluster.name for cluster in fleet.clusters if cluster.node_provisioning == "Auto"] == ["edge-prod"]
    assert [cluster.name for cluster in fleet.clusters if cluster.sku == "Automatic"] == ["web-prod"]
    assert [pool.name for pool in pools if pool.from_snapshot] == ["frozen"]


def test_most_production_images_can_be_proven_within_the_week() -> None:
    """Every image family in production, except one, also runs in pre-production."""
    world = World(demo_fleet())
    families: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for cluster in world.clusters.values():
        env = dict(cluster.spec.tags)["env"]
        if env != "sandbox":
            families[env == "prod"] |= {(p.family.prefix, p.kubernetes_version[:4]) for p in cluster.pools.values()}
    assert families[True] - families[False] == {("AKSUbuntu-2404gen2containerd", "1.35")}


def test_one_region_gets_a_newer_image_first() -> None:
    world = World(demo_fleet())
    world.advance(datetime(2026, 11, 20, 23, tzinfo=UTC))
    landed = {(entry.detail["region"], entry.at) for entry in world.journal.of(Kind.IMAGE_LANDED)}
    assert landed == {("germanywestcentral", datetime(2026, 11, 18, 10, tzinfo=UTC))}
