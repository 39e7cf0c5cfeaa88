"""The timers: messages every 5 minutes, due runs every 15 minutes; the fleet, rollouts and cleanup every hour."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from ops.approvals.notifications import update_requests
from ops.context import Context
from ops.facts.fleet import list_fleet
from ops.messaging.conditions import (
    close_stale,
    report_configuration,
    report_ledger,
    report_refused_messages,
    report_set_aside,
)
from ops.messaging.ephemeral_replies import flush_replies
from ops.messaging.message_sync import publish_pending
from ops.messaging.outbox import flush_outbox
from ops.model.fleet import Cluster
from ops.ports.bundle import Ports
from ops.ports.errors import OutsideError
from ops.scheduling.digest import post_digest
from ops.scheduling.due_runs import start_due_rollouts, start_due_runs
from ops.scheduling.fleet_scan import record_fleet, sample_images
from ops.scheduling.janitor import reconcile_engine, recover_lost
from ops.scheduling.tag_scan import record_tags
from ops.settings import Settings
from ops.tables.set_aside import each

_LOG = logging.getLogger(__name__)


def every_five_minutes(context: Context, pause: Callable[[float], None] | None = None) -> None:
    """Sends pending replies (people are waiting for them), updates requests for approval, recovers lost runs, then sends what is pending."""
    now = context.ports.clock.now()
    _run_parts(
        context,
        "five-minutes",
        {
            "replies": partial(flush_replies, context.ports),
            "requests for approval": partial(update_requests, context),
            "lost runs": partial(recover_lost, context, now),
            "messages": partial(flush_outbox, context.ports, pause),
            "refused messages": partial(report_refused_messages, context.ports, now),
            # Last, because an unresponsive topic takes a long time.
            "events": partial(publish_pending, context.ports),
        },
    )


def every_quarter(context: Context) -> None:
    """Starts the runs that are due: reboots in their window, clusters to start or stop."""
    settings = context.config.settings
    if settings is None or context.config.problem:
        return
    fleet = _fleet(context, settings, "15-minute")
    if fleet is not None:
        now = context.ports.clock.now()
        record_tags(context, settings, fleet, now)
        start_due_runs(context, settings, fleet, now)


def every_hour(context: Context, purge_after: timedelta, housekeeping: Sequence[Callable[[Ports], None]] = ()) -> None:
    """Deletes expired records (`housekeeping` deletes those of the chats), posts the digest, records the fleet, and starts due rollouts."""
    now, settings = context.ports.clock.now(), context.config.settings
    fleet = _fleet(context, settings, "hourly") if settings is not None else None
    _run_parts(
        context,
        "hour",
        {
            "engine": partial(reconcile_engine, context, now, purge_after=purge_after),
            **{f"chat {number}": partial(clean_up, context.ports) for number, clean_up in enumerate(housekeeping)},
            "configuration": partial(report_configuration, context.ports, context.config, now),
            "ledger": partial(report_ledger, context.ports, now),
            "stale conditions": partial(close_stale, context.ports, now),
            **(_hourly(context, settings, fleet, now) if settings is not None else {}),
            # Last, so that it reports what the other parts have set aside.
            "set aside": partial(report_set_aside, context.ports, now),
        },
    )


def _hourly(
    context: Context, settings: Settings, fleet: Sequence[Cluster] | None, now: datetime
) -> dict[str, Callable[[], object]]:
    """Returns the parts that need a configuration; without a fleet, only those that do not need one."""
    parts: dict[str, Callable[[], object]] = {"digest": partial(post_digest, context, settings, now)}
    if fleet is not None:
        parts["tags"] = partial(record_tags, context, settings, fleet, now)
        parts["fleet"] = partial(record_fleet, context, fleet, now)
        parts["samples"] = partial(sample_images, context, settings, fleet, now)
    if fleet is not None and not context.config.problem:
        parts["rollouts"] = partial(start_due_rollouts, context, settings, fleet, now)
    return parts


def _fleet(context: Context, settings: Settings, timer: str) -> Sequence[Cluster] | None:
    """Returns the fleet, or None if it cannot be listed now."""
    try:
        return list_fleet(context.ports, settings)
    except OutsideError as error:
        _LOG.warning("the fleet could not be listed for the %s timer: %s", timer, error)
        return None


def _run_parts(context: Context, timer: str, parts: Mapping[str, Callable[[], object]]) -> None:
    """Runs every part of a timer; one that fails does not stop the others."""
    each(context.ports.store, timer, parts.items(), lambda part: part[1](), lambda part: part[0])
