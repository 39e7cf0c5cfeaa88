"""People are notified about a step that is hours overdue. The step is not interrupted, and the notice disappears if the step succeeds."""

from datetime import timedelta

from ops.engine.activities.lease import take_claim
from ops.model.plan import Claim
from ops.model.run import State
from tests.driving import NIGHT, DrivenRun, start, world_with
from tests.fakes import CONFIG, NEW, cluster

OTHER = "reboot.shop-dev.2026-11-16"


def begun(*, running: bool = True) -> DrivenRun:
    return start(world_with(cluster("shop-dev", running=running), CONFIG))


def shown(run: DrivenRun) -> str:
    """The message about the run in the chat."""
    chat = run.world.chat
    return next(str(content) for key, content in chat.shown.items() if chat.keys[key] == run.id)


def test_people_are_notified_when_an_operation_has_not_ended_for_hours() -> None:
    run = begun()
    run.turns(200)
    assert run.world.clock.at - NIGHT > timedelta(hours=4)
    assert "needs you" in shown(run)
    assert "longer than expected: check the operation in Azure" in shown(run)
    assert run.world.clusters.begun == ["upgrade user1"]


def test_no_one_is_notified_during_the_first_two_hours() -> None:
    run = begun()
    run.turns(60)
    assert timedelta(hours=1) < run.world.clock.at - NIGHT < timedelta(hours=2)
    assert "needs you" not in shown(run)


def test_the_notice_disappears_when_the_operation_succeeds() -> None:
    run = begun()
    world = run.world
    noticed: list[bool] = []

    def meanwhile(activity: str) -> None:
        if activity == "poll" and world.clock.at - NIGHT > timedelta(hours=4):
            noticed.append("needs you" in shown(run))
            world.clusters.end(world.clusters.only.id, image=NEW)

    ended = run.to_end(meanwhile)
    assert noticed
    assert noticed[0]
    assert (ended.state, ended.notify, ended.lines) == (State.DONE, False, ())


def test_people_are_notified_when_an_undo_has_been_impossible_for_hours() -> None:
    run = begun(running=False)
    world = run.world
    only = world.clusters.only.id

    def meanwhile(activity: str) -> None:
        if activity == "poll":
            world.clusters.end(only, image=NEW)
        if activity == "unwind":
            world.clock.advance(minutes=40)
        if activity in ("unwind", "begin") and len(world.clusters.begun) > 1:
            take_claim(world.store, Claim.of_cluster(only), OTHER, world.clock.at)

    run.turns(200, meanwhile)
    assert world.clusters.begun == ["start", "upgrade user1"]
    assert "needs you" in shown(run)
    assert f"it cannot be undone: {OTHER} has the cluster now" in shown(run)
