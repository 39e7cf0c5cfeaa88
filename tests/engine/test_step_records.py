"""What each outcome of an attempt writes to the run, the ledger and the metrics, and where the run continues."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ops.engine.activities.finish_run import conclude, unwind
from ops.engine.activities.step_execution import StepExecution
from ops.engine.transition import Outcome, Transition
from ops.model.outcome import Done, Progress, Refused
from ops.model.plan import Plan, Step
from ops.model.run import Run, State, StepRecord, StepState
from ops.tables.runs import runs
from ops.telemetry.metrics import Metric
from tests.driving import NIGHT
from tests.fakes import World, cluster

OURS = cluster("shop-dev")
START = Step("start", "start-cluster", "start the cluster", {}, 900, temporary=True)
SECOND = Step("second", "cordon-node", "cordon", {"node": "a"}, 60)
PLAN = Plan("node-image", OURS.id, (START, SECOND))
RUN = Run(
    "r1",
    "node-image",
    OURS.id,
    "shop-dev",
    "2026-w47",
    NIGHT,
    "timer",
    "daytwo",
    state=State.WAITING,
    plan=PLAN,
    plan_hash="abc",
    steps=(StepRecord("start", "start the cluster"), StepRecord("second", "cordon")),
)
EARLIER = NIGHT - timedelta(minutes=10)


def world_with(run: Run = RUN, **record: object) -> World:
    """A world with this run, whose first step's record differs in these fields."""
    world = World()
    world.clock.at = NIGHT
    world.clusters.put(OURS)
    first, *others = run.steps
    changed = replace(first, **record)  # type: ignore[arg-type]  # fields by name
    runs(world.store).insert("r1", replace(run, steps=(changed, *others)))
    return world


def work_of(world: World, step: str = "start", *, undo: bool = False) -> StepExecution:
    return StepExecution.of(world.context, {"run": "r1", "step": step, "undo": undo})


def stored(world: World) -> Run:
    return runs(world.store).must_get("r1").value


def entries(world: World) -> list[tuple[str, str, str]]:
    """The key, the kind and the text of every entry of the ledger."""
    return [(key, entry.kind, entry.text) for key, entry in world.ledger.written.items()]


def expected(run: Run = RUN, record: Mapping[str, object] | None = None, **changes: object) -> Run:
    first, *others = run.steps
    steps = (replace(first, **(record or {})), *others)  # type: ignore[arg-type]  # fields by name
    return replace(run, steps=steps, **changes)  # type: ignore[arg-type]  # fields by name


def test_a_run_without_a_plan_has_no_step_to_execute() -> None:
    world = world_with(replace(RUN, plan=None))
    with pytest.raises(ValueError, match="r1 has no plan, so its step start cannot be executed"):
        work_of(world)


def test_an_undo_executes_the_verb_that_undoes_the_step() -> None:
    world = world_with()
    assert work_of(world).verb.name == "start-cluster"
    assert work_of(world, undo=True).verb.name == "stop-cluster"
    task = work_of(world, undo=True).task()
    assert (task.target, task.step, task.record, task.now, task.undo) == (OURS.id, START, RUN.steps[0], NIGHT, True)


@pytest.mark.parametrize(
    ("record", "settled", "settled_undo"),
    [
        ({"state": StepState.PLANNED}, False, False),
        ({"state": StepState.INTENDED}, False, False),
        ({"state": StepState.RUNNING}, False, False),
        ({"state": StepState.DONE}, True, False),
        ({"state": StepState.LEFT}, True, False),
        ({"state": StepState.FAILED}, True, False),
        ({"state": StepState.FAILED, "undo_failed": True}, True, True),
        ({"state": StepState.UNDOING}, False, False),
        ({"state": StepState.UNDONE}, True, True),
    ],
)
def test_an_attempt_that_has_ended_is_not_repeated(
    record: dict[str, object], *, settled: bool, settled_undo: bool
) -> None:
    world = world_with(**record)  # type: ignore[arg-type]  # fields by name
    assert work_of(world).is_settled is settled
    assert work_of(world, undo=True).is_settled is settled_undo


@pytest.mark.parametrize(
    ("record", "begun"),
    [
        ({"state": StepState.RUNNING}, True),
        ({"state": StepState.INTENDED}, False),
        ({"state": StepState.UNDOING, "token": "t"}, True),
        ({"state": StepState.UNDOING}, False),
        ({"state": StepState.DONE, "token": "t"}, False),
    ],
)
def test_only_what_is_recorded_as_running_has_begun(record: dict[str, object], *, begun: bool) -> None:
    world = world_with(**record)  # type: ignore[arg-type]  # fields by name
    assert work_of(world).has_begun is begun


class TestIntend:
    """The intent is recorded before the first call."""

    def test_a_step_is_recorded_with_the_time_of_its_first_attempt(self) -> None:
        world = world_with(token="old", verifying_since=EARLIER)
        work_of(world).intend()
        record = {"state": StepState.INTENDED, "began": NIGHT}
        assert stored(world) == expected(record=record, state=State.RUNNING)
        key = "r1|begin|start.begin.20261116T230000"
        assert entries(world) == [(key, "begin", "start-cluster start the cluster")]
        assert world.ledger.written[key].data == {"target": OURS.id, "plan": "abc"}
        again = world_with(began=EARLIER)
        work_of(again).intend()
        assert stored(again).steps[0].began == EARLIER

    def test_an_undo_is_recorded_with_the_time_of_this_attempt(self) -> None:
        world = world_with(began=EARLIER)
        work_of(world, undo=True).intend()
        assert (stored(world).steps[0].state, stored(world).steps[0].began) == (StepState.UNDOING, NIGHT)
        assert entries(world) == [
            ("r1|begin|start.begin.undo.20261116T230000", "begin", "stop-cluster start the cluster")
        ]


class TestRunning:
    """A step that has begun is observed at the given time."""

    LATER = NIGHT + timedelta(minutes=3)

    def test_a_step_is_running_with_its_token_and_its_expected_end(self) -> None:
        world = world_with(replace(RUN, why="before", code="x", until=EARLIER))
        assert work_of(world).running("t", self.LATER) == Transition(Outcome.PENDING, self.LATER)
        record = {
            "state": StepState.RUNNING,
            "token": "t",
            "began": NIGHT,
            "expected_end": NIGHT + timedelta(minutes=15),
        }
        assert stored(world) == expected(record=record, state=State.RUNNING, acted=True)
        again = world_with(began=EARLIER)
        work_of(again).running("t", self.LATER)
        assert stored(again).steps[0].began == EARLIER

    def test_an_undo_keeps_the_reason_why_the_run_failed(self) -> None:
        failed = replace(RUN, why="it failed", code="x")
        world = world_with(failed, began=EARLIER)
        work_of(world, undo=True).running("t", self.LATER)
        record = {"state": StepState.UNDOING, "token": "t", "began": EARLIER}
        assert stored(world) == expected(failed, record, state=State.RUNNING, acted=True)


class TestProven:
    """An effect that is visible completes the step; the next one follows."""

    def test_the_evidence_is_recorded_and_the_next_step_begins(self) -> None:
        notified = replace(RUN, lines=("late",), notify=True, obstacle="an obstacle")
        world = world_with(notified, began=EARLIER, token="t", progress=Progress(1, 3))
        assert work_of(world).proven(Done("it runs")) == Transition(Outcome.STEP, step="second")
        record = {
            "state": StepState.DONE,
            "began": EARLIER,
            "ended": NIGHT,
            "evidence": "it runs",
            "progress": Progress(1, 3),
        }
        assert stored(world) == expected(record=record, state=State.RUNNING, acted=True)
        assert entries(world) == [("r1|done|start.proof.20261116T225000", "done", "start the cluster: it runs")]
        (duration,) = world.metrics.of(Metric.STEP_DURATION)
        attributes = {"verb": "start-cluster", "runbook": "node-image", "result": "done"}
        assert (duration.value, duration.attributes) == (600, attributes)

    def test_the_progress_of_the_result_counts(self) -> None:
        world = world_with(progress=Progress(1, 3))
        work_of(world).proven(Done("it runs", Progress(3, 3)))
        assert stored(world).steps[0].progress == Progress(3, 3)
        assert world.metrics.of(Metric.STEP_DURATION) == []

    def test_the_last_step_leads_to_the_unwinding(self) -> None:
        assert work_of(world_with(), "second").proven(Done("x")) == Transition(Outcome.UNWIND)

    def test_an_undo_adds_its_evidence(self) -> None:
        world = world_with(state=StepState.UNDOING, evidence="it runs", began=EARLIER)
        assert work_of(world, undo=True).proven(Done("it is stopped")) == Transition(Outcome.UNWIND)
        assert (stored(world).steps[0].state, stored(world).steps[0].evidence) == (
            StepState.UNDONE,
            "it runs; undone: it is stopped",
        )
        assert entries(world) == [
            ("r1|undone|start.proof.undo.20261116T225000", "undone", "start the cluster: it is stopped")
        ]


REFUSED = Refused("ScopeLocked", "the scope is locked", "remove the lock")


class TestFailed:
    """A failure ends the run once its temporary steps are undone."""

    def test_the_cause_the_code_and_the_remedy_are_recorded(self) -> None:
        world = world_with(began=EARLIER, token="t")
        assert work_of(world).failed(REFUSED) == Transition(Outcome.UNWIND)
        record = {
            "state": StepState.FAILED,
            "began": EARLIER,
            "ended": NIGHT,
            "why": "the scope is locked",
            "failed": True,
        }
        why = "start the cluster: the scope is locked"
        assert stored(world) == expected(record=record, why=why, code="ScopeLocked", remedy="remove the lock")
        assert entries(world) == [("r1|failed|start.failed.20261116T225000", "failed", why)]
        (failure,) = world.metrics.of(Metric.FAILURES)
        assert failure.attributes == {"activity": "start-cluster", "code": "ScopeLocked"}
        (duration,) = world.metrics.of(Metric.STEP_DURATION)
        assert duration.attributes["result"] == "failed"

    def test_a_step_that_was_refused_immediately_never_began(self) -> None:
        world = world_with(began=EARLIER)
        work_of(world).failed(REFUSED, was_begun=False)
        assert stored(world).steps[0].began is None
        assert world.metrics.of(Metric.STEP_DURATION) == []

    def test_an_undo_that_fails_is_not_tried_again(self) -> None:
        world = world_with(began=EARLIER)
        work_of(world, undo=True).failed(REFUSED)
        assert stored(world).steps[0].undo_failed
        assert stored(world).why == "start the cluster: could not be undone: the scope is locked"


SOON = NIGHT + timedelta(minutes=1)


class TestAbandoned:
    """A plan is abandoned without a failure: the run is assessed again."""

    @pytest.mark.parametrize("retry_at", [None, NIGHT + timedelta(minutes=5)])
    def test_a_plan_that_no_longer_fits_is_assessed_again_soon_or_at_the_given_time(
        self, retry_at: datetime | None
    ) -> None:
        world = world_with(token="t")
        assert work_of(world).stale("it was started", retry_at) == Transition(Outcome.UNWIND)
        record = {"state": StepState.LEFT, "why": "it was started"}
        assert stored(world) == expected(
            record=record, why="it was started", until=retry_at or SOON, obstacle="it was started"
        )

    def test_an_interruption_and_a_refusal_are_in_the_ledger(self) -> None:
        world = world_with(began=EARLIER)
        assert work_of(world).interrupted("by another", SOON) == Transition(Outcome.UNWIND)
        record = {"state": StepState.LEFT, "began": EARLIER, "why": "by another"}
        assert stored(world) == expected(record=record, why="by another", until=SOON, obstacle="by another")
        assert entries(world) == [
            ("r1|interrupted|start.interrupted.20261116T225000", "interrupted", "start the cluster: by another")
        ]

    def test_a_refusal_is_counted_and_waits_for_its_next_attempt(self) -> None:
        world = world_with()
        assert work_of(world).refused(REFUSED, SOON) == Transition(Outcome.UNWIND)
        record = {"state": StepState.LEFT, "why": "the scope is locked"}
        assert stored(world) == expected(record=record, why="the scope is locked", until=SOON)
        assert entries(world) == [
            ("r1|refused|start.refused.20261116T230000", "refused", "start the cluster: the scope is locked")
        ]
        (failure,) = world.metrics.of(Metric.FAILURES)
        assert failure.attributes == {"activity": "start-cluster", "code": "ScopeLocked"}

    def test_a_step_that_is_left_without_a_time_is_assessed_at_once(self) -> None:
        world = world_with(replace(RUN, until=EARLIER))
        assert work_of(world).leave("cancelled by ana") == Transition(Outcome.UNWIND)
        assert (stored(world).why, stored(world).until) == ("cancelled by ana", None)

    def test_an_undo_is_retried_and_people_are_notified_after_two_hours(self) -> None:
        world = world_with(ended=NIGHT - timedelta(hours=2) + timedelta(seconds=1))
        five = NIGHT + timedelta(minutes=5)
        assert work_of(world, undo=True).stale("busy", None) == Transition(Outcome.RETRY, five)
        assert not stored(world).notify
        late = world_with(ended=NIGHT - timedelta(hours=2))
        assert work_of(late, undo=True).stale("busy", SOON) == Transition(Outcome.RETRY, SOON)
        line = "start the cluster is taking 2 h longer than expected: it cannot be undone: busy"
        assert (stored(late).notify, stored(late).lines) == (True, (line,))


def test_a_step_is_overdue_two_hours_after_its_expected_end() -> None:
    work = work_of(world_with())
    hour = timedelta(hours=1)
    assert work.overdue(NIGHT - 3 * hour, hour + timedelta(seconds=1), "why") == {}
    line = "start the cluster is taking 3 h longer than expected: why"
    assert work.overdue(NIGHT - 4.5 * hour, hour, "why") == {"notify": True, "lines": (line,)}


def test_the_steps_that_need_it_are_undone_in_reverse_order() -> None:
    third = Step("third", "cordon-node", "cordon", {"node": "b"}, temporary=True)
    run = replace(RUN, plan=replace(PLAN, steps=(START, SECOND, third)), steps=(*RUN.steps, StepRecord("third", "x")))

    def undone(*states: StepState, **first: object) -> Transition:
        records = tuple(replace(each, state=state) for each, state in zip(run.steps, states, strict=True))
        return unwind(world_with(replace(run, steps=records), **first).context, {"run": "r1"})

    done, left = StepState.DONE, StepState.LEFT
    assert undone(done, done, done) == Transition(Outcome.UNDO, step="third")
    assert undone(done, done, left) == Transition(Outcome.UNDO, step="start")
    assert undone(left, done, left) == Transition(Outcome.CONCLUDE)
    for touched in (StepState.INTENDED, StepState.RUNNING, StepState.UNDOING):
        assert undone(touched, left, left) == Transition(Outcome.UNDO, step="start")
    for untouched in (StepState.PLANNED, StepState.UNDONE):
        assert undone(untouched, left, left) == Transition(Outcome.CONCLUDE)
    assert undone(StepState.FAILED, left, left, began=NIGHT) == Transition(Outcome.UNDO, step="start")
    assert undone(StepState.FAILED, left, left) == Transition(Outcome.CONCLUDE)
    assert undone(StepState.FAILED, left, left, began=NIGHT, undo_failed=True) == Transition(Outcome.CONCLUDE)
    assert unwind(world_with(replace(RUN, plan=None)).context, {"run": "r1"}) == Transition(Outcome.CONCLUDE)


class TestConclude:
    """A run that has not failed is assessed again, with what was done."""

    def test_completed_steps_are_kept_and_the_plan_is_dropped(self) -> None:
        before = StepRecord("before", "x", StepState.DONE)
        world = world_with(replace(RUN, finished=(before,), state=State.RUNNING), state=StepState.UNDONE)
        assert conclude(world.context, {"run": "r1"}) == Transition(Outcome.ASSESS)
        undone = replace(RUN.steps[0], state=StepState.UNDONE)
        assert stored(world) == replace(RUN, state=State.RUNNING, finished=(before, undone), steps=(), plan=None)

    @pytest.mark.parametrize(
        ("until", "state", "kept"),
        [(SOON, State.WAITING, SOON), (NIGHT, State.RUNNING, None), (EARLIER, State.RUNNING, None)],
    )
    def test_a_time_in_the_future_is_waited_for(self, until: datetime, state: State, kept: datetime | None) -> None:
        world = world_with(replace(RUN, until=until, state=State.RUNNING))
        assert conclude(world.context, {"run": "r1"}) == Transition(Outcome.ASSESS, kept)
        assert (stored(world).state, stored(world).until) == (state, kept)

    @pytest.mark.parametrize("record", [{"state": StepState.FAILED}, {"state": StepState.UNDONE, "failed": True}])
    def test_a_run_with_a_failed_step_ends(self, record: dict[str, object]) -> None:
        world = world_with(replace(RUN, why="it failed", rollout="a-rollout"), **record)
        assert conclude(world.context, {"run": "r1"}) == Transition(Outcome.END)
        assert (stored(world).state, stored(world).ended, stored(world).until) == (State.FAILED, NIGHT, None)
        assert entries(world) == [("r1|end|end", "end", "failed: it failed")]
        assert world.engine.woken == ["a-rollout"]
