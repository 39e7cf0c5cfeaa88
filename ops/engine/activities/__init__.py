"""The activities: generic, they know no runbook by name. Each makes one attempt and may run again after a crash."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ops.model.json import Json

if TYPE_CHECKING:
    from datetime import datetime

    from ops.context import Context
    from ops.ports.errors import OutsideError

type Activity = Callable[[Context, Mapping[str, Json]], dict[str, Json]]

_LOG = logging.getLogger(__name__)

# Names only: an app that starts must know them, and must not pay for what they import.
NAMES = (
    "assess",
    "approve",
    "lease",
    "begin",
    "poll",
    "verify",
    "unwind",
    "conclude",
    "advance_rollout",
    "answer_question",
)


def activity(name: str) -> Activity:
    """The activity of this name. Raises KeyError."""
    from ops.engine.activities import advance_rollout, answer_query, approve, assess, execute_step, finish_run, lease

    table: dict[str, Activity] = {
        "assess": assess.assess,
        "approve": approve.approve,
        "lease": lease.lease,
        "begin": execute_step.begin,
        "poll": execute_step.poll,
        "verify": execute_step.verify,
        "unwind": finish_run.unwind,
        "conclude": finish_run.conclude,
        "answer_question": answer_query.answer_query,
        "advance_rollout": advance_rollout.advance_rollout,
    }
    return table[name]


def invoke(name: str, context: "Context", payload: Mapping[str, Json]) -> dict[str, Json]:
    """Runs an activity; what may succeed later becomes an answer that waits, so that no activity blocks on a retry."""
    from ops.ports.errors import OutsideError

    try:
        return activity(name)(context, payload)
    except OutsideError as error:
        return postponed(context.ports.clock.now(), error)


def postponed(now: "datetime", error: "OutsideError") -> dict[str, Json]:
    """The same again, later: nothing that the outside says kills a run."""
    from datetime import timedelta

    from ops.engine.transition import Transition
    from ops.ports.errors import ConflictError, TryLaterError

    match error:
        case TryLaterError():
            pause = timedelta(seconds=max(error.retry_after_s, 1.0))
        case ConflictError():
            pause = timedelta(seconds=5)
        case _:
            _LOG.warning("an activity is tried again in five minutes: %s", error)
            pause = timedelta(minutes=5)
    return Transition("again", now + pause).write()
