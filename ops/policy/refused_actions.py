"""When an action that is refused for a lasting reason is tried again: with growing pauses, at most six times in 24 hours.

An action that needs a drained node is tried again only after a week, or if a person starts it: each attempt costs a drain.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ops.model.plan import Plan, Step
from ops.model.refusal import RefusedAction
from ops.model.run import Run

_PAUSES = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
_LONGEST = timedelta(hours=24)
_DISRUPTIVE = timedelta(days=7)
# The preview of `plan` and `why` shows what the timer would do.
_UNATTENDED = ("timer", "cli")


def next_attempt(refused: RefusedAction) -> datetime:
    """Returns the earliest time at which the action is tried again."""
    if refused.disruptive:
        return refused.last + _DISRUPTIVE
    pause = _PAUSES[refused.times - 1] if refused.times <= len(_PAUSES) else _LONGEST
    return refused.last + pause


def concerns(refused: RefusedAction, step: Step) -> bool:
    """Whether the step is the refused action."""
    return refused.verb == step.verb and refused.subject in ("", step.params.get("node"))


def is_disruptive(plan: Plan, step: Step) -> bool:
    """Whether an earlier step of the plan does something to the same node that cannot be undone."""
    node = step.params.get("node")
    earlier = plan.steps[: plan.steps.index(step)]
    return node is not None and any(each.params.get("node") == node and not each.temporary for each in earlier)


def in_force(refused: Iterable[RefusedAction], run: Run, now: datetime) -> tuple[RefusedAction, ...]:
    """Returns the refusals whose next attempt is not due. A person's run tries at once what was refused to other runs."""
    is_attended = run.source not in _UNATTENDED
    return tuple(each for each in refused if now < next_attempt(each) and (not is_attended or each.run == run.id))


def holding(refused: Sequence[RefusedAction], plan: Plan) -> RefusedAction | None:
    """Returns the refusal in force that holds the plan back the longest; None if every step can be tried."""
    held = [each for each in refused if any(concerns(each, step) for step in plan.steps)]
    return max(held, key=next_attempt, default=None)
