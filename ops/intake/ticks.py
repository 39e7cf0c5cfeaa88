"""The timers: every five minutes what could not be sent, every hour a look at the fleet."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from ops.intake.slack_rejecting import forget_forms
from ops.ports import OutsideError
from ops.settings import Settings
from ops.workflows.activities.context import Context
from ops.workflows.digest import post_digest
from ops.workflows.janitor import tidy
from ops.workflows.private_answers import flush_answers
from ops.workflows.reporting import publish_again
from ops.workflows.sampling import list_fleet, remember_fleet, sample_fleet, start_due_rollouts, start_due_runs
from ops.workflows.sending import flush
from ops.workflows.standing import close_forgotten, report_configuration
from ops.workflows.telling import tend_requests

_LOG = logging.getLogger(__name__)


def every_five_minutes(context: Context, pause: Callable[[float], None] | None = None) -> None:
    """Sends what a chat did not take before, answers first, since somebody waits; says what came of requests for approval."""
    flush_answers(context.ports)
    tend_requests(context)
    waiting = flush(context.ports, pause)
    if waiting:
        _LOG.info("%d messages wait for a chat", waiting)
    # After all that people wait for: a topic that is down takes its time.
    publish_again(context.ports)


def every_quarter(context: Context) -> None:
    """Starts what is due: reboots inside their window, clusters that should sleep or wake."""
    settings = context.config.settings
    if settings is None or context.config.problem:
        return
    try:
        fleet = list_fleet(context, settings)
    except OutsideError as error:
        _LOG.warning("the fleet could not be listed this quarter of an hour: %s", error)
        return
    start_due_runs(context, settings, fleet, context.ports.clock.now())


def every_hour(context: Context, purge_after: timedelta) -> None:
    """Samples the proofs, starts the rollouts that are due, tidies up."""
    now = context.ports.clock.now()
    tidy(context, now, purge_after=purge_after)
    forget_forms(context.ports)
    report_configuration(context.ports, context.config, now)
    close_forgotten(context.ports, now)
    settings = context.config.settings
    if settings is None:
        return
    _post_digest(context, settings, now)
    try:
        fleet = list_fleet(context, settings)
    except OutsideError as error:
        _LOG.warning("the fleet could not be listed this hour: %s", error)
        return
    remember_fleet(context, fleet, now)
    sample_fleet(context, settings, fleet, now)
    if not context.config.problem:
        start_due_rollouts(context, settings, fleet, now)


def _post_digest(context: Context, settings: Settings, now: datetime) -> None:
    """A digest that cannot be made now is made within the day; it holds up nothing."""
    try:
        post_digest(context, settings, now)
    except OutsideError as error:
        _LOG.warning("the digest could not be made this hour: %s", error)
