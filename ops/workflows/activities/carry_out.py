"""Begin, poll, prove: one step of a plan, or the undo of one, by its verb."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.plan import Claim, Step
from ops.model.run import Run, State, StepRecord, StepState
from ops.ports import BusyError, DeniedError, Json, NotFoundError, RejectedError, TryLaterError
from ops.records import Stored
from ops.verbs import verbs
from ops.verbs.contract import Task, Verb
from ops.workflows.activities.consenting import why_not_approved
from ops.workflows.activities.context import Context, run_of, with_step
from ops.workflows.activities.leasing import goes_before, holds_all, renew_all
from ops.workflows.answer import Answer
from ops.workflows.reporting import report_run

_SOON = timedelta(minutes=1)
_PATIENCE = timedelta(hours=2)


def begin(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """Checks the step and begins it. Answers pending, prove, step (the next), undo (the next) or unwind."""
    work = _Work.of(context, payload)
    if work.is_settled:
        return work.onward()
    if work.has_begun:
        return Answer("pending", work.now).write()  # before a crash: it is followed, not begun again
    if work.undo:
        renew_all(context.ports.store, work.run, work.now)
    elif work.record.state is not StepState.INTENDED and (why := _must_not_begin(work)):
        return work.leave(why)
    outcome: Ready | Done | Pending | Refused | Stale = _attempt(work.verb.check, work)
    return _begin_now(work) if isinstance(outcome, Ready) else _answer(work, outcome)


def _begin_now(work: "_Work") -> dict[str, Json]:
    """The first call; also for a step that was intended before and that the world does not show: a beginning like any other."""
    if not work.undo and work.record.state is StepState.INTENDED and (why := _must_not_begin(work)):
        return work.leave(why)
    work.intend()
    outcome = _attempt(work.verb.begin, work)
    return work.failed(outcome, was_begun=False) if isinstance(outcome, Refused) else _answer(work, outcome)


def _answer(work: "_Work", outcome: Done | Pending | Refused | Stale) -> dict[str, Json]:
    match outcome:
        case Done():
            return work.proven(outcome)
        case Pending(token, poll_after):
            return work.running(token, poll_after)
        case Refused():
            return work.failed(outcome)
        case Stale(why, retry_at):
            return work.stale(why, retry_at)


def poll(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """One look at the operation. Answers pending, prove or unwind."""
    work = _Work.of(context, payload)
    if work.is_settled:
        return work.onward()
    renew_all(context.ports.store, work.run, work.now)
    if work.is_aborted:
        return work.leave("cancelled in the middle of it")
    match _patiently(work.verb.poll, work):
        case Pending() as pending:
            work.save(replace(work.record, progress=pending.progress or work.record.progress))
            return Answer("pending", pending.poll_after).write()
        case Done(_, progress):
            since = work.record.proving_since or work.now
            work.save(replace(work.record, proving_since=since, progress=progress or work.record.progress))
            return Answer("prove").write()
        case Refused() as refused:
            return work.failed(refused)


def prove(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """Whether the world shows the effect. Answers pending (look again), step, undo or unwind."""
    work = _Work.of(context, payload)
    if work.is_settled:
        return work.onward()
    renew_all(context.ports.store, work.run, work.now)
    if work.is_aborted:
        return work.leave("cancelled in the middle of it")
    match _patiently(work.verb.prove, work):
        case Done() as done:
            return work.proven(done)
        case Pending() as pending:
            return Answer("pending", pending.poll_after).write()
        case Refused() as refused:
            return work.failed(refused)


class _Work:
    """One step in hand: the run as read, the verb, and the ways in which an attempt ends."""

    def __init__(self, context: Context, stored: Stored[Run], step: Step, *, undo: bool) -> None:
        self.context, self.stored, self.step, self.undo = context, stored, step, undo
        self.now: datetime = context.ports.clock.now()
        verb = verbs()[step.verb]
        self.verb: Verb = verbs()[verb.undo] if undo else verb

    @classmethod
    def of(cls, context: Context, payload: Mapping[str, Json]) -> "_Work":
        stored = run_of(context, payload)
        plan = stored.value.plan
        if plan is None:
            raise ValueError(f"{stored.key} has no plan, so its step {payload['step']} cannot be carried out")
        return cls(context, stored, plan.step(str(payload["step"])), undo=bool(payload.get("undo")))

    @property
    def run(self) -> Run:
        return self.stored.value

    @property
    def record(self) -> StepRecord:
        return self.run.step(self.step.id)

    @property
    def is_settled(self) -> bool:
        """Whether this attempt has ended already: a crash lost the answer, not what was recorded."""
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
        """Whether it runs, by the record. An undo that is only intended may not have: its check tells."""
        return self.record.state is StepState.RUNNING or (
            self.record.state is StepState.UNDOING and bool(self.record.token)
        )

    @property
    def is_aborted(self) -> bool:
        """Whether a person cancelled the run, and the verb may be left in the middle."""
        return not self.undo and self.verb.on_cancel == "abort" and bool(self.context.control(self.run.id).cancelled_by)

    def task(self) -> Task:
        return Task(self.run.target, self.step, self.record, self.now, self.context.ports, self.undo)

    def save(self, record: StepRecord, **changes: object) -> None:
        run = replace(with_step(self.run, record), **changes)  # type: ignore[arg-type]  # names of Run's fields
        self.stored = self.context.runs.replace(self.stored, run)
        report_run(self.context.ports, run)

    def intend(self) -> None:
        """Recorded before the first call: after a crash nobody can tell whether it was made."""
        state = StepState.UNDOING if self.undo else StepState.INTENDED
        # The first attempt's time stays: what is limited in time is limited over all attempts.
        began = self.now if self.undo else self.record.began or self.now
        record = replace(self.record, state=state, began=began, token="", proving_since=None)
        self.save(record, state=State.RUNNING)
        what = f"{self.verb.name} {self.step.title}"
        self.context.note(self.now, self.run, "begin", what, key=self._key("begin"), plan=self.run.plan_hash)

    def running(self, token: str, poll_after: datetime) -> dict[str, Json]:
        state = StepState.UNDOING if self.undo else StepState.RUNNING
        expected = None if self.undo else self.now + timedelta(seconds=self.step.expected_s)
        began = self.record.began or self.now
        record = replace(self.record, state=state, token=token, began=began, expected_end=expected)
        # Taking back explains nothing: why the run failed stays said.
        said = {} if self.undo else {"why": "", "code": ""}
        self.save(record, state=State.RUNNING, acted=True, until=None, **said)
        return Answer("pending", poll_after).write()

    def proven(self, done: Done) -> dict[str, Json]:
        progress = done.progress or self.record.progress
        if self.undo:
            evidence = f"{self.record.evidence}; taken back: {done.evidence}"
            state = StepState.UNDONE
        else:
            evidence, state = done.evidence, StepState.DONE
        record = replace(self.record, state=state, ended=self.now, evidence=evidence, progress=progress, token="")
        # The ledger first: its line is written once by its key, whatever dies in between.
        self.context.note(self.now, self.run, str(state), f"{self.step.title}: {done.evidence}", key=self._key("proof"))
        self.save(record, state=State.RUNNING, acted=True)
        return self.onward()

    def onward(self) -> dict[str, Json]:
        """Where a settled attempt leads: after a step that is done to the next, else to what has to be taken back."""
        following = "" if self.undo or self.record.state is not StepState.DONE else self._next_step()
        return (Answer("step", step=following) if following else Answer("unwind")).write()

    def failed(self, refused: Refused, *, was_begun: bool = True) -> dict[str, Json]:
        """The run will fail, also once this step has been taken back; what was plainly refused was never begun."""
        prefix = "could not be taken back: " if self.undo else ""
        why = f"{self.step.title}: {prefix}{refused.cause}"
        self.context.note(self.now, self.run, "failed", why, key=self._key("failed"))
        began = self.record.began if was_begun else None
        record = replace(self.record, state=StepState.FAILED, ended=self.now, why=refused.cause, token="", began=began)
        record = replace(record, undo_failed=self.undo, failed=True)
        self.save(record, why=why, code=refused.code, remedy=refused.remedy)
        return Answer("unwind").write()

    def stale(self, why: str, retry_at: datetime | None) -> dict[str, Json]:
        if self.undo:
            return Answer("again", retry_at or self.now + timedelta(minutes=5)).write()
        return self.leave(why, retry_at or self.now + _SOON)

    def leave(self, why: str, retry_at: datetime | None = None) -> dict[str, Json]:
        """Nothing of this step was done: put back what was temporary, then look again."""
        record = replace(self.record, state=StepState.LEFT, why=why, token="")
        self.save(record, why=why, until=retry_at)
        return Answer("unwind").write()

    def _next_step(self) -> str:
        ids = [step.id for step in self.run.plan.steps] if self.run.plan else []
        position = ids.index(self.step.id) + 1
        return ids[position] if position < len(ids) else ""

    def _key(self, kind: str) -> str:
        began = self.record.began or self.now
        return f"{self.step.id}.{kind}.{'undo.' if self.undo else ''}{began:%Y%m%dT%H%M%S}"


def _keeps_awake(work: _Work) -> bool:
    """Whether this run has woken the cluster: then Power waits until it has put it back (docs/power.md, rule 8)."""
    steps = work.run.plan.steps if work.run.plan else ()
    woken = (step for step in steps if step.verb == "start-cluster" and step.temporary)
    return any(work.run.step(step.id).state is StepState.DONE for step in woken)


def _claims(work: _Work) -> tuple[Claim, ...]:
    return work.run.plan.claims if work.run.plan else ()


def _patiently[T](attempt: Callable[[Task], T], work: _Work) -> T | Refused:
    """One look at what runs: a no to reading is waited out for hours before it fails a run whose operation goes on."""
    try:
        return attempt(work.task())
    except (DeniedError, NotFoundError, BusyError) as error:
        began = work.record.began or work.now
        if work.now - began < timedelta(seconds=work.step.expected_s) + _PATIENCE:
            raise TryLaterError(str(error), 180) from error
        return Refused("Unreadable", str(error), "look at the operation in Azure; then start the run again")
    except RejectedError as error:
        return Refused(error.code, str(error), "mend what Azure names, then start the run again")


def _attempt[T](attempt: Callable[[Task], T], work: _Work) -> T | Refused:
    """One attempt; a plain no of the outside is an outcome like any other, what may succeed later is not."""
    try:
        return attempt(work.task())
    except BusyError as error:
        raise TryLaterError(str(error), 300) from error
    except DeniedError as error:
        return Refused(
            "Denied", str(error), "give the bot's identity the role that the guide names, then start the run again"
        )
    except NotFoundError as error:
        return Refused("Gone", str(error), "look whether it was deleted; if so, nothing is left to do")
    except RejectedError as error:
        return Refused(error.code, str(error), "mend what Azure names, then start the run again")


def _must_not_begin(work: _Work) -> str:
    """Why this step may not begin now; empty where it may."""
    control = work.context.control(work.run.id)
    if control.cancelled_by:
        return f"cancelled by {control.cancelled_by}"
    if control.paused_by:
        return f"paused by {control.paused_by}"
    if work.context.config.problem:
        return f"the configuration is not valid, so nothing new begins: {work.context.config.problem}"
    unapproved = why_not_approved(work.context, work.run)
    if unapproved:
        return unapproved
    first = next(
        (b for c in _claims(work) if (b := goes_before(work.context.ports.store, c, work.run, work.now))), None
    )
    if first is not None and not (_keeps_awake(work) and first.run.startswith("power.")):
        return f"yields to {first.run}"
    if not holds_all(work.context.ports.store, work.run, work.now):
        return "the lease has run out"
    renew_all(work.context.ports.store, work.run, work.now)
    deadline = work.step.deadline
    if deadline is not None and work.now + timedelta(seconds=work.step.expected_s) > deadline:
        return "the rest of the window is too short for it"
    return ""
