"""Changes that happen after an approval, either between two pools or while a run is paused."""

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import Mock

import pytest

from ops.endpoints.timers import every_five_minutes
from ops.model.run import Run, State
from ops.ports.errors import TryLaterError
from ops.tables.runs import Control, controls
from tests.approvals.helpers import WITHOUT_ANA, assessed, requests, shown, vote
from tests.approvals.story import config, production
from tests.driving import NOON, DrivenRun, start, world_with
from tests.fakes import CONFIG, NEW, World, cluster, pool, settings

RULE = "{from: platform, expires-after: 4h}"
# The cluster is in the first of two rings, so no image needs a proof.
TWO_RINGS = CONFIG.replace(
    "- {name: pre-production, select: {tags: {env: [dev, test]}}}", "- {name: early, select: {tags: {env: prod}}}"
).replace("- {name: production, select: {tags: {env: prod}}", "- {name: production, select: {tags: {env: core}}")

# The cluster is in another ring, to which the rule does not apply.
MOVED = config("{from: platform, rings: [production]}").replace(
    "    - {name: production, select: {tags: {env: prod}}",
    "    - {name: others, select: {tags: {env: prod}}}\n    - {name: production, select: {tags: {env: core}}",
)


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


def during_the_first_pool(change: Callable[[World], None]) -> tuple[World, Run]:
    """A run whose world changes while its first pool is being upgraded. Nothing in it needs approval."""
    world = world_with(cluster("shop-prod", pool("user1"), pool("user2"), env="prod"), TWO_RINGS)
    world.clock.at = NOON + timedelta(hours=10.1)

    def meanwhile(activity: str) -> None:
        each = world.clusters.only
        if activity == "poll" and each.provisioning_state != "Succeeded":
            change(world)
            world.clusters.end(each.id, image=NEW)

    return world, start(world).to_end(meanwhile, turns=300)


def into_the_other_ring(world: World) -> None:
    world.settings = settings(TWO_RINGS.replace("env: core", "env: [core, prod]"))


def into_a_freeze(world: World) -> None:
    world.settings = settings(TWO_RINGS + "freezes: [{name: now, from: 2026-11-16, to: 2026-11-20}]\n")


def into_a_shorter_window(world: World) -> None:
    world.settings = settings(TWO_RINGS.replace('to: "05:00"', 'to: "22:20"'))


@pytest.mark.parametrize("change", [into_the_other_ring, into_a_freeze, into_a_shorter_window])
def test_the_next_pool_does_not_begin_if_the_ring_or_the_window_has_changed(change: Callable[[World], None]) -> None:
    """docs/approvals.md, rule 12: between two steps, the ring, the windows and the freezes are checked again."""
    world, run = during_the_first_pool(change)
    assert world.clusters.begun == ["upgrade user1"]
    assert run.state.is_final


def test_the_next_pool_begins_if_nothing_has_changed() -> None:
    world, run = during_the_first_pool(lambda _: None)
    assert (world.clusters.begun, run.state) == (["upgrade user1", "upgrade user2"], State.DONE)


def test_a_step_is_retried_if_the_cluster_cannot_be_read_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A throttled read must not unwind a run, which would stop a cluster that it has just started."""
    world = world_with(cluster("shop-prod", pool("user1"), env="prod"), TWO_RINGS)
    world.clock.at = NOON + timedelta(hours=10.1)
    run = start(world)
    run.to_first_step()
    plain = world.clusters.cluster
    monkeypatch.setattr(world.clusters, "cluster", Mock(side_effect=TryLaterError("reading shop-prod: throttled", 30)))
    assert run.call("begin", "pool.user1") == "retry"
    monkeypatch.setattr(world.clusters, "cluster", plain)
    assert run.call("begin", "pool.user1") == "pending"


def test_a_cluster_that_leaves_its_ring_does_not_escape_its_request() -> None:
    """The new ring has no rule: the run ends instead of continuing without approval; the next run follows the new ring."""
    world, run = waiting()
    assert vote(world, "ana") == "approved"
    world.settings = settings(MOVED)
    world.clock.at = NOON + timedelta(hours=10.1)
    ended = run.to_end()
    assert (ended.state, ended.code, world.clusters.begun) == (State.SKIPPED, "ring-changed", [])
    assert "its cluster is now in others, no longer in production" in ended.why
    assert [str(part.state) for part in requests(world)[0].parts] == ["superseded"]


def test_a_request_that_waits_for_people_ends_if_its_cluster_leaves_the_ring() -> None:
    world, run = waiting()
    world.settings = settings(MOVED)
    run.reassess()
    assert (run.record.state, run.record.code) == (State.SKIPPED, "ring-changed")


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
