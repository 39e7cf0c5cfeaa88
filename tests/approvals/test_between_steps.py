"""Changes that happen after an approval, either between two pools or while a run is paused."""

from datetime import timedelta

from ops.endpoints.timers import every_five_minutes
from ops.model.run import State
from ops.tables.runs import Control, controls
from tests.approvals.helpers import WITHOUT_ANA, assessed, requests, shown, vote
from tests.approvals.story import config, production
from tests.driving import NOON, DrivenRun, start
from tests.fakes import NEW, World, settings

RULE = "{from: platform, expires-after: 4h}"


def waiting() -> tuple[World, DrivenRun]:
    """A run that is waiting for approval at noon on Monday."""
    world = production(RULE, "shop-prod")
    return world, assessed(world)


def test_no_pool_begins_after_its_approver_has_left_the_group() -> None:
    world, run = waiting()
    assert vote(world, "ana") == "approved"
    world.clock.at = NOON + timedelta(hours=10.1)
    begun_before_request: list[str] = []

    def meanwhile(activity: str) -> None:
        only = world.clusters.only
        if activity == "poll" and only.provisioning_state != "Succeeded":
            world.settings = settings(config(RULE, WITHOUT_ANA))
            world.clusters.end(only.id, image=NEW)
        if activity == "approve" and not begun_before_request:
            begun_before_request.extend(world.clusters.begun)
        if activity == "assess" and len(requests(world)) > 1 and str(requests(world)[-1].state) == "pending":
            assert vote(world, "ben") == "approved"

    run.to_end(meanwhile)
    assert begun_before_request == ["upgrade user1"]
    assert requests(world)[1].parts[0].why == "ana, who approved, is no longer an approver"
    assert (run.record.state, world.clusters.begun) == (State.DONE, ["upgrade user1", "upgrade user2"])


def test_a_rule_that_is_added_during_a_run_applies_to_the_next_pool() -> None:
    world = production("{from: platform, risk: [drain]}", "shop-prod")
    world.clock.at = NOON + timedelta(hours=10.1)

    def meanwhile(activity: str) -> None:
        each = world.clusters.only
        if activity == "poll" and each.provisioning_state != "Succeeded":
            world.settings = settings(config(RULE))
            world.clusters.end(each.id, image=NEW)

    run = start(world).to_end(meanwhile)
    assert world.clusters.begun == ["upgrade user1"]
    assert (run.state, run.code) == (State.SKIPPED, "not-approved")


def test_a_paused_runs_request_has_no_buttons_after_it_has_expired() -> None:
    world, run = waiting()
    controls(world.store).change(run.id, lambda _: Control(paused_by="ben"))
    run.reassess()
    (request,) = requests(world)
    world.clock.advance(hours=4.1)
    every_five_minutes(world.context)
    assert request.token not in shown(world)[request.id]
    assert "expired" in shown(world)[request.id]
    assert vote(world, "ana") == "expired"
