"""The activities: generic, they know no runbook by name. Each makes one attempt and may run again after a crash."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ops.ports import Json

if TYPE_CHECKING:
    from ops.workflows.activities.context import Context

type Activity = Callable[[Context, Mapping[str, Json]], dict[str, Json]]

# Names only: an app that starts must know them, and must not pay for what they import.
NAMES = ("assess", "lease", "begin", "poll", "prove", "unwind", "conclude", "advance_rollout")


def activity(name: str) -> Activity:
    """The activity of this name. Raises KeyError."""
    from ops.workflows.activities import assess, carry_out, closing, leasing, rollouts

    table: dict[str, Activity] = {
        "assess": assess.assess,
        "lease": leasing.lease,
        "begin": carry_out.begin,
        "poll": carry_out.poll,
        "prove": carry_out.prove,
        "unwind": closing.unwind,
        "conclude": closing.conclude,
        "advance_rollout": rollouts.advance_rollout,
    }
    return table[name]


def invoke(name: str, context: "Context", payload: Mapping[str, Json]) -> dict[str, Json]:
    """Runs an activity; what may succeed later becomes an answer that waits, so that no activity blocks on a retry."""
    from datetime import timedelta

    from ops.ports import ConflictError, TryLaterError
    from ops.workflows.answer import Answer

    try:
        return activity(name)(context, payload)
    except TryLaterError as error:
        pause = timedelta(seconds=max(error.retry_after_s, 1.0))
    except ConflictError:
        pause = timedelta(seconds=5)
    return Answer("again", context.ports.clock.now() + pause).write()
