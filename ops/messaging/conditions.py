"""Persistent conditions: reported when they appear, and updated when they are resolved."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ops.config.config_file import ConfigState
from ops.messaging.message_sync import reconcile
from ops.model.calendar import host_of
from ops.model.decision import Act, Decision, Nothing, Wait
from ops.model.ledger import Entry
from ops.model.message import Message
from ops.model.reasons import WaitReason
from ops.model.run import State
from ops.model.run_request import RunRequest, short_hash
from ops.ports.bundle import Ports
from ops.render.conditions import blocked_message, calendars_message, configuration_message, fleet_message
from ops.runbooks import runbooks
from ops.tables.messages import ConditionRecord, conditions

_HELD = ".held"
# The windows for reboots can be a week apart.
_FORGOTTEN_AFTER = timedelta(days=8)
# The precision of `observed_at`; it is coarse so that not every observation causes a write.
_LOOKED_EVERY = timedelta(hours=6)


def report_configuration(ports: Ports, config: ConfigState, now: datetime) -> None:
    """Reports once when the configuration becomes invalid, and once when it is valid again.

    Does the same for calendars that cannot be read while their last known freezes apply.
    """
    problem = f"the configuration is not valid, so nothing new starts: {config.problem}" if config.problem else ""
    _report(ports, configuration_message(config.problem), (problem, now))
    if not problem:
        silent = [f"{host_of(each.location)}: {each.problem}; its last known freezes apply" for each in config.silent]
        _report(ports, calendars_message(config.silent), ("; ".join(silent), now))


def report_fleet(ports: Ports, now: datetime, *, is_empty: bool) -> None:
    """Reports once when no cluster is in a ring, and once when at least one is in a ring again."""
    problem = "no cluster in the configured subscriptions is in a ring" if is_empty else ""
    _report(ports, fleet_message(is_empty=is_empty), (problem, now))


def report_blocked(ports: Ports, run_request: RunRequest, decision: Decision, channels: Sequence[str]) -> None:
    """Reports a problem that a timer keeps finding but cannot start a run for; otherwise no one would know that it is blocked."""
    reasons = _blocking_reasons(decision)
    if reasons is None:
        return
    subject = f"{run_request.run_id.rsplit('.', 1)[0]}{_HELD}"
    message = blocked_message(subject, runbooks()[run_request.runbook].title, run_request.target_name, reasons)
    _report(ports, message, ("; ".join(reasons), run_request.at), channels)


def close_stale(ports: Ports, now: datetime) -> None:
    """Closes conditions that have not been observed for a long time: their cluster is gone, or it no longer needs anything."""
    for stored in list(conditions(ports.store).scan()):
        record = stored.value
        if stored.key.endswith(_HELD) and now - record.looked_at > _FORGOTTEN_AFTER:
            _close(ports, stored.key, blocked_message(stored.key, record.what, record.where, ()), record)


def _blocking_reasons(decision: Decision) -> list[str] | None:
    """Returns the reasons why a person is needed; None if this observation cannot tell."""
    match decision:
        case Act(plan):
            skips = plan.skips
        case Nothing(_, skips, _, is_incomplete) if not is_incomplete:
            pass
        case Wait(_, _, code, _, skips) if code is not WaitReason.UNREADABLE:
            pass
        case _:
            return None
    return [f"{skip.what}: {skip.why}" for skip in skips if skip.needs_person]


def _report(ports: Ports, message: Message, observed: tuple[str, datetime], channels: Sequence[str] = ()) -> None:
    """Posts or updates the message while the condition exists, with one ledger entry per day.

    Each new occurrence has its own message, since editing an old message does not notify anyone.
    """
    (text, now), table = observed, conditions(ports.store)
    stored = table.get(message.subject)
    if message.state is not State.NEEDS_YOU:
        if stored is not None:
            _close(ports, stored.key, message, stored.value)
        return
    key = f"{message.subject}|{short_hash(text)}|{now:%Y%m%d}"
    ports.ledger.append(Entry(key, now, "condition", message.subject, text))

    def change(old: ConditionRecord | None) -> ConditionRecord:
        if old is None:
            subject = f"{message.subject}.{now:%Y%m%dt%H%M}"
            return ConditionRecord(subject, message.what, message.where, tuple(channels), now)
        return replace(old, looked_at=now) if now - old.looked_at > _LOOKED_EVERY else old

    record = table.change(message.subject, change)
    reconcile(ports, replace(message, subject=record.subject), record.channels)


def _close(ports: Ports, key: str, message: Message, record: ConditionRecord) -> None:
    reconcile(ports, replace(message, subject=record.subject), record.channels)
    conditions(ports.store).delete(key)
