"""What takes hours longer than it should calls on somebody; it is not cut, and once it has ended well nobody is called any more."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from ops.engine.activities.lease import take_claim
from ops.engine.run_starter import start_run
from ops.model.fleet import Cluster
from ops.model.plan import Claim
from ops.model.run import State
from ops.model.run_request import RunRequest
from ops.tables.runs import runs
from tests.fakes import CONFIG, NEW, World, cluster
from tests.in_memory_engine import Double

NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)
ANOTHER = "reboot.shop-dev.2026-11-16"


def begun(on: Cluster) -> tuple[World, str]:
    by = World(config=CONFIG)
    by.clock.at = NIGHT
    by.clusters.put(on)
    run, _ = start_run(by.context, RunRequest("node-image", on.id, on.name, "2026-w47", NIGHT, "timer", "daytwo"))
    return by, run.id


def shown(by: World, run_id: str) -> str:
    """The run's message in the chat."""
    return next(str(content) for key, content in by.chat.shown.items() if by.chat.keys[key] == run_id)


def go_on(by: World, run_id: str, meanwhile: Callable[[str], None] = lambda _: None, turns: int = 200) -> None:
    with suppress(AssertionError):  # the double gives up on what goes on for ever
        Double(by, meanwhile, turns=turns).run("operation", {"run": run_id})


def test_an_operation_that_never_ends_calls_on_somebody() -> None:
    by, run_id = begun(cluster("shop-dev"))
    go_on(by, run_id)
    assert by.clock.at - NIGHT > timedelta(hours=4)
    assert "needs you" in shown(by, run_id)
    assert "longer than expected: check the operation in Azure" in shown(by, run_id)
    assert by.clusters.begun == ["upgrade user1"]


def test_nobody_is_called_within_two_hours() -> None:
    by, run_id = begun(cluster("shop-dev"))
    go_on(by, run_id, turns=60)
    assert timedelta(hours=1) < by.clock.at - NIGHT < timedelta(hours=2)
    assert "needs you" not in shown(by, run_id)


def test_once_it_has_ended_well_nobody_is_called_any_more() -> None:
    by, run_id = begun(cluster("shop-dev"))
    (only,) = by.clusters.fleet.values()
    called: list[bool] = []

    def meanwhile(activity: str) -> None:
        if activity == "poll" and by.clock.at - NIGHT > timedelta(hours=4):
            called.append("needs you" in shown(by, run_id))
            by.clusters.end(only.id, image=NEW)

    go_on(by, run_id, meanwhile)
    run = runs(by.store).must_get(run_id).value
    assert called
    assert called[0]
    assert (run.state, run.notify, run.lines) == (State.DONE, False, ())


def test_what_cannot_be_put_back_for_hours_calls_on_somebody() -> None:
    by, run_id = begun(cluster("shop-dev", running=False))
    (only,) = by.clusters.fleet.values()

    def meanwhile(activity: str) -> None:
        if activity == "poll":
            by.clusters.end(only.id, image=NEW)
        if activity == "unwind":
            by.clock.pass_(minutes=40)
        if activity in ("unwind", "begin") and len(by.clusters.begun) > 1:
            take_claim(by.store, Claim.of_cluster(only.id), ANOTHER, by.clock.at)

    go_on(by, run_id, meanwhile)
    assert by.clusters.begun == ["start", "upgrade user1"]
    assert "needs you" in shown(by, run_id)
    assert f"it cannot be undone: {ANOTHER} has the cluster now" in shown(by, run_id)
