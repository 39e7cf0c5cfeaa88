"""A run's state machine: the outcomes that activities report to their orchestrator, and the resulting transitions.

An illegal pair raises, so that a missing case fails a test instead of stopping a run. `python -m tools.transition_diagram`
generates the diagram in docs/architecture.md from `TRANSITIONS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from ops.model.json import Json


class Activity(StrEnum):
    """The activities. The value is the name in the durable engine."""

    ASSESS = "assess"
    APPROVE = "approve"
    LEASE = "lease"
    BEGIN = "begin"
    POLL = "poll"
    VERIFY = "verify"
    UNWIND = "unwind"
    CONCLUDE = "conclude"
    ADVANCE_ROLLOUT = "advance_rollout"
    ANSWER_QUERY = "answer_query"


class Outcome(StrEnum):
    """The outcomes that an activity can report."""

    RETRY = "retry"  # the same activity again, after a pause
    END = "end"
    ASSESS = "assess"
    APPROVE = "approve"
    ACT = "act"
    STEP = "step"  # begin the step that the report names
    UNDO = "undo"  # begin the undo of the step that the report names
    PENDING = "pending"
    VERIFY = "verify"
    UNWIND = "unwind"
    CONCLUDE = "conclude"


@dataclass(frozen=True, slots=True)
class Transition:
    """One report. `until` requests a sleep before the next activity; `step` is the id of the step that STEP and UNDO name."""

    outcome: Outcome
    until: datetime | None = None
    step: str = ""

    def write(self) -> dict[str, Json]:
        """Returns JSON values for the history."""
        written: dict[str, Json] = {"outcome": str(self.outcome)}
        if self.until is not None:
            written["until"] = self.until.isoformat()
        if self.step:
            written["step"] = self.step
        return written

    @classmethod
    def read(cls, value: Mapping[str, Json]) -> Self:
        """Reads a report from the history.

        Raises:
            ValueError: the outcome is unknown, because another version wrote the history.
        """
        until = value.get("until")
        return cls(
            Outcome(str(value["outcome"])),
            datetime.fromisoformat(until) if isinstance(until, str) else None,
            str(value.get("step", "")),
        )


@dataclass(frozen=True, slots=True)
class Position:
    """A run's position: the activity to call next, and its step."""

    activity: Activity
    step: str = ""
    undo: bool = False

    def payload(self, run: str) -> dict[str, Json]:
        """The activity's input."""
        return {"run": run, "step": self.step, "undo": self.undo}


class Target(StrEnum):
    """The step that the next activity works on."""

    NO_STEP = "no step"
    SAME_STEP = "the same step"
    NAMED_STEP = "the named step"
    NAMED_UNDO = "the undo of the named step"


@dataclass(frozen=True, slots=True)
class Next:
    """The next activity and its step; `activity` is None at the end of the run."""

    activity: Activity | None
    target: Target = Target.NO_STEP


class IllegalTransitionError(Exception):
    """An activity reported an outcome that is not possible for it. This is always a defect in the code."""


_FIRST_STEP = Next(Activity.BEGIN, Target.NAMED_STEP)
_UNWIND = Next(Activity.UNWIND)
_END = Next(None)

TRANSITIONS: Mapping[tuple[Activity, Outcome], Next] = MappingProxyType(
    {
        (Activity.ASSESS, Outcome.RETRY): Next(Activity.ASSESS, Target.SAME_STEP),
        (Activity.ASSESS, Outcome.ASSESS): Next(Activity.ASSESS),
        (Activity.ASSESS, Outcome.APPROVE): Next(Activity.APPROVE),
        (Activity.ASSESS, Outcome.ACT): Next(Activity.LEASE),
        (Activity.ASSESS, Outcome.END): _END,
        (Activity.APPROVE, Outcome.RETRY): Next(Activity.APPROVE, Target.SAME_STEP),
        (Activity.APPROVE, Outcome.ASSESS): Next(Activity.ASSESS),
        (Activity.APPROVE, Outcome.END): _END,
        (Activity.LEASE, Outcome.RETRY): Next(Activity.LEASE, Target.SAME_STEP),
        (Activity.LEASE, Outcome.ASSESS): Next(Activity.ASSESS),
        (Activity.LEASE, Outcome.STEP): _FIRST_STEP,
        (Activity.BEGIN, Outcome.RETRY): Next(Activity.BEGIN, Target.SAME_STEP),
        (Activity.BEGIN, Outcome.PENDING): Next(Activity.POLL, Target.SAME_STEP),
        (Activity.BEGIN, Outcome.STEP): _FIRST_STEP,
        (Activity.BEGIN, Outcome.UNWIND): _UNWIND,
        (Activity.POLL, Outcome.RETRY): Next(Activity.POLL, Target.SAME_STEP),
        (Activity.POLL, Outcome.PENDING): Next(Activity.POLL, Target.SAME_STEP),
        (Activity.POLL, Outcome.VERIFY): Next(Activity.VERIFY, Target.SAME_STEP),
        (Activity.POLL, Outcome.STEP): _FIRST_STEP,
        (Activity.POLL, Outcome.UNWIND): _UNWIND,
        (Activity.VERIFY, Outcome.RETRY): Next(Activity.VERIFY, Target.SAME_STEP),
        (Activity.VERIFY, Outcome.PENDING): Next(Activity.VERIFY, Target.SAME_STEP),
        (Activity.VERIFY, Outcome.STEP): _FIRST_STEP,
        (Activity.VERIFY, Outcome.UNWIND): _UNWIND,
        (Activity.UNWIND, Outcome.RETRY): Next(Activity.UNWIND, Target.SAME_STEP),
        (Activity.UNWIND, Outcome.UNDO): Next(Activity.BEGIN, Target.NAMED_UNDO),
        (Activity.UNWIND, Outcome.CONCLUDE): Next(Activity.CONCLUDE),
        (Activity.CONCLUDE, Outcome.RETRY): Next(Activity.CONCLUDE, Target.SAME_STEP),
        (Activity.CONCLUDE, Outcome.ASSESS): Next(Activity.ASSESS),
        (Activity.CONCLUDE, Outcome.END): _END,
    }
)


def next_position(here: Position, report: Transition) -> Position | None:
    """Returns a run's next position; None at its end.

    Raises:
        IllegalTransitionError: the pair is not in `TRANSITIONS`.
    """
    following = TRANSITIONS.get((here.activity, report.outcome))
    if following is None:
        raise IllegalTransitionError(f"{here.activity} cannot report {report.outcome}")
    if following.activity is None:
        return None
    match following.target:
        case Target.NO_STEP:
            return Position(following.activity)
        case Target.SAME_STEP:
            return Position(following.activity, here.step, here.undo)
        case Target.NAMED_STEP:
            return Position(following.activity, report.step)
        case Target.NAMED_UNDO:
            return Position(following.activity, report.step, undo=True)
