"""The timers: messages every 5 minutes, due runs every 15 minutes; the fleet, rollouts and cleanup every hour."""

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
from ops.scheduling.cluster_scan import report_states
from ops.scheduling.digest import post_digest
from ops.scheduling.due_runs import start_due_rollouts, start_due_runs
from ops.scheduling.fleet_scan import record_fleet, sample_images
from ops.scheduling.janitor import reconcile_engine, recover_lost
from ops.scheduling.tag_scan import record_tags
from ops.scheduling.update_run_scan import report_update_runs
from ops.settings import Settings
from ops.tables.set_aside import each


def every_five_minutes(context: Context, pause: Callable[[float], None] | None = None) -> None:
    """Recovers lost runs, sends pending replies, updates requests for approval, then sends what is pending."""
    now = context.ports.clock.now()
    _run_parts(
        context,
        "five-minutes",
        {
            # First, because a run must be recovered before its lease expires; the others call chats, which can be slow.
            "lost runs": partial(recover_lost, context, now),
            "replies": partial(flush_replies, context.ports),
            "requests for approval": partial(update_requests, context),
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
    now, fleet = context.ports.clock.now(), _FleetList(context, settings)
    _run_parts(
        context,
        "quarter",
        {
            "fleet": fleet.read,
            "tags": fleet.then(lambda clusters: record_tags(context, settings, clusters, now)),
            "due runs": fleet.then(lambda clusters: start_due_runs(context, settings, clusters, now)),
        },
    )


def every_hour(context: Context, purge_after: timedelta, housekeeping: Sequence[Callable[[Ports], None]] = ()) -> None:
    """Deletes expired records (`housekeeping` deletes those of the chats), posts the digest, records the fleet, and starts due rollouts."""
    now, settings = context.ports.clock.now(), context.config.settings
    _run_parts(
        context,
        "hour",
        {
            "engine": partial(reconcile_engine, context, now, purge_after=purge_after),
            **{f"chat {number}": partial(clean_up, context.ports) for number, clean_up in enumerate(housekeeping)},
            "configuration": partial(report_configuration, context.ports, context.config, now),
            "ledger": partial(report_ledger, context.ports, now),
            "stale conditions": partial(close_stale, context.ports, now),
            **(_hourly(context, settings, now) if settings is not None else {}),
            # Last, so that it reports what the other parts have set aside.
            "set aside": partial(report_set_aside, context.ports, now),
        },
    )


def _hourly(context: Context, settings: Settings, now: datetime) -> dict[str, Callable[[], object]]:
    """Returns the parts that need a configuration."""
    fleet = _FleetList(context, settings)
    parts: dict[str, Callable[[], object]] = {
        "digest": partial(post_digest, context, settings, now),
        "fleet": fleet.read,
        "tags": fleet.then(lambda clusters: record_tags(context, settings, clusters, now)),
        "known clusters": fleet.then(lambda clusters: record_fleet(context, clusters, now)),
        "update runs": fleet.then(lambda clusters: report_update_runs(context, settings, clusters, now)),
        "states of clusters": fleet.then(lambda clusters: report_states(context, settings, clusters, now)),
        "samples": fleet.then(lambda clusters: sample_images(context, settings, clusters, now)),
    }
    if not context.config.problem:
        parts["rollouts"] = fleet.then(lambda clusters: start_due_rollouts(context, settings, clusters, now))
    return parts


class _FleetList:
    """The fleet, read by one part of a timer for those that follow."""

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context, self._settings = context, settings
        self._clusters: Sequence[Cluster] | None = None

    def read(self) -> None:
        """Reads the fleet.

        Raises:
            OutsideError: Azure does not answer; the next timer tries again.
        """
        self._clusters = list_fleet(self._context.ports, self._settings)

    def then(self, work: Callable[[Sequence[Cluster]], None]) -> Callable[[], None]:
        """Returns the part that does this work with the fleet, or nothing if the fleet could not be read."""

        def part() -> None:
            if self._clusters is not None:
                work(self._clusters)

        return part


def _run_parts(context: Context, timer: str, parts: Mapping[str, Callable[[], object]]) -> None:
    """Runs every part of a timer; one that fails does not stop the others."""
    each(context.ports.store, timer, parts.items(), lambda part: part[1](), lambda part: part[0])
