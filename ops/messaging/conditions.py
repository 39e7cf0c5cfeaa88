"""Persistent conditions: reported when they appear, and updated when they are resolved."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ops.config.config_file import ConfigState
from ops.messaging.message_sync import reconcile
from ops.messaging.outbox import refused_messages
from ops.model.decision import Act, Decision, Nothing, Report, Wait
from ops.model.fleet import Cluster
from ops.model.ledger import Entry
from ops.model.message import Message
from ops.model.reasons import WaitReason
from ops.model.run import Run, State
from ops.model.run_request import short_hash
from ops.ports.bundle import Ports
from ops.render.conditions import (
    blocked_message,
    calendars_message,
    channel_refused_message,
    configuration_message,
    fleet_message,
    ledger_message,
    set_aside_message,
    stale_message,
    strangers_message,
)
from ops.runbooks import runbooks
from ops.tables.base import Stored, marked
from ops.tables.conditions import ConditionRecord, conditions
from ops.tables.messages import MessageRecord
from ops.tables.set_aside import SetAside, each, set_aside_notes

# `close_stale` closes conditions whose subject has this ending.
HELD = ".held"
_CHAT = "chat."
# The windows for reboots can be a week apart.
_FORGOTTEN_AFTER = timedelta(days=8)
# The precision of `observed_at`; it is coarse so that not every observation causes a write.
_LOOKED_EVERY = timedelta(hours=6)


def report_condition(
    ports: Ports, message: Message, now: datetime, *, channels: Sequence[str] = (), target: str = ""
) -> None:
    """Opens or updates a condition if the message's state is NEEDS_YOU; any other state resolves it.

    It is reported once, and once when it is resolved. `message.subject` identifies it; `target` is the id of its cluster, if
    it is about one. Each new occurrence has its own message, since editing an old message does not notify anyone. The ledger
    gets one entry per day and text.
    """
    table = conditions(ports.store)
    stored = table.get(message.subject)
    if message.state is not State.NEEDS_YOU:
        if stored is not None:
            _close(ports, stored.key, message, stored.value)
        return
    text = _text(message)
    key = f"{message.subject}|{short_hash(text)}|{now:%Y%m%d}"
    ports.ledger.append(Entry(key, now, "condition", message.subject, text))

    def change(old: ConditionRecord | None) -> ConditionRecord:
        if old is None:
            subject = f"{message.subject}.{now:%Y%m%dt%H%M}"
            return ConditionRecord(
                subject, message.what, message.where, tuple(channels), now, text, message.remedy, target, now
            )
        seen = now if now - old.looked_at > _LOOKED_EVERY else old.looked_at
        return replace(old, looked_at=seen, text=text, remedy=message.remedy)

    record = table.change(message.subject, change)
    reconcile(ports, replace(message, subject=record.subject), record.channels)


def _text(message: Message) -> str:
    details = "; ".join(message.lines)
    return f"{message.progress_text}: {details}" if details else message.progress_text


def report_configuration(ports: Ports, config: ConfigState, now: datetime) -> None:
    """Reports once when the configuration becomes invalid, and once when it is valid again.

    Does the same for calendars that cannot be read while their last known freezes apply.
    """
    report_condition(ports, configuration_message(config.problem), now)
    if not config.problem:
        report_condition(ports, calendars_message(config.silent), now)


def report_fleet(ports: Ports, now: datetime, *, is_empty: bool) -> None:
    """Reports once when no cluster is in a ring, and once when at least one is in a ring again."""
    report_condition(ports, fleet_message(is_empty=is_empty), now)


def report_blocked(ports: Ports, run: Run, decision: Decision, now: datetime, channels: Sequence[str]) -> None:
    """Reports what a runbook leaves out on a cluster until a person acts; otherwise no one would know that it is blocked."""
    reasons = _blocking_reasons(decision)
    if reasons is None:
        return
    subject = f"{run.id.rsplit('.', 1)[0]}{HELD}"
    message = blocked_message(subject, runbooks()[run.runbook].title, run.target_name, reasons)
    report_condition(ports, message, now, channels=channels, target=run.target)


def report_strangers(
    ports: Ports, cluster: Cluster, found: Sequence[tuple[str, str]], now: datetime, channels: Sequence[str]
) -> None:
    """Reports once when a cluster has nodes that are not its machines, and once when it has none anymore."""
    message = strangers_message(f"nodes.{short_hash(cluster.id)}{HELD}", cluster.name, found)
    report_condition(ports, message, now, channels=channels, target=cluster.id)


def report_ledger(ports: Ports, now: datetime) -> None:
    """Reports if today's or yesterday's ledger is damaged or was changed."""
    days = [f"{now - timedelta(days=ago):%Y-%m-%d}" for ago in (1, 0)]
    damage = [sentence for day in days for sentence in ports.ledger.damage(day)]
    report_condition(ports, ledger_message(damage), now)


def report_refused_messages(ports: Ports, now: datetime) -> None:
    """Reports once for each channel that its chat refuses messages there, and once when it accepts them again."""
    refused: dict[tuple[str, str], list[MessageRecord]] = defaultdict(list)
    for record in refused_messages(ports):
        # The condition about a channel can be refused itself; it is listed by `status` and in the digest in any case.
        if not record.subject.startswith(_CHAT):
            refused[record.chat, record.channel].append(record)
    subjects = {_channel_subject(*where): where for where in refused}
    for subject, where in subjects.items():
        records = refused[where]
        waiting = sorted(record.subject for record in records)
        report_condition(ports, channel_refused_message(subject, *where, waiting, records[-1].problem), now)
    over = [key for key in marked(ports.store, conditions(ports.store).kind, _CHAT) if key not in subjects]
    each(ports.store, "chat conditions", over, lambda key: _resolve_channel(ports, key, now))


def _channel_subject(chat: str, channel: str) -> str:
    return f"{_CHAT}{short_hash(f'{chat}|{channel}')}"


def _resolve_channel(ports: Ports, key: str, now: datetime) -> None:
    record = conditions(ports.store).must_get(key).value
    report_condition(ports, channel_refused_message(key, record.what, record.where, (), ""), now)


def close_stale(ports: Ports, now: datetime) -> None:
    """Closes conditions that have not been observed for a long time, for example because their cluster was deleted."""

    def close(stored: Stored[ConditionRecord]) -> None:
        record = stored.value
        if stored.key.endswith(HELD) and now - record.looked_at > _FORGOTTEN_AFTER:
            _close(ports, stored.key, stale_message(stored.key, record.what, record.where, record.looked_at), record)

    each(ports.store, "conditions", list(conditions(ports.store).scan()), close, lambda stored: stored.key)


def report_set_aside(ports: Ports, now: datetime) -> None:
    """Reports the records that cannot be read and the items that could not be processed; forgets those that can be read again."""
    table = set_aside_notes(ports.store)
    notes = list(table.scan())
    changed = [stored for stored in notes if _has_changed(ports, stored.value, now)]
    each(ports.store, "changed records", changed, lambda stored: table.delete(stored.key), lambda stored: stored.key)
    left = [stored for stored in notes if stored not in changed]
    _mark_reported(ports, [stored for stored in left if stored.value.reported is None], now)
    lines = [f"{note.kind} {note.key}: {note.why}" for note in (stored.value for stored in left)]
    report_condition(ports, set_aside_message(lines), now)


def _mark_reported(ports: Ports, notes: Sequence[Stored[SetAside]], now: datetime) -> None:
    table = set_aside_notes(ports.store)
    each(
        ports.store,
        "new notes",
        notes,
        lambda stored: table.replace(stored, replace(stored.value, reported=now)),
        lambda stored: stored.key,
    )


def _has_changed(ports: Ports, note: SetAside, now: datetime) -> bool:
    """Whether a record was repaired or deleted since; if it still cannot be read, the next read notes it again.

    A loop itself forgets an item that succeeds. An item that no longer occurs is forgotten after some days.
    """
    if not note.etag:
        return note.reported is not None and now - note.reported > _FORGOTTEN_AFTER
    record = ports.store.get(note.kind, note.key)
    return record is None or record.etag != note.etag


def _blocking_reasons(decision: Decision) -> list[str] | None:
    """Returns the reasons why a person is needed; None if this observation cannot tell."""
    match decision:
        case Act(plan):
            skips = plan.skips
        case Report(_, _, skips):
            pass
        case Nothing(_, skips, _, is_incomplete) if not is_incomplete:
            pass
        case Wait(_, _, code, _, skips) if code is not WaitReason.UNREADABLE:
            pass
        case _:
            return None
    return [f"{skip.what}: {skip.why}" for skip in skips if skip.needs_person]


def _close(ports: Ports, key: str, message: Message, record: ConditionRecord) -> None:
    reconcile(ports, replace(message, subject=record.subject), record.channels)
    conditions(ports.store).delete(key)
