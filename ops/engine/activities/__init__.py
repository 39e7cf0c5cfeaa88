"""The activities. No activity names a runbook; each makes one attempt and can safely run again after a crash."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ops.engine.transition import Activity, Outcome, Transition
from ops.model.json import Json

if TYPE_CHECKING:
    from datetime import datetime

    from ops.context import Context
    from ops.ports.errors import OutsideError

type Execute = Callable[[Context, Mapping[str, Json]], Transition]

_LOG = logging.getLogger(__name__)


def activity(name: str) -> Execute:
    """Returns the function for an activity. It is imported here, not when the app starts.

    Raises:
        ValueError: there is no such activity.
    """
    from ops.engine.activities import advance_rollout, answer_query, approve, assess, execute_step, finish_run, lease

    table: dict[Activity, Execute] = {
        Activity.ASSESS: assess.assess,
        Activity.APPROVE: approve.approve,
        Activity.LEASE: lease.lease,
        Activity.BEGIN: execute_step.begin,
        Activity.POLL: execute_step.poll,
        Activity.VERIFY: execute_step.verify,
        Activity.UNWIND: finish_run.unwind,
        Activity.CONCLUDE: finish_run.conclude,
        Activity.ADVANCE_ROLLOUT: advance_rollout.advance_rollout,
        Activity.ANSWER_QUERY: answer_query.answer_query,
    }
    return table[Activity(name)]


def invoke(name: str, context: "Context", payload: Mapping[str, Json]) -> dict[str, Json]:
    """Executes an activity. A transient failure becomes a retry after a pause, so no activity blocks."""
    from ops.ports.errors import OutsideError
    from ops.telemetry.log_fields import fresh_log_fields
    from ops.telemetry.metrics import Metric

    with fresh_log_fields():
        try:
            return activity(name)(context, payload).write()
        except OutsideError as error:
            context.ports.metrics.record(Metric.FAILURES, activity=name, error=type(error).__name__)
            return postponed(context.ports.clock.now(), error)
        except Exception as error:  # noqa: BLE001 - a defect can raise anything. If it failed the instance, the loop would only start it again; `_set_aside` logs and reports it
            context.ports.metrics.record(Metric.FAILURES, activity=name, error=type(error).__name__)
            return _set_aside(name, context, payload, error)


def _set_aside(name: str, context: "Context", payload: Mapping[str, Json], error: Exception) -> dict[str, Json]:
    """Reports a defect, or data that no code expects, until the record changes, and tries again after a pause.

    Raises:
        Exception: the given one, if the activity belongs to neither a run nor a rollout.
    """
    from datetime import timedelta

    from ops.tables.base import set_aside

    kind = next((kind for kind in ("run", "rollout") if kind in payload), "")
    if not kind:
        raise error
    key = str(payload[kind])
    _LOG.error("The activity %s of %s failed and will be retried", name, key, exc_info=error)
    store = context.ports.store
    record = store.get(kind, key)
    set_aside(store, kind, key, f"{name} failed: {type(error).__name__}: {error}", record.etag if record else "")
    return Transition(Outcome.RETRY, context.ports.clock.now() + timedelta(minutes=15)).write()


def postponed(now: "datetime", error: "OutsideError") -> dict[str, Json]:
    """Returns a retry of the same activity: an error in an external system never ends a run."""
    from datetime import timedelta

    from ops.ports.errors import ConflictError, TryLaterError

    match error:
        case TryLaterError():
            pause = timedelta(seconds=max(error.retry_after_s, 1.0))
        case ConflictError():
            pause = timedelta(seconds=5)
        case _:
            _LOG.warning("An activity failed and will be retried in five minutes: %s", error)
            pause = timedelta(minutes=5)
    return Transition(Outcome.RETRY, now + pause).write()
