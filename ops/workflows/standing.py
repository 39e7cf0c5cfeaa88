"""Conditions that last: told once while they are so, edited when they are no more; nobody hears of one that never was."""

from collections.abc import Sequence
from datetime import datetime

from ops.bundle import Ports
from ops.config.current import ConfigState
from ops.model.decision import Act, Decision, Nothing, Wait
from ops.model.ledger import Entry
from ops.model.message import Message
from ops.model.run import State
from ops.model.signal import Signal, short_hash
from ops.records import messages
from ops.render.standing import calendars_message, configuration_message, fleet_message, held_message, host_of
from ops.runbooks import runbooks
from ops.workflows.reporting import destinations, reconcile
from ops.workflows.sending import message_key


def report_configuration(ports: Ports, config: ConfigState, now: datetime) -> None:
    """Says once that the configuration is not valid, and once that it is again.

    The same of calendars that cannot be read while their last freezes hold.
    """
    problem = f"the configuration is not valid, so nothing new begins: {config.problem}" if config.problem else ""
    _report(ports, configuration_message(config.problem), (problem, now))
    if not problem:
        silent = [f"{host_of(each.location)}: {each.problem}; its last freezes hold" for each in config.silent]
        _report(ports, calendars_message(config.silent), ("; ".join(silent), now))


def report_fleet(ports: Ports, now: datetime, *, is_empty: bool) -> None:
    """Says once that no cluster is in a ring, and once that there are some."""
    problem = "no cluster of the configured subscriptions is in a ring" if is_empty else ""
    _report(ports, fleet_message(is_empty=is_empty), (problem, now))


def report_held(ports: Ports, signal: Signal, decision: Decision, channels: Sequence[str]) -> None:
    """What a timer finds again and again and no run is made of: it would be held back for ever, and nobody would know."""
    reasons = _reasons(decision)
    if reasons is None:
        return
    subject = f"{signal.run_id.rsplit('.', 1)[0]}.held"
    message = held_message(subject, runbooks()[signal.runbook].title, signal.target_name, reasons)
    _report(ports, message, ("; ".join(reasons), signal.at), channels)


def _reasons(decision: Decision) -> list[str] | None:
    """What waits for a person; None where this look could not tell."""
    match decision:
        case Act(plan):
            skips = plan.skips
        case Nothing(_, skips):
            pass
        case Wait(_, _, code, _, skips) if code != "unreadable":
            pass
        case _:
            return None
    return [f"{skip.what}: {skip.why}" for skip in skips if skip.needs_person]


def _report(ports: Ports, message: Message, told: tuple[str, datetime], channels: Sequence[str] = ()) -> None:
    """The message, where the condition holds or was told before; in the ledger once a day while it holds."""
    text, now = told
    if text:
        key = f"{message.subject}|{short_hash(text)}|{now:%Y%m%d}"
        ports.ledger.append(Entry(key, now, "held", message.subject, text))
    if message.state is State.NEEDS_YOU or _was_told(ports, message.subject, channels):
        reconcile(ports, message, channels)


def _was_told(ports: Ports, subject: str, channels: Sequence[str]) -> bool:
    return any(
        messages(ports.store).get(message_key(chat.name, channel, subject))
        for chat in ports.chats
        for channel in destinations(chat, channels)
    )
