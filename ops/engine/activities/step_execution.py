"""The execution of one step: the run as last read, the verb, and the possible outcomes of an attempt."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from ops.context import Context, run_of, with_step
from ops.engine.transition import Outcome, Transition
from ops.messaging.message_sync import report_run
from ops.model.json import Json
from ops.model.outcome import Done, Refused
from ops.model.plan import Step
from ops.model.run import Run, State, StepRecord, StepState
from ops.tables.base import Stored
from ops.telemetry.metrics import Metric
from ops.verbs import verbs
from ops.verbs.contract import StepContext, Verb

_SOON = timedelta(minutes=1)
# Added to the expected duration. Once the sum has passed, people are notified.
_PATIENCE = timedelta(hours=2)


class Alert(TypedDict, total=False):
    """Whether an unfinished run notifies people, and the lines of its message."""

    notify: bool
    lines: tuple[str, ...]


class Changes(Alert, total=False):
    """The fields that an attempt writes to its run in addition to the step's own record."""

    state: State
    acted: bool
    until: datetime | None
    why: str
    code: str
    obstacle: str
    remedy: str


class StepExecution:
    """The execution of one step: the run as last read, the verb, and the possible outcomes of an attempt."""

    def __init__(self, context: Context, stored: Stored[Run], step: Step, *, undo: bool) -> None:
        self.context, self.stored, self.step, self.undo = context, stored, step, undo
        self.now: datetime = context.ports.clock.now()
        verb = verbs()[step.verb]
        self.verb: Verb = verbs()[verb.undo] if undo else verb

    @classmethod
    def of(cls, context: Context, payload: Mapping[str, Json]) -> "StepExecution":
        """Returns the execution of the step for which an activity was called.

        Raises:
            ValueError: the run has no plan.
        """
        stored = run_of(context, payload)
        plan = stored.value.plan
        if plan is None:
            raise ValueError(f"{stored.key} has no plan, so its step {payload['step']} cannot be executed")
        return cls(context, stored, plan.step(str(payload["step"])), undo=bool(payload.get("undo")))

    @property
    def run(self) -> Run:
        """The run as last read or written."""
        return self.stored.value

    @property
    def record(self) -> StepRecord:
        """The record of the step."""
        return self.run.step(self.step.id)

    @property
    def is_settled(self) -> bool:
        """Whether this attempt has already ended: a crash can lose the report, but not the record."""
        match self.record.state:
            case StepState.DONE | StepState.LEFT:
                return not self.undo
            case StepState.UNDONE:
                return True
            case StepState.FAILED:
                return self.record.undo_failed or not self.undo
            case _:
                return False

    @property
    def has_begun(self) -> bool:
        """Whether the step is running according to its record. An undo that is only intended may not be running; its check decides."""
        return self.record.state is StepState.RUNNING or (
            self.record.state is StepState.UNDOING and bool(self.record.token)
        )

    def task(self) -> StepContext:
        """The input of the verb."""
        return StepContext(self.run.target, self.step, self.record, self.now, self.context.ports, self.undo)

    def save(self, record: StepRecord, **changes: Unpack[Changes]) -> None:
        """Writes the step's record and other fields of the run, and updates the run's message."""
        run = replace(with_step(self.run, record), **changes)
        self.stored = self.context.runs.replace(self.stored, run)
        report_run(self.context.ports, run)

    def overdue(self, since: datetime, expected: timedelta, why: str) -> Alert:
        """Notifies people if the step takes hours longer than expected. Nothing is interrupted."""
        late = self.now - since - expected
        if late < _PATIENCE:
            return {}
        hours = late // timedelta(hours=1)
        return {"notify": True, "lines": (f"{self.step.title} is taking {hours} h longer than expected: {why}",)}

    def _relieved(self) -> Alert:
        return {"notify": False, "lines": ()} if self.run.lines else {}

    def intend(self) -> None:
        """Records the intent before the first call: after a crash it is unknown whether the call was made."""
        state = StepState.UNDOING if self.undo else StepState.INTENDED
        # The time of the first attempt is kept, because a time limit covers all attempts.
        began = self.now if self.undo else self.record.began or self.now
        record = replace(self.record, state=state, began=began, token="", verifying_since=None)
        self.save(record, state=State.RUNNING)
        what = f"{self.verb.name} {self.step.title}"
        self.context.note(self.now, self.run, "begin", what, key=self._key("begin"), plan=self.run.plan_hash)

    def running(self, token: str, poll_after: datetime) -> Transition:
        """Records that the step has begun; the next observation is at `poll_after`."""
        state = StepState.UNDOING if self.undo else StepState.RUNNING
        expected = None if self.undo else self.now + timedelta(seconds=self.step.expected_s)
        began = self.record.began or self.now
        record = replace(self.record, state=state, token=token, began=began, expected_end=expected)
        # Keep the reason why the run failed, since an undo does not explain it.
        why, code = (self.run.why, self.run.code) if self.undo else ("", "")
        self.save(record, state=State.RUNNING, acted=True, until=None, why=why, code=code)
        return Transition(Outcome.PENDING, poll_after)

    def proven(self, done: Done) -> Transition:
        """Records that the effect is visible on the cluster, or that it was undone."""
        progress = done.progress or self.record.progress
        if self.undo:
            evidence = f"{self.record.evidence}; undone: {done.evidence}"
            state = StepState.UNDONE
        else:
            evidence, state = done.evidence, StepState.DONE
        record = replace(self.record, state=state, ended=self.now, evidence=evidence, progress=progress, token="")
        # Write the ledger first: its entry is written only once per key, even if the process is killed before the run is saved.
        self.context.note(self.now, self.run, str(state), f"{self.step.title}: {done.evidence}", key=self._key("proof"))
        self.save(record, state=State.RUNNING, acted=True, obstacle="", **self._relieved())
        self._measure(str(state))
        return self.onward()

    def onward(self) -> Transition:
        """Returns the transition after a settled attempt: to the next step if this one was completed, otherwise to the unwinding."""
        following = "" if self.undo or self.record.state is not StepState.DONE else self._next_step()
        return Transition(Outcome.STEP, step=following) if following else Transition(Outcome.UNWIND)

    def failed(self, refused: Refused, *, was_begun: bool = True) -> Transition:
        """Fails the run once its temporary steps are undone. A step that was refused immediately never began."""
        prefix = "could not be undone: " if self.undo else ""
        why = f"{self.step.title}: {prefix}{refused.cause}"
        self.context.note(self.now, self.run, "failed", why, key=self._key("failed"))
        began = self.record.began if was_begun else None
        record = replace(self.record, state=StepState.FAILED, ended=self.now, why=refused.cause, token="", began=began)
        record = replace(record, undo_failed=self.undo, failed=True)
        self.save(record, why=why, code=refused.code, remedy=refused.remedy)
        self.context.ports.metrics.record(Metric.FAILURES, activity=self.verb.name, code=refused.code)
        self._measure("failed")
        return Transition(Outcome.UNWIND)

    def stale(self, why: str, retry_at: datetime | None) -> Transition:
        """Abandons the plan, because the cluster has changed since it was made. An undo is retried."""
        if self.undo:
            ended = [record.ended for record in self.run.steps if record.ended is not None]
            changes = self.overdue(max(ended, default=self.now), timedelta(), f"it cannot be undone: {why}")
            if changes:
                self.save(self.record, **changes)
            return Transition(Outcome.RETRY, retry_at or self.now + timedelta(minutes=5))
        self.remember(why)
        return self.leave(why, retry_at or self.now + _SOON)

    def interrupted(self, why: str, retry_at: datetime | None) -> Transition:
        """Abandons the plan, because something else has ended the step's operation: this is not a failure."""
        self.context.note(self.now, self.run, "interrupted", f"{self.step.title}: {why}", key=self._key("interrupted"))
        self.remember(why)
        return self.leave(why, retry_at)

    def refused(self, refused: Refused, retry_at: datetime | None) -> Transition:
        """Abandons the plan, because a system refuses its first call until a person changes something."""
        why = f"{self.step.title}: {refused.cause}"
        self.context.note(self.now, self.run, "refused", why, key=self._key("refused"))
        self.context.ports.metrics.record(Metric.FAILURES, activity=self.verb.name, code=refused.code)
        return self.leave(refused.cause, retry_at)

    def leave(self, why: str, retry_at: datetime | None = None) -> Transition:
        """Abandons the plan before this step has done anything: the temporary steps are undone, then the run is assessed again."""
        record = replace(self.record, state=StepState.LEFT, why=why, token="")
        self.save(record, why=why, until=retry_at)
        return Transition(Outcome.UNWIND)

    def remember(self, obstacle: str) -> None:
        """Keeps why an attempt was given up, so that a run that ends without another one can say it."""
        if self.run.obstacle != obstacle:
            self.stored = self.context.runs.replace(self.stored, replace(self.run, obstacle=obstacle))

    def _measure(self, result: str) -> None:
        began = self.record.began
        if began is not None:
            seconds = (self.now - began).total_seconds()
            attributes = {"verb": self.verb.name, "runbook": self.run.runbook, "result": result}
            self.context.ports.metrics.record(Metric.STEP_DURATION, seconds, **attributes)

    def _next_step(self) -> str:
        ids = [step.id for step in self.run.plan.steps] if self.run.plan else []
        position = ids.index(self.step.id) + 1
        return ids[position] if position < len(ids) else ""

    def _key(self, kind: str) -> str:
        began = self.record.began or self.now
        return f"{self.step.id}.{kind}.{'undo.' if self.undo else ''}{began:%Y%m%dT%H%M%S}"
