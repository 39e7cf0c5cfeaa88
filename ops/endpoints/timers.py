"""The timers: messages every 5 minutes, due runs every 15 minutes; the fleet, rollouts and cleanup every hour."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from ops.approvals.notifications import update_requests
from ops.context import Context
from ops.facts.fleet import list_fleet
from ops.messaging.conditions import close_stale, report_configuration
from ops.messaging.ephemeral_replies import flush_replies
from ops.messaging.message_sync import publish_pending
from ops.messaging.outbox import flush_outbox
from ops.ports.bundle import Ports
from ops.ports.errors import OutsideError
from ops.scheduling.digest import post_digest
from ops.scheduling.due_runs import start_due_rollouts, start_due_runs
from ops.scheduling.fleet_scan import record_fleet, sample_images
from ops.scheduling.janitor import reconcile_engine
from ops.scheduling.tag_scan import record_tags
from ops.settings import Settings

_LOG = logging.getLogger(__name__)


def every_five_minutes(context: Context, pause: Callable[[float], None] | None = None) -> None:
    """Sends pending replies (people are waiting for them), updates requests for approval, then sends pending messages and events."""
    flush_replies(context.ports)
    update_requests(context)
    waiting = flush_outbox(context.ports, pause)
    if waiting:
        _LOG.info("%d messages are pending", waiting)
    # Last, because an unresponsive topic takes a long time.
    publish_pending(context.ports)


def every_quarter(context: Context) -> None:
    """Starts the runs that are due: reboots in their window, clusters to start or stop."""
    settings = context.config.settings
    if settings is None or context.config.problem:
        return
    try:
        fleet = list_fleet(context.ports, settings)
    except OutsideError as error:
        _LOG.warning("the fleet could not be listed for the 15-minute timer: %s", error)
        return
    now = context.ports.clock.now()
    record_tags(context, settings, fleet, now)
    start_due_runs(context, settings, fleet, now)


def every_hour(context: Context, purge_after: timedelta, housekeeping: Sequence[Callable[[Ports], None]] = ()) -> None:
    """Deletes expired records (`housekeeping` deletes those of the chats), posts the digest, records the fleet, and starts due rollouts."""
    now = context.ports.clock.now()
    reconcile_engine(context, now, purge_after=purge_after)
    for clean_up in housekeeping:
        clean_up(context.ports)
    report_configuration(context.ports, context.config, now)
    close_stale(context.ports, now)
    settings = context.config.settings
    if settings is None:
        return
    _post_digest(context, settings, now)
    try:
        fleet = list_fleet(context.ports, settings)
    except OutsideError as error:
        _LOG.warning("the fleet could not be listed for the hourly timer: %s", error)
        return
    record_tags(context, settings, fleet, now)
    record_fleet(context, fleet, now)
    sample_images(context, settings, fleet, now)
    if not context.config.problem:
        start_due_rollouts(context, settings, fleet, now)


def _post_digest(context: Context, settings: Settings, now: datetime) -> None:
    """Posts the digest if it is due. If that fails, it is retried in an hour; nothing else is delayed."""
    try:
        post_digest(context, settings, now)
    except OutsideError as error:
        _LOG.warning("the digest could not be posted: %s", error)
