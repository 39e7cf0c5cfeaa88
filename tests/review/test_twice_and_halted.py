"""The same delivery twice at once; a rollout that halted."""

from datetime import timedelta

from ops.intake.deciding import Click, decide
from ops.intake.ticks import every_five_minutes
from ops.model.approval import Choice
from ops.model.people import Identity
from tests.approvals import test_ring
from tests.approvals.story import SLACK, TEAM, Story, pass_time
from tests.approvals.test_deliveries import Bare


def test_the_same_delivery_at_the_same_moment_has_one_answer():
    """Two processes take the same event before either has kept its answer."""
    story = Story(Bare(), "{from: platform}")
    world = story.world
    click = Click(story.approval.token, Choice.APPROVE, Identity("slack", TEAM, SLACK["ana"]), "same")
    get = world.store.get
    inner = []

    def interleaved(kind, key):
        found = get(kind, key)
        if kind == "attempt" and not inner:
            inner.append(None)
            inner[0] = decide(world.context, click).result
        return found

    world.store.get = interleaved
    outer = decide(world.context, click).result
    print(inner, outer)
    assert inner[0] == outer


def test_a_reason_cannot_call_the_channel():
    story = Story(Bare(), "{from: platform}")
    click = Click(
        story.approval.token,
        Choice.REJECT,
        Identity("page", "11111111-1111-1111-1111-111111111111", "aaaaaaaa-0000-0000-0000-000000000001"),
        "e",
        "<!channel> *x* <https://evil|click>",
    )
    assert decide(story.world.context, click).result == "rejected"
    story.look()
    every_five_minutes(story.world.context)
    assert "<!channel>" not in str(story.world.chat.shown) and "<https" not in str(story.world.chat.shown)


def test_one_of_a_halted_rollouts_runs_that_asks_again_is_cancelled_too():
    """What has acted and waits for people is not left asking."""
    from dataclasses import replace

    from ops.model.run import RingTargets, Rollout, RolloutPlan, State
    from ops.records import rollouts, runs
    from ops.workflows.activities import invoke

    world, drivers = test_ring.ring("shop-a", "shop-b", rule="{from: platform}")
    pass_time(world, tuple(drivers.values()), timedelta(minutes=6))
    from datetime import UTC, datetime

    targets = tuple((d.run.target, n) for n, d in drivers.items())
    plan = RolloutPlan(
        "node-image", "2026-w47", (RingTargets("production", targets, None),), 0, datetime(2026, 11, 23, tzinfo=UTC)
    )
    rollouts(world.store).insert(
        test_ring.ROLLOUT, Rollout(id=test_ring.ROLLOUT, plan=plan, created=world.clock.at, rings_begun=1)
    )
    a = runs(world.store).must_get(drivers["shop-a"].run_id)
    runs(world.store).replace(a, replace(a.value, acted=True))
    b = runs(world.store).must_get(drivers["shop-b"].run_id)
    runs(world.store).replace(b, replace(b.value, state=State.FAILED))
    invoke("advance_rollout", world.context, {"rollout": test_ring.ROLLOUT})
    print(
        rollouts(world.store).must_get(test_ring.ROLLOUT).value.state,
        drivers["shop-a"].run.state,
        [a.state for a in test_ring.requests(world)],
    )
    drivers["shop-a"].until = None
    drivers["shop-a"].go_on()
    (request,) = test_ring.requests(world)
    assert str(drivers["shop-a"].run.state) == "halted"
    assert {part.target_name: str(part.state) for part in request.parts}["shop-a"] == "cancelled"
