"""A run that cannot read what it needs: it says so, goes on once it can, and ends with its week."""

from collections.abc import Callable
from datetime import UTC, datetime

from ops.engine.run_starter import start_run, start_unless_idle
from ops.model.run import Run, State
from ops.model.run_request import RunRequest
from ops.ports.errors import DeniedError, TryLaterError
from ops.tables.runs import runs
from tests.fakes import CONFIG, MONDAY, NEW, World, cluster
from tests.in_memory_engine import Double

NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)


def begun(at: datetime, make: Callable[[World], None]) -> tuple[World, str]:
    """A run of the week over one cluster, in a world of which something cannot be read."""
    by = World(config=CONFIG)
    by.clock.at = at
    only = cluster("shop-dev")
    by.clusters.put(only)
    make(by)
    signal = RunRequest("node-image", only.id, only.name, "2026-w47", at, "timer", "daytwo")
    start_unless_idle(by.context, signal)
    start_run(by.context, signal)
    return by, signal.run_id


def run(by: World, run_id: str) -> Run:
    return runs(by.store).must_get(run_id).value


def refuse_nodes(by: World) -> None:
    by.nodes.refuse["nodes"] = DeniedError("listing the nodes of shop-dev: 401 Unauthorized")


def test_one_refusal_of_the_api_server_on_monday_does_not_lose_the_week() -> None:
    by, run_id = begun(MONDAY, refuse_nodes)
    assert run(by, run_id).state is State.WAITING
    (only,) = by.clusters.fleet.values()

    def meanwhile(activity: str) -> None:
        by.nodes.refuse.clear()
        if activity == "poll":
            by.clusters.end(only.id, image=NEW)

    Double(by, meanwhile).run("operation", {"run": run_id})
    assert (run(by, run_id).state, by.clusters.begun) == (State.DONE, ["upgrade user1"])
    assert "needs you" not in str(by.chat.shown)


def test_a_role_that_never_comes_is_told_in_the_window_and_at_the_end() -> None:
    by, run_id = begun(NIGHT, refuse_nodes)
    Double(by, turns=1_000).run("operation", {"run": run_id})
    ended = run(by, run_id)
    assert (ended.state, ended.why) == (
        State.SKIPPED,
        "user1: the nodes could not be read: listing the nodes of shop-dev: 401 Unauthorized",
    )
    assert by.chat.posts == 1
    assert "401 Unauthorized" in str(by.chat.shown)


def test_a_newest_image_that_never_answers_ends_with_the_week_and_says_why() -> None:
    def break_images(by: World) -> None:
        by.clusters.refuse_images = TryLaterError("reading the upgrade profile of shop-dev/user1: 500", 3600)

    by, run_id = begun(NIGHT, break_images)
    Double(by, turns=2_000).run("operation", {"run": run_id})
    ended = run(by, run_id)
    assert ended.state is State.SKIPPED
    assert ended.why.endswith("reading the upgrade profile of shop-dev/user1: 500")


def test_a_run_that_went_well_calls_on_nobody_though_something_could_not_be_read_for_a_while() -> None:
    last_night = datetime(2026, 11, 19, 23, tzinfo=UTC)
    by, run_id = begun(last_night, refuse_nodes)
    (only,) = by.clusters.fleet.values()
    was_loud: list[bool] = []

    def meanwhile(activity: str) -> None:
        if activity == "assess" and by.nodes.refuse:
            was_loud.append(run(by, run_id).notify)
            if len(was_loud) > 1:
                by.nodes.refuse.clear()
        if activity == "poll":
            by.clusters.end(only.id, image=NEW)

    Double(by, meanwhile).run("operation", {"run": run_id})
    assert True in was_loud
    ended = run(by, run_id)
    assert (ended.state, ended.notify) == (State.DONE, False)
    assert "needs you" not in str(by.chat.shown)
