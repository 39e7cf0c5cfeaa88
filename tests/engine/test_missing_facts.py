"""A run that cannot read a fact reports the problem, continues once the fact can be read, and ends with its week."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ops.engine.run_starter import start_unless_idle
from ops.model.run import State
from ops.ports.errors import DeniedError, ThrottledError, TryLaterError
from tests.driving import NIGHT, AzureOperations, DrivenRun, run_request, start, world_with
from tests.fakes import CONFIG, MONDAY, World, cluster


def begun(at: datetime, break_world: Callable[[World], None]) -> DrivenRun:
    """The week's run, in a world in which one fact cannot be read."""
    world = world_with(cluster("shop-dev"), CONFIG, at)
    break_world(world)
    start_unless_idle(world.context, run_request(world))
    return start(world)


def refuse_nodes(world: World) -> None:
    world.nodes.refuse["nodes"] = DeniedError("listing the nodes of shop-dev: 401 Unauthorized")


def test_a_single_denied_request_to_the_api_server_on_monday_does_not_end_the_run() -> None:
    run = begun(MONDAY, refuse_nodes)
    world = run.world
    assert run.record.state is State.WAITING
    operations = AzureOperations(world, polls=1)

    def meanwhile(activity: str) -> None:
        world.nodes.refuse.clear()
        operations(activity)

    assert (run.to_end(meanwhile).state, world.clusters.begun) == (State.DONE, ["upgrade user1"])
    assert "needs you" not in str(world.chat.shown)


def test_a_role_that_is_never_assigned_is_reported_in_the_window_and_at_the_end() -> None:
    run = begun(NIGHT, refuse_nodes)
    ended = run.to_end(turns=1_000)
    assert (ended.state, ended.why) == (
        State.SKIPPED,
        "user1: the nodes could not be read: listing the nodes of shop-dev: 401 Unauthorized",
    )
    assert run.world.chat.posts == 1
    assert "401 Unauthorized" in str(run.world.chat.shown)


def test_a_run_that_can_never_read_the_newest_image_ends_with_the_week_and_states_the_reason() -> None:
    def break_images(world: World) -> None:
        world.clusters.refuse_images = TryLaterError("reading the upgrade profile of shop-dev/user1: 500", 3600)

    ended = begun(NIGHT, break_images).to_end()
    assert ended.state is State.SKIPPED
    assert ended.why.endswith("reading the upgrade profile of shop-dev/user1: 500")


def test_no_one_is_notified_if_a_run_succeeds_after_a_fact_was_missing() -> None:
    last_night = datetime(2026, 11, 19, 23, tzinfo=UTC)
    run = begun(last_night, refuse_nodes)
    operations = AzureOperations(run.world, polls=1)
    notified: list[bool] = []

    def meanwhile(activity: str) -> None:
        if activity == "assess" and run.world.nodes.refuse:
            notified.append(run.record.notify)
            if len(notified) > 1:
                run.world.nodes.refuse.clear()
        operations(activity)

    ended = run.to_end(meanwhile)
    assert True in notified
    assert (ended.state, ended.notify) == (State.DONE, False)
    assert "needs you" not in str(run.world.chat.shown)


def test_a_run_whose_facts_are_throttled_waits_as_long_as_azure_asks() -> None:
    def throttle(world: World) -> None:
        world.nodes.refuse["nodes"] = ThrottledError("listing the nodes of shop-dev: 429", 1_500)

    run = begun(NIGHT, throttle)
    assert run.record.until == NIGHT + timedelta(minutes=25)
