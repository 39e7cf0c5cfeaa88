"""Pods in the simulated world: how they are scheduled, terminated and recreated, and the record of violated budgets."""

from dataclasses import replace
from datetime import timedelta

import pytest

from simulator.fleets import demo_fleet, random_fleet
from simulator.kubernetes.pods import pod_document
from simulator.world import nodes, reboots
from simulator.world.budgets import status_of
from simulator.world.evictions import EvictionAllowed, EvictionBlocked, delete, evict
from simulator.world.journal import Entry, Kind
from simulator.world.kube import Pod
from simulator.world.placement import is_spot
from simulator.world.scripted_faults import NodeNotReady
from simulator.world.state import Cluster
from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec
from simulator.world.world import World
from tests.simulator.azure.conftest import START, small_fleet

CART = WorkloadSpec("shop", "cart", replicas=4, pdb=PdbSpec(max_unavailable=1), pool="user1", starts_in_s=(10, 20))
AGENT = WorkloadSpec("kube-system", "agent", kind=WorkloadKind.DAEMON_SET)
DB = WorkloadSpec("shop", "db", replicas=2, kind=WorkloadKind.STATEFUL_SET, pool="user1")
ALONE = WorkloadSpec("shop", "alone", kind=WorkloadKind.BARE, pool="user1")
DONE = WorkloadSpec("shop", "report", kind=WorkloadKind.JOB, pool="user1")


def world_with_workloads(*workloads: WorkloadSpec, seed: int = 1) -> tuple[World, Cluster]:
    """A world whose cluster ``web`` has workloads."""
    fleet = small_fleet()
    web = replace(fleet.clusters[0], workloads=workloads)
    world = World(replace(fleet, clusters=(web, *fleet.clusters[1:])), seed)
    return world, world.clusters["web"]


def pods(cluster: Cluster, workload: str) -> list[Pod]:
    """A workload's pods, including terminating ones."""
    return sorted(
        (pod for pod in cluster.kube.pods.values() if pod.workload.spec.name == workload), key=lambda pod: pod.key
    )


def later(world: World, **span: float) -> None:
    """Advance the world by a duration."""
    world.advance(world.now + timedelta(**span))


def entries_of(world: World, *kinds: Kind) -> list[Entry]:
    """The journal entries of the given kinds."""
    return [entry for entry in world.journal.entries if entry.kind in kinds]


def test_pods_are_spread_over_suitable_nodes() -> None:
    _, cluster = world_with_workloads(CART, AGENT)
    assert [pod.node for pod in pods(cluster, "cart")] != [None] * 4
    assert len({pod.node for pod in pods(cluster, "cart")}) == 4
    assert {cluster.nodes[pod.node or ""].pool for pod in pods(cluster, "cart")} == {"user1"}
    assert {pod.node for pod in pods(cluster, "agent")} == set(cluster.nodes)
    assert all(pod.ready for pod in cluster.kube.pods.values())


def test_only_pods_with_the_toleration_run_on_spot_nodes() -> None:
    everywhere = replace(CART, name="any", replicas=40, pool=None, pdb=None)
    _, cluster = world_with_workloads(everywhere, replace(everywhere, name="cheap", pool="spot", tolerates_spot=True))
    pools = {name: {cluster.nodes[pod.node or ""].pool for pod in pods(cluster, name)} for name in ("any", "cheap")}
    assert pools == {"any": {"system", "user1", "frozen"}, "cheap": {"spot"}}


def test_the_same_seed_gives_the_same_pods() -> None:
    journals = []
    for seed in (3, 3, 4):
        world, cluster = world_with_workloads(CART, DB, seed=seed)
        evict(world.core, cluster, pods(cluster, "cart")[0], "ana", dry_run=False)
        later(world, minutes=5)
        journals.append([entry.document() for entry in world.journal.entries])
    assert journals[0] == journals[1]
    assert journals[0] != journals[2]


def test_workloads_do_not_affect_other_random_values() -> None:
    """The ids and durations of pods come from separate random streams, so an upgrade takes equally long with and without pods."""
    ends = []
    for workloads in ((), (CART, AGENT, DB)):
        world, cluster = world_with_workloads(*workloads)
        operation = world.upgrade(cluster, cluster.pools["user1"], "ana")
        later(world, hours=3)
        ends.append((operation.id, operation.ended))
    assert ends[0] == ends[1]


def test_an_evicted_pod_ends_within_its_grace_period_and_is_replaced() -> None:
    world, cluster = world_with_workloads(CART)
    first = pods(cluster, "cart")[0]
    assert evict(world.core, cluster, first, "ana", dry_run=False) == EvictionAllowed()
    assert first.deleted == START + timedelta(seconds=30)
    assert first in cluster.kube.pods.values()
    later(world, seconds=31)
    assert first not in cluster.kube.pods.values()
    assert [pod.ready for pod in pods(cluster, "cart")] == [True] * 4
    [entry] = entries_of(world, Kind.POD_EVICTED)
    assert (entry.node, entry.detail["pod"], entry.detail["who"]) == (first.node, first.key, "ana")


def test_a_rejected_eviction_is_recorded_with_its_budget() -> None:
    world, cluster = world_with_workloads(CART)
    first, second, *_ = pods(cluster, "cart")
    evict(world.core, cluster, first, "ana", dry_run=False)
    verdict = evict(world.core, cluster, second, "ana", dry_run=False)
    assert isinstance(verdict, EvictionBlocked)
    assert (verdict.pdb.name, verdict.status.current_healthy, verdict.status.desired_healthy) == ("cart", 3, 3)
    [entry] = entries_of(world, Kind.EVICTION_REFUSED)
    assert entry.detail == {"pod": second.key, "who": "ana", "pdb": "shop/cart"}


def test_a_pending_pod_is_evicted_regardless_of_its_budget() -> None:
    """As in the API server: a pending pod does not serve requests, so evicting it is not a disruption."""
    wide = replace(CART, replicas=7, spread=True, pdb=PdbSpec(min_available=6))
    world, cluster = world_with_workloads(wide)
    [pending] = [pod for pod in pods(cluster, "cart") if pod.node is None]
    assert evict(world.core, cluster, pending, "ana", dry_run=True) == EvictionAllowed()


@pytest.mark.parametrize(("policy", "evicted"), [("IfHealthyBudget", False), ("AlwaysAllow", True)])
def test_the_eviction_of_an_unready_pod_follows_the_budgets_policy(policy: str, *, evicted: bool) -> None:
    spec = PdbSpec(min_available=4, unhealthy_pods="AlwaysAllow" if policy == "AlwaysAllow" else "IfHealthyBudget")
    world, cluster = world_with_workloads(replace(CART, pdb=spec))
    first = pods(cluster, "cart")[0]
    nodes.set_ready(world.core, cluster, cluster.nodes[first.node or ""], ready=False)
    assert (evict(world.core, cluster, first, "ana", dry_run=True) == EvictionAllowed()) is evicted


def test_evictions_never_violate_a_budget_and_deletes_are_recorded() -> None:
    world, cluster = world_with_workloads(CART)
    for pod in pods(cluster, "cart"):
        evict(world.core, cluster, pod, "careful", dry_run=False)
    later(world, minutes=5)
    assert entries_of(world, Kind.PDB_VIOLATED) == []
    for pod in pods(cluster, "cart")[:2]:
        delete(world.core, cluster, pod, "careless")
    [entry] = entries_of(world, Kind.PDB_VIOLATED)
    assert entry.detail == {
        "pdb": "shop/cart",
        "healthy": 2,
        "desired": 3,
        "who": "careless",
        "reason": "delete",
    }


def test_a_restart_without_a_drain_is_recorded_as_a_violation() -> None:
    world, cluster = world_with_workloads(replace(CART, pdb=PdbSpec(min_available=4)))
    node = cluster.nodes[pods(cluster, "cart")[0].node or ""]
    reboots.restart(world.core, cluster, node, "careless")
    later(world, minutes=5)
    assert [(entry.detail["who"], entry.detail["reason"]) for entry in entries_of(world, Kind.PDB_VIOLATED)] == [
        ("careless", "restart")
    ]


def test_pods_on_a_restarted_node_restart_on_the_same_node() -> None:
    world, cluster = world_with_workloads(CART, AGENT)
    pod = pods(cluster, "cart")[0]
    node = cluster.nodes[pod.node or ""]
    before = node.boot_id
    reboots.restart(world.core, cluster, node, "ana")
    later(world, seconds=40)
    assert (node.ready, pod.ready, pod.node) == (False, False, node.name)
    later(world, minutes=5)
    assert (node.ready, pod.ready, pod.node) == (True, True, node.name)
    assert pod.boot_id == node.boot_id != before


def test_pods_from_a_lost_node_are_rescheduled() -> None:
    world, cluster = world_with_workloads(CART, DB)
    lost = pods(cluster, "db")[0].node or ""
    nodes.leave(world.core, cluster, cluster.nodes[lost], nodes.INVOLUNTARY)
    later(world, minutes=3)
    assert [pod.name for pod in pods(cluster, "db")] == ["db-0", "db-1"]
    assert lost not in {pod.node for pod in cluster.kube.pods.values()}
    assert all(pod.ready for pod in cluster.kube.pods.values())
    assert entries_of(world, Kind.PDB_VIOLATED) == []


def test_all_pods_except_the_agent_are_deleted_after_five_minutes_on_an_unready_node() -> None:
    world, cluster = world_with_workloads(CART, AGENT)
    node = pods(cluster, "cart")[0].node or ""
    place = [each.name for each in cluster.nodes_of("user1")].index(node)
    world.arm(NodeNotReady("web", "user1", place, START + timedelta(minutes=1), START + timedelta(minutes=20)))
    later(world, minutes=5)
    assert [pod.deleted for pod in cluster.kube.pods_on(node)] == [None, None]
    later(world, minutes=5)
    leaving = {pod.workload.spec.name: pod.deleted is not None for pod in cluster.kube.pods_on(node)}
    assert leaving == {"cart": True, "agent": False}
    assert sum(pod.ready for pod in pods(cluster, "cart")) == 4
    later(world, minutes=11)
    assert [pod.workload.spec.name for pod in cluster.kube.pods_on(node)] == ["agent"]


def test_a_short_node_outage_does_not_move_pods() -> None:
    world, cluster = world_with_workloads(CART)
    before = {pod.uid: pod.node for pod in pods(cluster, "cart")}
    world.arm(NodeNotReady("web", "user1", 0, START + timedelta(minutes=1), START + timedelta(minutes=3)))
    later(world, minutes=10)
    assert {pod.uid: pod.node for pod in pods(cluster, "cart")} == before
    assert all(pod.ready for pod in pods(cluster, "cart"))


def test_an_upgrade_drains_nodes_without_violating_budgets() -> None:
    world, cluster = world_with_workloads(CART, AGENT, DB)
    operation = world.upgrade(cluster, cluster.pools["user1"], "ana")
    later(world, hours=3)
    assert str(operation.status) == "Succeeded"
    assert {entry.detail["who"] for entry in entries_of(world, Kind.POD_EVICTED)} == {"aks"}
    assert entries_of(world, Kind.PDB_VIOLATED) == []
    assert all(pod.ready for pod in cluster.kube.pods.values())


def test_pods_without_a_controller_are_lost_when_the_cluster_stops() -> None:
    world, cluster = world_with_workloads(CART, ALONE, DONE)
    assert [pod.phase for pod in pods(cluster, "report")] == ["Succeeded"]
    world.stop(cluster, "ana")
    later(world, minutes=15)
    assert [pod.ready for pod in pods(cluster, "cart")] == [False] * 4
    world.start(cluster, "ana")
    later(world, minutes=20)
    assert [pod.ready for pod in pods(cluster, "cart")] == [True] * 4
    assert pods(cluster, "alone") == []
    # A stop deletes the instances, so even a completed pod has lost its node.
    assert pods(cluster, "report") == []


def test_a_stopped_clusters_pods_are_created_when_it_starts() -> None:
    fleet = small_fleet()
    asleep = replace(fleet.clusters[1], workloads=(replace(CART, pool=None),))
    world = World(replace(fleet, clusters=(fleet.clusters[0], asleep)))
    cluster = world.clusters["asleep"]
    assert cluster.kube.pods == {}
    world.start(cluster, "ana")
    later(world, minutes=20)
    assert [pod.ready for pod in pods(cluster, "cart")] == [True] * 4


@pytest.mark.parametrize(
    ("budget", "desired", "allowed"),
    [(PdbSpec(min_available="75%"), 3, 1), (PdbSpec(max_unavailable="10%"), 3, 1), (PdbSpec(min_available=9), 9, 0)],
)
def test_percentages_in_budgets_are_rounded_up(budget: PdbSpec, desired: int, allowed: int) -> None:
    _, cluster = world_with_workloads(replace(CART, pdb=budget))
    status = status_of(cluster, cluster.kube.pdbs[0])
    assert (status.desired_healthy, status.allowed) == (desired, allowed)


def test_a_budget_must_set_exactly_one_limit() -> None:
    with pytest.raises(ValueError, match="either min_available or max_unavailable"):
        PdbSpec()
    with pytest.raises(ValueError, match="either min_available or max_unavailable"):
        PdbSpec(min_available=1, max_unavailable=1)


@pytest.mark.parametrize("seed", range(6))
def test_invariants_hold_in_random_worlds(seed: int) -> None:
    """After an upgrade of every pool, all replicas are restored, and no pod runs on an unsuitable node."""
    world = World(random_fleet(seed, 4), seed)
    for cluster in world.clusters.values():
        if cluster.api_responds and cluster.spec.node_os_channel == "None":
            world.upgrade(cluster, cluster.pools["system"], "ana")
    later(world, hours=8)
    for cluster in world.clusters.values():
        placed = [pod for pod in cluster.kube.pods.values() if pod.node is not None]
        assert {pod.node for pod in placed} <= set(cluster.nodes)
        for workload in cluster.kube.workloads:
            active = [pod for pod in cluster.kube.pods_of(workload) if pod.deleted is None]
            wanted = workload.spec.replicas if workload.spec.kind is not WorkloadKind.DAEMON_SET else len(cluster.nodes)
            assert len(active) == (wanted if cluster.power_state == "Running" else 0)
            spot = {pod.node for pod in active if pod.node and is_spot(cluster, cluster.nodes[pod.node])}
            assert not spot or workload.spec.tolerates_spot or workload.spec.kind is WorkloadKind.DAEMON_SET


def test_pods_do_not_affect_the_demonstrations_upgrades() -> None:
    journals = []
    fleet = demo_fleet()
    empty = replace(fleet, clusters=tuple(replace(cluster, workloads=()) for cluster in fleet.clusters))
    for each in (fleet, empty):
        world = World(each)
        for cluster in world.clusters.values():
            if cluster.api_responds:
                world.upgrade(cluster, cluster.pools["system"], "ana")
        later(world, days=4)
        journals.append(
            [
                (entry.at, entry.kind, entry.cluster, entry.pool, entry.node, entry.detail)
                for entry in world.journal.entries
                if not entry.kind.startswith(("pod-", "eviction-", "pdb-"))
            ]
        )
    assert journals[0] == journals[1]
    assert len(journals[0]) > 500


def test_mirror_pods_are_recreated_on_their_node() -> None:
    """The kubelet recreates mirror pods. The API server shows them with the annotation that drains check."""
    world, cluster = world_with_workloads(
        WorkloadSpec("kube-system", "kube-proxy", kind=WorkloadKind.MIRROR, pool="system")
    )
    found = pods(cluster, "kube-proxy")
    assert [pod.name for pod in found] == [f"kube-proxy-{node.name}" for node in cluster.nodes_of("system")]
    metadata = pod_document(found[0])["metadata"]
    assert isinstance(metadata, dict)
    assert "kubernetes.io/config.mirror" in metadata["annotations"]
    assert metadata["ownerReferences"][0]["kind"] == "Node"
    evict(world.core, cluster, found[0], "ana", dry_run=False)
    later(world, minutes=2)
    again = pods(cluster, "kube-proxy")
    assert [pod.name for pod in again] == [pod.name for pod in found]
    assert again[0].uid != found[0].uid


@pytest.mark.parametrize(
    ("ends_in", "violations"), [(timedelta(hours=1), {("aks", "delete")}), (timedelta(0), {("aks", "node-removed")})]
)
def test_a_forced_upgrade_evicts_pods_that_budgets_protect_at_once(
    ends_in: timedelta, violations: set[tuple[str, str]]
) -> None:
    """Otherwise these pods keep running until their node is removed."""
    fleet = small_fleet()
    never = replace(CART, pdb=PdbSpec(min_available=4))
    web = replace(fleet.clusters[0], workloads=(never,), forced_until=fleet.start + ends_in)
    world = World(replace(fleet, clusters=(web, *fleet.clusters[1:])), 1)
    cluster = world.clusters["web"]
    world.upgrade(cluster, cluster.pools["user1"], "ana")
    later(world, hours=3)
    seen = {(str(entry.detail["who"]), str(entry.detail["reason"])) for entry in entries_of(world, Kind.PDB_VIOLATED)}
    assert seen == violations
