"""Which of two runs on a cluster has precedence. The other one yields between its steps."""

from ops.endpoints.event_grid import take_event
from tests.driving import WEEK, DrivenRun, manual_request, run_request, start
from tests.engine.test_spot import notice, world_with_spot_pool
from tests.engine.worlds import world_with_all_operations


def test_a_run_started_by_the_timer_yields_between_its_steps_to_a_run_started_by_a_person() -> None:
    world = world_with_all_operations()
    night, person = start(world), start(world, manual_request(world))
    for activity in ("assess", "lease"):
        night.call(activity)
        outcome = person.call(activity)
    assert outcome == "assess"
    assert night.call("begin", "pool.user1") == "unwind"
    assert night.record.why == f"yields to {person.id}"
    assert world.clusters.begun == []


def test_a_run_does_not_take_a_lease_that_a_run_with_higher_precedence_is_waiting_for() -> None:
    world = world_with_all_operations()
    first = start(world, manual_request(world))
    power = start(world, run_request(world, "power", "1"))
    night = start(world, run_request(world, period=WEEK))
    for run in (first, power, night):
        run.call("assess")
    assert [run.call("lease") for run in (first, power, night)] == ["step", "assess", "assess"]
    first.call("conclude")
    night.call("assess")
    assert night.call("lease") == "assess"
    power.call("assess")
    assert power.call("lease") == "step"


def test_a_spot_run_neither_waits_for_the_run_that_has_the_cluster_nor_makes_it_yield() -> None:
    """It takes no lease: it starts no ARM operation, and the notice lasts seconds."""
    world = world_with_spot_pool()
    upgrade = start(world)
    upgrade.call("assess")
    assert upgrade.call("lease") == "step"
    take_event(world.context, notice(1, 1))
    (spot,) = (each.split()[1] for each in world.engine.started if "spot." in each)
    evacuation = DrivenRun(world, spot)
    evacuation.call("assess")
    assert evacuation.call("lease") == "step"
    (evacuate,) = evacuation.record.steps
    evacuation.call("begin", evacuate.id)
    evacuation.call("poll", evacuate.id)
    assert upgrade.call("begin", "pool.user1") == "pending"
    assert (world.nodes.evicted, world.clusters.begun) == (["job-1"], ["upgrade user1"])
