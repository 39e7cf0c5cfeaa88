"""Power control is level-triggered: the timer compares the desired with the actual state and corrects any difference."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.endpoints.overrides import set_override
from ops.model.run import State
from ops.tables.runs import runs
from tests.driving import AzureOperations, DrivenRun, manual_request, start, start_due
from tests.engine.worlds import world_with_all_operations


def test_a_cluster_outside_its_hours_is_stopped_by_the_next_tick() -> None:
    world = world_with_all_operations()
    start_due(world)
    (started,) = world.engine.started
    run = DrivenRun(world, started.split()[1]).to_end(AzureOperations(world, polls=1))
    assert (run.state, world.clusters.begun) == (State.DONE, ["stop"])
    assert run.finished[0].evidence == "the cluster is stopped"


def test_no_run_starts_for_a_cluster_in_its_desired_state() -> None:
    world = world_with_all_operations()
    world.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    start_due(world)
    assert (world.engine.started, list(runs(world.store).scan())) == ([], [])


def test_an_override_keeps_a_cluster_awake_until_the_override_ends() -> None:
    world = world_with_all_operations()
    body = f'{{"target": "{world.clusters.only.id}", "until": "2026-11-17T02:00:00+01:00", "by": "ana"}}'.encode()
    assert set_override(world.context, "awake", body).status == 202
    start_due(world)
    assert world.engine.started == []
    world.clock.at = datetime(2026, 11, 17, 1, tzinfo=UTC)
    start_due(world)
    assert len(world.engine.started) == 1


@pytest.mark.parametrize("until", ["22:00", "2026-11-17T02:00:00", "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z", 7])
def test_an_override_without_a_valid_end_is_rejected(until: object) -> None:
    world = world_with_all_operations()
    quoted = f"{until!r}".replace("'", '"')
    body = f'{{"target": "{world.clusters.only.id}", "until": {quoted}}}'.encode()
    assert set_override(world.context, "awake", body).status == 400


def test_a_run_fails_if_its_start_fails_for_lack_of_capacity() -> None:
    world = world_with_all_operations()
    world.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    world.clusters.put(replace(world.clusters.only, running=False))

    def meanwhile(activity: str) -> None:
        if activity == "poll":
            world.clusters.end(world.clusters.only.id, running=False, failed="AllocationFailed")

    run = start(world, manual_request(world, "power")).to_end(meanwhile)
    assert (run.state, run.code) == (State.FAILED, "AllocationFailed")
