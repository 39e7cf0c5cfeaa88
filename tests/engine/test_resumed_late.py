"""A process that resumes hours later. By then another run may hold the leases and the window may have closed."""

from dataclasses import replace

from ops.engine.activities.lease import take_claim
from ops.model.plan import Claim
from ops.model.run import StepState
from ops.model.workload import Pod
from ops.ports.kubernetes import EvictionResult
from tests.driving import NIGHT, DrivenRun, manual_request, run_request, start, world_with
from tests.fakes import ALL_OPERATIONS, CONFIG, NEW, cluster, nodes_of, pool

OTHER = "reboot.shop-dev.2026-11-16"


def let_other_run_take_the_cluster(run: DrivenRun) -> None:
    world = run.world
    assert take_claim(world.store, Claim.of_cluster(world.clusters.only.id), OTHER, world.clock.at) is None


def upgraded_after_a_start() -> DrivenRun:
    """A run that has started its cluster and upgraded the pool but has not stopped the cluster yet."""
    run = start(world_with(cluster("shop-dev", running=False), CONFIG))
    clusters = run.world.clusters
    run.call("assess")
    run.call("lease")
    run.call("begin", "start")
    clusters.end(clusters.only.id, running=True)
    assert run.call("poll", "start") == "verify"
    assert run.call("verify", "start") == "step"
    run.call("begin", "pool.user1")
    clusters.end(clusters.only.id, image=NEW)
    assert run.call("poll", "pool.user1") == "verify"
    assert run.call("verify", "pool.user1") == "unwind"
    return run


def test_a_cluster_is_not_stopped_while_another_run_holds_its_lease() -> None:
    run = upgraded_after_a_start()
    run.world.clock.advance(minutes=40)
    let_other_run_take_the_cluster(run)
    assert run.call("begin", "start", undo=True) == "retry"
    assert run.world.clusters.begun == ["start", "upgrade user1"]


def test_a_cluster_is_stopped_after_the_other_runs_lease_has_expired() -> None:
    run = upgraded_after_a_start()
    run.world.clock.advance(minutes=40)
    let_other_run_take_the_cluster(run)
    run.call("begin", "start", undo=True)
    run.world.clock.advance(minutes=40)
    assert run.call("begin", "start", undo=True) == "pending"
    assert run.world.clusters.begun == ["start", "upgrade user1", "stop"]


def test_a_run_that_lost_its_lease_does_not_block_the_paired_region() -> None:
    run = upgraded_after_a_start()
    plan = run.record.plan
    assert plan is not None
    region = plan.claims[1]
    run.world.clock.advance(minutes=40)
    let_other_run_take_the_cluster(run)
    run.call("begin", "start", undo=True)
    pair = replace(region, side="northeurope")
    assert take_claim(run.world.store, pair, "node-image.web.2026-w47", run.world.clock.at) is None


def draining() -> tuple[DrivenRun, str, int]:
    """A drain whose first eviction was blocked. Return its step and the number of evictions so far."""
    on = cluster("shop-dev")
    world = world_with(on, ALL_OPERATIONS)
    node = nodes_of(on)[1].name
    world.nodes.listed["shop-dev"] = nodes_of(on, boot_id="before")
    world.nodes.change(node, annotations={"daytwo.dev/reboot-required": "x"})
    world.nodes.running["shop-dev"] = (Pod("shop", "web", "u", node, "Running", ready=True, owner_kind="ReplicaSet"),)
    world.nodes.answers["web"] = EvictionResult("blocked", "budget")
    run = start(world, run_request(world, "reboot", "2026-11-16"))
    run.call("assess")
    run.call("lease")
    run.call("begin", f"cordon.{node}")
    run.call("begin", f"drain.{node}")
    evictions = len(world.nodes.evicted)
    assert evictions > 0
    world.nodes.answers.clear()
    return run, f"drain.{node}", evictions


def test_a_drain_continues_while_its_window_is_open_and_its_run_holds_the_lease() -> None:
    run, step, evictions = draining()
    run.world.clock.advance(minutes=10)
    run.call("poll", step)
    assert len(run.world.nodes.evicted) == evictions + 1


def test_a_drain_does_not_evict_pods_after_its_window_has_closed() -> None:
    run, step, evictions = draining()
    run.world.clock.advance(hours=7)
    assert run.call("begin", step) == "pending"
    assert run.call("poll", step) == "unwind"
    assert len(run.world.nodes.evicted) == evictions
    assert (run.step(step).state, run.step(step).why) == (StepState.LEFT, "its window has closed")


def test_a_drain_does_not_evict_pods_once_another_run_holds_the_lease() -> None:
    run, step, evictions = draining()
    run.world.clock.advance(minutes=40)
    let_other_run_take_the_cluster(run)
    assert run.call("poll", step) == "unwind"
    assert len(run.world.nodes.evicted) == evictions
    assert run.step(step).why == f"{OTHER} has the cluster now"


def test_no_step_begins_after_the_lease_has_expired() -> None:
    run = start(world_with(cluster("shop-dev", pool("user1")), CONFIG))
    run.call("assess")
    run.call("lease")
    run.world.clock.advance(minutes=25)
    assert run.call("begin", "pool.user1") == "unwind"
    assert run.world.clusters.begun == []
    assert run.step("pool.user1").why == "the lease has expired"


def test_a_run_that_waits_for_another_run_on_its_cluster_names_the_other_run() -> None:
    world = world_with(cluster("shop-dev", pool("user1")), CONFIG)
    run, other = start(world), start(world, manual_request(world, "reboot"))
    take_claim(world.store, Claim.of_cluster(world.clusters.only.id), other.id, NIGHT)
    run.call("assess")
    assert run.call("lease") == "assess"
    assert run.record.why == f"waiting for {other.id}, which has this cluster"
