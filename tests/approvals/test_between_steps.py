"""What changes after the decision: between two pools, while a run is paused, while nobody looks."""

from datetime import timedelta

from ops.endpoints.timers import every_five_minutes
from ops.model.run import State
from ops.tables.runs import Control, controls, runs
from tests.approvals.helpers import WITHOUT_ANA, begun, press, requests, shown, started
from tests.approvals.story import NOON, Driver, config, production
from tests.fakes import NEW, World, settings
from tests.in_memory_engine import Double

RULE = "{from: platform, expires-after: 4h}"


def asked() -> tuple[World, Driver]:
    """A run that waits for people, on Monday noon."""
    world = production(RULE, "shop-prod")
    (only,) = world.clusters.fleet.values()
    return world, begun(world, only)


def test_no_pool_begins_once_its_approver_is_none_any_more() -> None:
    world, driver = asked()
    assert press(world, "ana") == "approved"
    world.clock.at = NOON + timedelta(hours=10.1)
    begun_then: list[str] = []

    def meanwhile(activity: str) -> None:
        (only,) = world.clusters.fleet.values()
        if activity == "poll" and only.provisioning_state != "Succeeded":
            world.settings = settings(config(RULE, WITHOUT_ANA))
            world.clusters.end(only.id, image=NEW)
        if activity == "approve" and not begun_then:
            begun_then.extend(world.clusters.begun)
        if activity == "assess" and len(requests(world)) > 1 and str(requests(world)[-1].state) == "pending":
            assert press(world, "ben") == "approved"

    Double(world, meanwhile).run("operation", {"run": driver.run_id})
    assert begun_then == ["upgrade user1"]
    assert requests(world)[1].parts[0].why == "ana, who approved, is not an approver any more"
    assert (driver.run.state, world.clusters.begun) == (State.DONE, ["upgrade user1", "upgrade user2"])


def test_a_rule_that_comes_in_the_middle_holds_the_next_pool() -> None:
    world = production("{from: platform, risk: [drain]}", "shop-prod")
    (only,) = world.clusters.fleet.values()
    world.clock.at = NOON + timedelta(hours=10.1)
    run_id = started(world, only).run_id

    def meanwhile(activity: str) -> None:
        (each,) = world.clusters.fleet.values()
        if activity == "poll" and each.provisioning_state != "Succeeded":
            world.settings = settings(config(RULE))
            world.clusters.end(each.id, image=NEW)

    Double(world, meanwhile).run("operation", {"run": run_id})
    run = runs(world.store).must_get(run_id).value
    assert world.clusters.begun == ["upgrade user1"]
    assert (run.state, run.code) == (State.SKIPPED, "not-approved")


def test_a_paused_runs_request_loses_its_buttons_when_it_expires() -> None:
    world, driver = asked()
    controls(world.store).change(driver.run_id, lambda _: Control(paused_by="ben"))
    world.engine.wake(driver.run_id)
    driver.wake()
    (request,) = requests(world)
    world.clock.pass_(hours=4.1)
    every_five_minutes(world.context)
    assert request.token not in shown(world)[request.id]
    assert "expired" in shown(world)[request.id]
    assert press(world, "ana") == "expired"
