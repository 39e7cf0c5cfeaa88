"""Things that a run must never do, whatever happens in Azure. Each test reproduces a scenario that a review found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.model.fleet import Cluster
from ops.model.run import State, StepRecord, StepState
from ops.ports.azure import OperationStatus
from ops.ports.errors import NotFoundError, RejectedError, TryLaterError
from ops.scheduling.due_runs import start_due_rollouts
from ops.scheduling.janitor import reconcile_engine
from ops.tables.overrides import Override, overrides
from ops.tables.runs import Control, controls, rollouts, runs
from tests.driving import IN_WINDOW, AzureOperations, DrivenRun, call, start
from tests.engine.worlds import world_in_window
from tests.fakes import NEW, FakeClusters, World, cluster

DAY = timedelta(days=1)
ROLLOUT = "rollout.node-image.2026-w47"


def leased() -> DrivenRun:
    """A run that holds its leases but has not begun a step."""
    run = start(world_in_window())
    for activity in ("assess", "lease"):
        run.call(activity)
    return run


def change_steps(run: DrivenRun, *steps: StepRecord) -> None:
    table = runs(run.world.store)
    stored = table.must_get(run.id)
    table.replace(stored, replace(stored.value, steps=steps))


class TestIntended:
    """If it is unknown whether a step's first call was made, the step is checked in full, like one that is about to begin."""

    def test_a_cancel_takes_effect_while_azure_is_down(self) -> None:
        world = world_in_window()
        world.clusters.refuse = TryLaterError("503", 600)
        run = start(world)

        def meanwhile(_: str) -> None:
            if world.clock.at > IN_WINDOW + timedelta(hours=1):
                controls(world.store).change(run.id, lambda _: Control(cancelled_by="ana"))
                world.clusters.refuse = None

        ended = run.to_end(meanwhile, turns=400)
        assert (ended.state, ended.why, world.clusters.begun) == (State.HALTED, "cancelled by ana", [])

    def test_a_step_does_not_begin_outside_its_window_when_azure_recovers(self) -> None:
        world = world_in_window()
        world.clusters.refuse = TryLaterError("503", 600)
        begun_at: list[datetime] = []
        operations = AzureOperations(world, polls=1)

        def meanwhile(activity: str) -> None:
            if world.clock.at > datetime(2026, 11, 17, 9, tzinfo=UTC):
                world.clusters.refuse = None
            if world.clusters.begun and not begun_at:
                begun_at.append(world.clock.at)
            operations(activity)

        assert start(world).to_end(meanwhile, turns=400).state is State.DONE
        assert begun_at[0] >= datetime(2026, 11, 17, 22, tzinfo=UTC)


class TestTemporary:
    """A step that is undone however the run ends."""

    def test_a_start_that_is_rejected_is_not_undone(self) -> None:
        world = world_in_window(stopped=True)
        world.clusters.refuse = RejectedError("QuotaExceeded", "starting: no quota")
        run = start(world).to_end(turns=60)
        assert (run.state, run.code, world.clusters.begun) == (State.SKIPPED, "refused", [])

    def test_a_started_cluster_that_a_person_keeps_awake_is_not_stopped(self) -> None:
        world = world_in_window(stopped=True)
        only = world.clusters.only.id

        def meanwhile(activity: str) -> None:
            if activity == "poll":
                world.clusters.end(only, image=NEW)
                until = world.clock.at + timedelta(hours=6)
                override = Override("awake", until, "ana", world.clock.at)
                overrides(world.store).change(f"awake|{only.replace('/', '|')}", lambda _: override)

        run = start(world).to_end(meanwhile, turns=400)
        assert (run.state, world.clusters.begun) == (State.DONE, ["start", "upgrade user1"])
        assert "a person is keeping it awake" in run.finished[0].evidence


class TestLostByTheEngine:
    """A run that the engine has lost resumes at the position in its record."""

    @staticmethod
    def restarted(state: StepState) -> str:
        run = leased()
        change_steps(run, replace(run.record.steps[0], state=state))
        world = run.world
        world.engine.live.clear()
        world.engine.payloads.clear()
        reconcile_engine(world.context, world.clock.advance(hours=1), purge_after=DAY)
        return str(world.engine.payloads)

    def test_an_upgrade_in_progress_is_followed(self) -> None:
        assert "'activity': 'begin', 'step': 'pool.user1'" in self.restarted(StepState.RUNNING)

    def test_an_intended_upgrade_is_checked_before_it_begins(self) -> None:
        assert "'activity': 'begin', 'step': 'pool.user1'" in self.restarted(StepState.INTENDED)

    def test_a_run_that_has_not_begun_a_step_is_assessed(self) -> None:
        assert "'activity': 'assess'" in self.restarted(StepState.PLANNED)

    def test_a_running_step_without_a_token_is_followed_and_not_begun_a_second_time(self) -> None:
        run = leased()
        change_steps(run, StepRecord("pool.user1", "user1", StepState.RUNNING, began=IN_WINDOW))
        assert run.call("begin", "pool.user1") == "pending"
        assert run.world.clusters.begun == []


class UnreadableCluster(FakeClusters):
    """A fleet in which one cluster cannot be read."""

    def cluster(self, cluster_id: str) -> Cluster:
        if cluster_id.endswith("/a-broken"):
            raise TryLaterError("reading a-broken: no answer")
        return super().cluster(cluster_id)


def test_a_cluster_that_cannot_be_read_does_not_block_the_others() -> None:
    world = World(clusters=UnreadableCluster())
    world.clock.at = IN_WINDOW
    world.clusters.put(cluster("a-broken"), cluster("b-fine"))
    start_due_rollouts(world.context, world.settings, list(world.clusters.fleet.values()), world.clock.at)
    assert call(world, "advance_rollout", {"rollout": ROLLOUT}) == "retry"
    assert rollouts(world.store).must_get(ROLLOUT).value.rings_begun >= 1
    assert {key.split(".")[1].rsplit("-", 1)[0] for key in world.engine.started if key.startswith("operation")} == {
        "a-broken",
        "b-fine",
    }


def test_a_run_ends_when_its_cluster_has_been_deleted() -> None:
    world = world_in_window()
    run = start(world)
    world.clusters.fleet.clear()
    ended = run.to_end(turns=20)
    assert (ended.state, ended.why) == (State.SKIPPED, "the cluster does not exist")


def test_an_operation_in_progress_that_is_temporarily_not_found_is_polled_again() -> None:
    world = world_in_window()
    operations = AzureOperations(world, polls=1)
    polled: list[str] = []
    real = world.clusters.operation

    def operation(token: str) -> OperationStatus:
        polled.append(token)
        if len(polled) < 3:
            raise NotFoundError("reading a running operation: 404")
        return real(token)

    world.clusters.operation = operation  # type: ignore[method-assign]  # the port, for a moment
    run = start(world).to_end(lambda activity: operations(activity) if len(polled) > 2 else None, turns=400)
    assert (run.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])


def test_reports_about_the_end_of_a_run_are_still_sent_after_a_crash() -> None:
    world = world_in_window()
    run = start(world)
    table = runs(world.store)
    stored = table.must_get(run.id)
    table.replace(
        stored, replace(stored.value, state=State.DONE, ended=world.clock.at, acted=True, rollout="rollout.x")
    )
    assert run.call("assess") == "end"
    assert [entry.kind for entry in world.ledger.written.values()] == ["end"]
    assert (world.chat.posts, world.events.published, world.engine.woken) == (
        1,
        [f"Daytwo.RunEnded {run.id}.ended"],
        ["rollout.x"],
    )
