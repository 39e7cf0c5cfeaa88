"""The activities: generic, they know no runbook by name. Each makes one attempt and may run again after a crash."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ops.ports import Json

if TYPE_CHECKING:
    from datetime import datetime

    from ops.ports import OutsideError
    from ops.workflows.activities.context import Context

type Activity = Callable[[Context, Mapping[str, Json]], dict[str, Json]]

_LOG = logging.getLogger(__name__)

# Names only: an app that starts must know them, and must not pay for what they import.
NAMES = (
    "assess",
    "approve",
    "lease",
    "begin",
    "poll",
    "prove",
    "unwind",
    "conclude",
    "advance_rollout",
    "answer_question",
)


def activity(name: str) -> Activity:
    """The activity of this name. Raises KeyError."""
    from ops.workflows.activities import answering, approving, assess, carry_out, closing, leasing, rollouts

    table: dict[str, Activity] = {
        "assess": assess.assess,
        "approve": approving.approve,
        "lease": leasing.lease,
        "begin": carry_out.begin,
        "poll": carry_out.poll,
        "prove": carry_out.prove,
        "unwind": closing.unwind,
        "conclude": closing.conclude,
        "answer_question": answering.answer_question,
        "advance_rollout": rollouts.advance_rollout,
    }
    return table[name]


def invoke(name: str, context: "Context", payload: Mapping[str, Json]) -> dict[str, Json]:
    """Runs an activity; what may succeed later becomes an answer that waits, so that no activity blocks on a retry."""
    from ops.ports import OutsideError

    try:
        return activity(name)(context, payload)
    except OutsideError as error:
        return postponed(context.ports.clock.now(), error)


def postponed(now: "datetime", error: "OutsideError") -> dict[str, Json]:
    """The same again, later: nothing that the outside says kills a run."""
    from datetime import timedelta

    from ops.ports import ConflictError, TryLaterError
    from ops.workflows.answer import Answer

    match error:
        case TryLaterError():
            pause = timedelta(seconds=max(error.retry_after_s, 1.0))
        case ConflictError():
            pause = timedelta(seconds=5)
        case _:
            _LOG.warning("an activity is tried again in five minutes: %s", error)
            pause = timedelta(minutes=5)
    return Answer("again", now + pause).write()
