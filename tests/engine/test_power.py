"""Power is a level, brought about and proven."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.endpoints.overrides import set_override
from ops.model.run import State
from ops.scheduling.due_runs import start_due_runs
from ops.tables.runs import runs
from tests.engine.lanes import NIGHT, carry_out, world
from tests.in_memory_engine import Double


def test_a_cluster_that_should_sleep_is_stopped_by_the_quarters_look() -> None:
    by = world()
    start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), NIGHT)
    (started,) = by.engine.started
    run_id = started.split()[1]
    (only,) = by.clusters.fleet.values()
    Double(by, lambda name: by.clusters.end(only.id, running=False) if name == "poll" else None).run(
        "operation", {"run": run_id}
    )
    run = runs(by.store).must_get(run_id).value
    assert (run.state, by.clusters.begun) == (State.DONE, ["stop"])
    assert run.finished[0].evidence == "the cluster is stopped"


def test_what_is_as_it_should_be_leaves_no_trace() -> None:
    by = world()
    by.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), by.clock.at)
    assert (by.engine.started, list(runs(by.store).scan())) == ([], [])


def test_an_override_pressed_keeps_it_awake() -> None:
    by = world()
    target = next(iter(by.clusters.fleet))
    body = f'{{"target": "{target}", "until": "2026-11-17T02:00:00+01:00", "by": "ana"}}'.encode()
    assert set_override(by.context, "awake", body).status == 202
    start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), NIGHT)
    assert by.engine.started == []
    by.clock.at = datetime(2026, 11, 17, 1, tzinfo=UTC)
    start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), by.clock.at)
    assert len(by.engine.started) == 1


@pytest.mark.parametrize("until", ["22:00", "2026-11-17T02:00:00", "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z", 7])
def test_an_override_without_a_sensible_end_is_refused(until: object) -> None:
    by = world()
    target = next(iter(by.clusters.fleet))
    body = f'{{"target": "{target}", "until": {f"{until!r}".replace(chr(39), chr(34))}}}'.encode()
    assert set_override(by.context, "awake", body).status == 400


def test_a_start_that_fails_for_capacity_is_told() -> None:
    by = world()
    by.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    (only,) = by.clusters.fleet.values()
    by.clusters.fleet[only.id] = replace(only, running=False)

    def meanwhile(name: str) -> None:
        if name == "poll":
            by.clusters.end(only.id, running=False, failed="AllocationFailed")

    run = carry_out(by, "power", meanwhile)
    assert (run.state, run.code) == (State.FAILED, "AllocationFailed")
