"""The request bodies and resources of the HTTP API.

They are separate from the stored records, so a record can change while the API stays as it is.

Field names are the JSON names. Times are ISO 8601 in UTC.
"""

from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime

from ops.model.json import Json
from ops.model.plan import Plan
from ops.model.run import Run, StepRecord
from ops.runbooks.contract import Runbook
from ops.tables.conditions import ConditionRecord
from ops.tables.runs import Control


@dataclass(frozen=True, slots=True)
class StartRun:
    """Starts a run.

    Attributes:
        target: the ARM id of the cluster.
        dry_run: true to only make a plan; false by default.
        by: who sends the request, at most 64 printable characters. The function key does not identify a person, so the name is
            shown as a claim.
        plan: the hash of the plan that the run is started for, as a dry run shows it; only for runbooks that ask for it.
    """

    target: str
    dry_run: bool
    by: str
    plan: str


@dataclass(frozen=True, slots=True)
class ControlRun:
    """Cancels, pauses or resumes a run.

    Attributes:
        by: who sends the request, as in `StartRun`; optional.
    """

    by: str


@dataclass(frozen=True, slots=True)
class SetOverride:
    """Sets an override. It replaces an earlier one of the same kind.

    Attributes:
        target: the ARM id of the cluster.
        until: when it expires, with an offset, for example 2026-11-18T22:00:00+01:00; at most 14 days ahead.
        by: who sends the request, as in `StartRun`; optional.
    """

    target: str
    until: str
    by: str


@dataclass(frozen=True, slots=True)
class RunbookResource:
    """A runbook.

    Attributes:
        name: the last part of its path.
        title: its display name.
    """

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class StartedRun:
    """The response to a request that starts a run.

    Attributes:
        run: the run's id; `Location` holds its path.
        new: false if the run already existed, because the same idempotency key or alert was sent before.
    """

    run: str
    new: bool


@dataclass(frozen=True, slots=True)
class RunSummaryResource:
    """A run in a list.

    Attributes:
        id: the run's id.
        runbook: the name of its runbook.
        target: the name of its cluster, or of its other subject.
        state: waiting, needs you, running, done, halted, failed or skipped. The last four are final.
        why: why it is in this state; can be empty.
        ended: when it ended; null until then.
    """

    id: str
    runbook: str
    target: str
    state: str
    why: str
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class StepResource:
    """A step of a run.

    Attributes:
        id: unique within the run.
        title: its display name.
        state: planned, intended, running, done, failed, left, undoing or undone.
        began: when it began; null until then.
        ended: when it ended; null until then.
        evidence: how its result was verified; can be empty.
        why: why it failed or was left out; can be empty.
    """

    id: str
    title: str
    state: str
    began: datetime | None
    ended: datetime | None
    evidence: str
    why: str


@dataclass(frozen=True, slots=True)
class SkipResource:
    """A part of the target that the run leaves out.

    Attributes:
        what: the node pool or other part.
        code: the reason as a code, for programs.
        why: the reason as text, for people.
        needs_person: true if only a person can remove the reason.
    """

    what: str
    code: str
    why: str
    needs_person: bool


@dataclass(frozen=True, slots=True)
class PlanResource:
    """What the run does, or would do if it is a dry run.

    Attributes:
        hash: identifies the plan; an approval applies only to this hash.
        steps: the steps' titles, in order.
        reasons: why the steps are needed.
        warnings: what a person should know before approving.
    """

    hash: str
    steps: tuple[str, ...]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunResource:
    """A run.

    Attributes:
        id: the run's id.
        runbook: the name of its runbook.
        target: the ARM id of its cluster, or of its other subject.
        target_name: the display name of the target.
        ring: the cluster's ring; empty if it is not in a ring.
        rollout: the id of the rollout that it belongs to; empty if there is none.
        source: where it was requested: timer, http, event, action-group or the name of a chat.
        by: who requested it.
        dry_run: true if it only makes a plan.
        state: waiting, needs you, running, done, halted, failed or skipped. The last four are final.
        code: the reason for the state, for programs; can be empty.
        headline: the state in a few words.
        why: the reason for the state, for people; can be empty.
        remedy: what a person can do; empty if nothing is needed.
        created: when it was created.
        began: when its first step began; null until then.
        until: when it continues, if it is waiting for a time.
        ended: when it ended; null until then.
        plan: what it does; null until it is planned.
        steps: the steps in the current plan, in order.
        finished: the steps from earlier plans, in order.
        skips: what the run leaves out.
        approval: the id of its approval request; empty if there is none.
        approved: who approved it and when; empty if it is not approved.
    """

    id: str
    runbook: str
    target: str
    target_name: str
    ring: str
    rollout: str
    source: str
    by: str
    dry_run: bool
    state: str
    code: str
    headline: str
    why: str
    remedy: str
    created: datetime
    began: datetime | None
    until: datetime | None
    ended: datetime | None
    plan: PlanResource | None
    steps: tuple[StepResource, ...]
    finished: tuple[StepResource, ...]
    skips: tuple[SkipResource, ...]
    approval: str
    approved: str


@dataclass(frozen=True, slots=True)
class ControlResource:
    """What people have requested for a run. It takes effect before the run's next step.

    Attributes:
        run: the run's id.
        cancelled_by: who cancelled it first; empty if no one has.
        paused_by: who paused it; empty if it is not paused.
    """

    run: str
    cancelled_by: str
    paused_by: str


@dataclass(frozen=True, slots=True)
class OverrideResource:
    """An exception for a cluster, which expires automatically.

    Attributes:
        override: what was set, and until when.
    """

    override: str


@dataclass(frozen=True, slots=True)
class ConditionResource:
    """Something that lasts and needs a person.

    Attributes:
        what: its title.
        where: the cluster or file that it is about; can be empty.
        text: what is wrong.
        remedy: what a person can do.
        target: the ARM id of its cluster; empty if it is not about one cluster.
        opened: when it was first observed.
    """

    what: str
    where: str
    text: str
    remedy: str
    target: str
    opened: datetime


def to_body(resource: object) -> Json:
    """Returns a resource, or a sequence of resources, as JSON.

    Raises:
        TypeError: the value is neither of these.
    """
    if isinstance(resource, datetime):
        return resource.isoformat()
    if isinstance(resource, list | tuple):
        return [to_body(each) for each in resource]
    if resource is None or isinstance(resource, str | bool | int):
        return resource
    if is_dataclass(resource):
        return {each.name: to_body(getattr(resource, each.name)) for each in fields(resource)}
    raise TypeError(f"{type(resource).__name__} is not part of a resource")


def run_resource(run: Run) -> RunResource:
    """Returns a run without the tokens of its steps, since these contain signed addresses."""
    return RunResource(
        id=run.id,
        runbook=run.runbook,
        target=run.target,
        target_name=run.target_name,
        ring=run.ring,
        rollout=run.rollout,
        source=run.source,
        by=run.by,
        dry_run=run.dry_run,
        state=str(run.state),
        code=str(run.code),
        headline=run.headline,
        why=run.why,
        remedy=run.remedy,
        created=run.created,
        began=run.began,
        until=run.until,
        ended=run.ended,
        plan=_plan(run.plan) if run.plan else None,
        steps=tuple(_step(step) for step in run.steps),
        finished=tuple(_step(step) for step in run.finished),
        skips=tuple(SkipResource(skip.what, str(skip.code), skip.why, skip.needs_person) for skip in run.skips),
        approval=run.approval,
        approved=run.approved,
    )


def run_summary(run: Run) -> RunSummaryResource:
    """Returns a run as it appears in a list."""
    return RunSummaryResource(run.id, run.runbook, run.target_name, str(run.state), run.why, run.ended)


def runbook_resource(runbook: Runbook) -> RunbookResource:
    """Returns a runbook as the API presents it."""
    return RunbookResource(str(runbook.name), runbook.title)


def control_resource(run_id: str, control: Control) -> ControlResource:
    """Returns what people have requested for a run."""
    return ControlResource(run_id, control.cancelled_by, control.paused_by)


def condition_resource(condition: ConditionRecord) -> ConditionResource:
    """Returns a condition as the API presents it."""
    return ConditionResource(
        condition.what, condition.where, condition.text, condition.remedy, condition.target, condition.opened
    )


def _plan(plan: Plan) -> PlanResource:
    return PlanResource(plan.hash, tuple(step.title for step in plan.steps), plan.reasons, plan.warnings)


def _step(step: StepRecord) -> StepResource:
    return StepResource(step.id, step.title, str(step.state), step.began, step.ended, step.evidence, step.why)
