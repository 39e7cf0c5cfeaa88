"""When an action that is refused for a lasting reason is tried again: with growing pauses, at most six times in 24 hours."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ops.model.plan import Plan
from ops.model.refusal import RefusedAction

_PAUSES = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
_LONGEST = timedelta(hours=24)


def next_attempt(refused: RefusedAction) -> datetime:
    """Returns the earliest time at which the action is tried again."""
    pause = _PAUSES[refused.times - 1] if refused.times <= len(_PAUSES) else _LONGEST
    return refused.last + pause


def holding(refused: Sequence[RefusedAction], plan: Plan, now: datetime) -> RefusedAction | None:
    """Returns the refused action that holds the plan back the longest; None if every step can be tried."""
    verbs = {step.verb for step in plan.steps}
    held = [each for each in refused if each.verb in verbs and now < next_attempt(each)]
    return max(held, key=next_attempt, default=None)
