"""What a run must never do, however the outside behaves: found by a review, each with the scenario that showed it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.engine.activities import invoke
from ops.engine.run_starter import start_run
from ops.model.fleet import Cluster
from ops.model.run import Run, State, StepRecord, StepState
from ops.model.run_request import RunRequest
from ops.ports.azure import OperationStatus
from ops.ports.errors import NotFoundError, RejectedError, TryLaterError
from ops.scheduling.due_runs import start_due_rollouts
from ops.scheduling.janitor import reconcile_engine
from ops.tables.base import Stored
from ops.tables.overrides import Override, overrides
from ops.tables.runs import Control, controls, rollouts, runs
from tests.fakes import NEW, FakeClusters, World, cluster, pool
from tests.in_memory_engine import Double

IN_WINDOW = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def world(*, asleep: bool = False) -> World:
    by = World()
    by.clock.at = IN_WINDOW
    by.clusters.put(cluster("shop-dev", pool("user1"), running=not asleep))
    return by


def begin(by: World) -> str:
    (only,) = by.clusters.fleet.values()
    run, _ = start_run(
        by.context, RunRequest("node-image", only.id, only.name, "2026-w47", by.clock.at, "timer", "daytwo")
    )
    return run.id


def carry_out(by: World, meanwhile: Callable[[str], None] = lambda _: None, *, turns: int = 400) -> Run:
    run_id = begin(by)
    Double(by, meanwhile, turns=turns).run("operation", {"run": run_id})
    return runs(by.store).must_get(run_id).value


def leased() -> tuple[World, Stored[Run]]:
    """A run that has its turn on its cluster and has begun nothing yet."""
    by = world()
    run_id = begin(by)
    for name in ("assess", "lease"):
        invoke(name, by.context, {"run": run_id})
    return by, runs(by.store).must_get(run_id)


def ends_upgrades(by: World) -> Callable[[str], None]:
    (only,) = by.clusters.fleet.values()
    return lambda name: by.clusters.end(only.id, image=NEW) if name == "poll" else None


class TestIntended:
    """A step whose first call may not have been made is a beginning like any other."""

    def test_a_cancel_is_honoured_while_azure_is_down(self) -> None:
        by = world()
        by.clusters.refuse = TryLaterError("503", 600)

        def meanwhile(_: str) -> None:
            if by.clock.at > IN_WINDOW + timedelta(hours=1):
                (run,) = runs(by.store).scan()
                controls(by.store).change(run.key, lambda _: Control(cancelled_by="ana"))
                by.clusters.refuse = None

        run = carry_out(by, meanwhile)
        assert (run.state, run.why, by.clusters.begun) == (State.HALTED, "cancelled by ana", [])

    def test_it_does_not_begin_outside_its_window_when_azure_is_back(self) -> None:
        by = world()
        by.clusters.refuse = TryLaterError("503", 600)
        begun_at: list[datetime] = []
        ends = ends_upgrades(by)

        def meanwhile(name: str) -> None:
            if by.clock.at > datetime(2026, 11, 17, 9, tzinfo=UTC):
                by.clusters.refuse = None
            if by.clusters.begun and not begun_at:
                begun_at.append(by.clock.at)
            ends(name)

        run = carry_out(by, meanwhile)
        assert run.state is State.DONE
        assert begun_at[0] >= datetime(2026, 11, 17, 22, tzinfo=UTC)


class TestTemporary:
    """A step that is taken back whatever happens."""

    def test_a_start_that_is_refused_fails_the_run_at_once(self) -> None:
        by = world(asleep=True)
        by.clusters.refuse = RejectedError("QuotaExceeded", "starting: no quota")
        run = carry_out(by, turns=60)
        assert (run.state, run.code, by.clusters.begun) == (State.FAILED, "QuotaExceeded", [])

    def test_a_woken_cluster_that_a_person_wants_awake_is_left_running(self) -> None:
        by = world(asleep=True)
        (only,) = by.clusters.fleet.values()

        def meanwhile(name: str) -> None:
            if name == "poll":
                by.clusters.end(only.id, image=NEW)
                until = by.clock.at + timedelta(hours=6)
                override = Override("awake", until, "ana", by.clock.at)
                overrides(by.store).change(f"awake|{only.id.replace('/', '|')}", lambda _: override)

        run = carry_out(by, meanwhile)
        assert (run.state, by.clusters.begun) == (State.DONE, ["start", "upgrade user1"])
        assert "a person keeps it awake" in run.finished[0].evidence


class TestRevived:
    """A run that the engine has lost goes on where its record says it was."""

    @staticmethod
    def lost(state: StepState) -> str:
        by, run = leased()
        steps = (replace(run.value.steps[0], state=state),)
        runs(by.store).replace(run, replace(run.value, steps=steps))
        by.engine.live.clear()
        by.engine.payloads.clear()
        reconcile_engine(by.context, by.clock.pass_(hours=1), purge_after=DAY)
        return str(by.engine.payloads)

    def test_with_an_upgrade_that_runs_it_is_followed(self) -> None:
        assert "'activity': 'begin', 'step': 'pool.user1'" in self.lost(StepState.RUNNING)

    def test_with_one_that_was_intended_its_check_tells(self) -> None:
        assert "'activity': 'begin', 'step': 'pool.user1'" in self.lost(StepState.INTENDED)

    def test_with_nothing_begun_it_is_assessed(self) -> None:
        assert "'activity': 'assess'" in self.lost(StepState.PLANNED)

    def test_a_step_that_runs_without_its_token_is_followed_and_not_begun_again(self) -> None:
        by, run = leased()
        record = StepRecord("pool.user1", "user1", StepState.RUNNING, began=IN_WINDOW)
        runs(by.store).replace(run, replace(run.value, steps=(record,)))
        assert invoke("begin", by.context, {"run": run.key, "step": "pool.user1"})["outcome"] == "pending"
        assert by.clusters.begun == []


class Unreadable(FakeClusters):
    """A fleet of which one cluster cannot be read."""

    def cluster(self, cluster_id: str) -> Cluster:
        if cluster_id.endswith("/a-broken"):
            raise TryLaterError("reading a-broken: no answer")
        return super().cluster(cluster_id)


def test_one_cluster_that_cannot_be_read_holds_up_no_other() -> None:
    by = World(clusters=Unreadable())
    by.clock.at = IN_WINDOW
    by.clusters.put(cluster("a-broken"), cluster("b-fine"))
    start_due_rollouts(by.context, by.settings, list(by.clusters.fleet.values()), by.clock.at)
    assert invoke("advance_rollout", by.context, {"rollout": "rollout.node-image.2026-w47"})["outcome"] == "retry"
    assert rollouts(by.store).must_get("rollout.node-image.2026-w47").value.rings_begun >= 1
    assert {key.split(".")[1].rsplit("-", 1)[0] for key in by.engine.started if key.startswith("operation")} == {
        "a-broken",
        "b-fine",
    }


def test_a_cluster_that_is_gone_ends_its_run() -> None:
    by = world()
    run_id = begin(by)
    by.clusters.fleet.clear()
    Double(by, turns=20).run("operation", {"run": run_id})
    run = runs(by.store).must_get(run_id).value
    assert (run.state, run.why) == (State.SKIPPED, "the cluster does not exist")


def test_a_no_to_reading_in_the_middle_of_an_upgrade_is_waited_out() -> None:
    by = world()
    ends = ends_upgrades(by)
    asked: list[str] = []
    real = by.clusters.operation

    def operation(token: str) -> OperationStatus:
        asked.append(token)
        if len(asked) < 3:
            raise NotFoundError("reading a running operation: 404")
        return real(token)

    by.clusters.operation = operation  # type: ignore[method-assign]  # the port, for a moment
    run = carry_out(by, lambda name: ends(name) if len(asked) > 2 else None)
    assert (run.state, by.clusters.begun) == (State.DONE, ["upgrade user1"])


def test_what_an_end_brings_with_it_is_made_up_for_after_a_crash() -> None:
    by = world()
    run_id = begin(by)
    table = runs(by.store)
    stored = table.must_get(run_id)
    table.replace(stored, replace(stored.value, state=State.DONE, ended=by.clock.at, acted=True, rollout="rollout.x"))
    assert invoke("assess", by.context, {"run": run_id})["outcome"] == "end"
    assert [entry.kind for entry in by.ledger.written.values()] == ["end"]
    assert (by.chat.posts, by.events.published, by.engine.hinted) == (
        1,
        [f"Daytwo.RunEnded {run_id}.ended"],
        ["rollout.x"],
    )
