"""A process that comes back after hours: leases are another's by then, windows are closed."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ops.engine.activities import invoke
from ops.engine.activities.lease import take_claim
from ops.engine.run_starter import start_run
from ops.model.fleet import Cluster
from ops.model.plan import Claim
from ops.model.run import StepState
from ops.model.run_request import RunRequest
from ops.model.workload import Pod
from ops.ports.kubernetes import EvictionResult
from ops.tables.runs import runs
from tests.fakes import CONFIG, LANES, NEW, World, cluster, nodes_of, pool

NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)
ANOTHER = "reboot.shop-dev.2026-11-16"


@dataclass(frozen=True)
class Late:
    """A run of one cluster, carried out activity by activity."""

    by: World
    on: Cluster
    run: str

    @classmethod
    def of(cls, runbook: str, occurrence: str, config: str, on: Cluster) -> "Late":
        by = World(config=config)
        by.clock.at = NIGHT
        by.clusters.put(on)
        run, _ = start_run(by.context, RunRequest(runbook, on.id, on.name, occurrence, NIGHT, "timer", "daytwo"))
        return cls(by, on, run.id)

    def go(self, activity: str, step: str = "", *, undo: bool = False) -> object:
        """One activity; what it answers."""
        return invoke(activity, self.by.context, {"run": self.run, "step": step, "undo": undo})["outcome"]

    def state(self, step: str) -> StepState:
        return runs(self.by.store).must_get(self.run).value.step(step).state

    def why(self, step: str) -> str:
        return runs(self.by.store).must_get(self.run).value.step(step).why

    def is_away(self, **time: int) -> None:
        """The process is gone for so long."""
        self.by.clock.pass_(**time)

    def another_takes_the_cluster(self) -> None:
        assert take_claim(self.by.store, Claim.of_cluster(self.on.id), ANOTHER, self.by.clock.at) is None


def sleeper() -> Late:
    """A cluster that was woken, and whose pool is upgraded."""
    late = Late.of("node-image", "2026-w47", CONFIG, cluster("shop-dev", running=False))
    late.go("assess")
    late.go("lease")
    late.go("begin", "start")
    late.by.clusters.end(late.on.id, running=True)
    assert late.go("poll", "start") == "verify"
    assert late.go("verify", "start") == "step"
    late.go("begin", "pool.user1")
    late.by.clusters.end(late.on.id, image=NEW)
    assert late.go("poll", "pool.user1") == "verify"
    assert late.go("verify", "pool.user1") == "unwind"
    return late


def test_a_cluster_is_not_put_to_sleep_under_another_run() -> None:
    late = sleeper()
    late.is_away(minutes=40)
    late.another_takes_the_cluster()
    assert late.go("begin", "start", undo=True) == "retry"
    assert late.by.clusters.begun == ["start", "upgrade user1"]


def test_it_is_put_to_sleep_once_the_other_has_gone() -> None:
    late = sleeper()
    late.is_away(minutes=40)
    late.another_takes_the_cluster()
    late.go("begin", "start", undo=True)
    late.is_away(minutes=40)
    assert late.go("begin", "start", undo=True) == "pending"
    assert late.by.clusters.begun == ["start", "upgrade user1", "stop"]


def test_while_another_has_the_cluster_its_region_is_free_for_the_other_of_the_pair() -> None:
    late = sleeper()
    plan = runs(late.by.store).must_get(late.run).value.plan
    assert plan is not None
    region = plan.claims[1]
    late.is_away(minutes=40)
    late.another_takes_the_cluster()
    late.go("begin", "start", undo=True)
    other_side = replace(region, side="northeurope")
    assert take_claim(late.by.store, other_side, "node-image.web.2026-w47", late.by.clock.at) is None


def draining() -> tuple[Late, str, int]:
    """A drain whose pod's budget says no so far; the node, and how often the pod was asked."""
    on = cluster("shop-dev")
    late = Late.of("reboot", "2026-11-16", LANES, on)
    node = nodes_of(on)[1].name
    late.by.nodes.said["shop-dev"] = nodes_of(on, boot_id="before")
    late.by.nodes.change(node, annotations={"daytwo.dev/reboot-required": "x"})
    late.by.nodes.running["shop-dev"] = (Pod("shop", "web", "u", node, "Running", ready=True, owner_kind="ReplicaSet"),)
    late.by.nodes.answers["web"] = EvictionResult("blocked", "budget")
    late.go("assess")
    late.go("lease")
    late.go("begin", f"cordon.{node}")
    late.go("begin", f"drain.{node}")
    asked = len(late.by.nodes.evicted)
    assert asked > 0
    late.by.nodes.answers.clear()
    return late, f"drain.{node}", asked


def test_a_drain_goes_on_while_its_window_is_open_and_nobody_else_has_the_cluster() -> None:
    late, step, asked = draining()
    late.is_away(minutes=10)
    late.go("poll", step)
    assert len(late.by.nodes.evicted) == asked + 1


def test_a_drain_evicts_nobody_once_its_window_has_closed() -> None:
    late, step, asked = draining()
    late.is_away(hours=7)
    assert late.go("begin", step) == "pending"
    assert late.go("poll", step) == "unwind"
    assert len(late.by.nodes.evicted) == asked
    assert (late.state(step), late.why(step)) == (StepState.LEFT, "its window has closed")


def test_a_drain_evicts_nobody_once_another_run_has_the_cluster() -> None:
    late, step, asked = draining()
    late.is_away(minutes=40)
    late.another_takes_the_cluster()
    assert late.go("poll", step) == "unwind"
    assert len(late.by.nodes.evicted) == asked
    assert late.why(step) == f"{ANOTHER} has the cluster now"


def test_no_step_begins_on_a_lease_that_has_run_out() -> None:
    late = Late.of("node-image", "2026-w47", CONFIG, cluster("shop-dev", pool("user1")))
    late.go("assess")
    late.go("lease")
    late.is_away(minutes=25)
    assert late.go("begin", "pool.user1") == "unwind"
    assert late.by.clusters.begun == []
    assert late.why("pool.user1") == "the lease has expired"


def test_who_waits_for_another_run_on_its_own_cluster_says_which() -> None:
    late = Late.of("node-image", "2026-w47", CONFIG, cluster("shop-dev", pool("user1")))
    other, _ = start_run(late.by.context, RunRequest("reboot", late.on.id, late.on.name, "m-1", NIGHT, "http", "ana"))
    take_claim(late.by.store, Claim.of_cluster(late.on.id), other.id, NIGHT)
    late.go("assess")
    assert late.go("lease") == "assess"
    assert runs(late.by.store).must_get(late.run).value.why == f"waits for {other.id}, which has this cluster"
