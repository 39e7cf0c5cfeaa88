"""Persistent conditions as messages: posted while they exist, and edited once they are resolved."""

from collections.abc import Sequence
from datetime import datetime

from ops.model.calendar import SilentCalendar, host_of
from ops.model.message import Message, Moment
from ops.model.refusal import RefusedAction
from ops.model.run import State
from ops.model.tags import TagChange

_SHOWN_NOTES = 10
_SHOWN_NODES = 20
_SHOWN_TEXT = 300
_NO_DRAIN = "until a person starts it again, no node is drained for it for 7 days"


def configuration_message(problem: str) -> Message:
    """Returns the message about the configuration: posted when it becomes invalid, and edited once it is valid again."""
    if not problem:
        return Message("configuration", State.DONE, "Configuration", "daytwo.yaml", "is valid again")
    lines = (
        "the last valid configuration stays in use; running steps complete, nothing new starts",
        *problem.splitlines(),
    )
    remedy = "Fix the file (`daytwo validate` lists every problem) and redeploy it."
    return Message(
        "configuration", State.NEEDS_YOU, "Configuration", "daytwo.yaml", "is not valid", lines, remedy=remedy
    )


def calendars_message(silent: Sequence[SilentCalendar]) -> Message:
    """Returns the message about unreadable calendars whose last known freezes apply; edited once all of them can be read again."""
    if not silent:
        return Message("calendars", State.DONE, "Calendars", "daytwo.yaml", "can be read again")
    return Message(
        "calendars",
        State.NEEDS_YOU,
        "Calendars",
        "daytwo.yaml",
        "cannot be read",
        tuple(f"{host_of(each.location)}: {each.problem}" for each in silent),
        moments=tuple(
            Moment(f"{host_of(each.location)}: its last known freezes apply, read", each.read_at) for each in silent
        ),
        until=min(each.holds_until for each in silent),
        until_text="nothing new starts after",
        remedy="make the calendar readable again, or write its freezes into daytwo.yaml; Daytwo retries every five minutes",
    )


def fleet_message(*, is_empty: bool) -> Message:
    """Reports whether the fleet contains any clusters, because Azure returns an empty list if permissions are missing."""
    if not is_empty:
        return Message("fleet", State.DONE, "Fleet", "", "has clusters in rings")
    lines = (
        "no cluster in the configured subscriptions is in a ring, so nothing is done",
        "if permissions are missing, Azure returns no clusters instead of an error",
    )
    remedy = (
        "assign the bot's role in these subscriptions, or give the clusters the tags that fleet.rings select; "
        "Daytwo checks again every hour"
    )
    return Message("fleet", State.NEEDS_YOU, "Fleet", "", "is empty", lines, remedy=remedy)


def ledger_message(damage: Sequence[str]) -> Message:
    """Reports parts of the ledger that do not verify; resolved once the ledger of the last two days verifies."""
    if not damage:
        return Message("ledger", State.DONE, "Ledger", "", "verifies again since yesterday")
    lines = (
        *damage,
        "nothing in the ledger is changed: new entries continue in the day's next part, which is linked to the last good one",
    )
    remedy = "find out who or what has written these files or blobs, and keep a copy of them as evidence"
    return Message("ledger", State.NEEDS_YOU, "Ledger", "", "does not verify", lines, remedy=remedy)


def blocked_message(subject: str, title: str, target_name: str, reasons: Sequence[str]) -> Message:
    """Reports what a runbook skips on a cluster until a person acts; the condition is resolved once there are no `reasons`."""
    if not reasons:
        return Message(subject, State.DONE, title, target_name, "nothing is blocked anymore")
    remedy = "fix what is listed above; Daytwo checks again automatically"
    return Message(
        subject,
        State.NEEDS_YOU,
        title,
        target_name,
        "waiting for a person",
        tuple(reasons),
        remedy=remedy,
        footer=subject,
    )


def stale_message(subject: str, what: str, where: str, seen: datetime) -> Message:
    """Closes what was last observed at `seen`. Whether it still exists is unknown, so the message does not say that it is fixed."""
    return Message(subject, State.SKIPPED, what, where, f"has not been observed since {seen:%Y-%m-%d}")


def refused_message(subject: str, title: str, target_name: str, refused: RefusedAction) -> Message:
    """Reports what is refused until a person changes something; `allowed_message` resolves it."""
    pauses = "Daytwo tries again with growing pauses, at most six times per day"
    lines = (refused.cause, _NO_DRAIN if refused.disruptive else pauses)
    by_hand = f"; then start the {title.lower()} of {target_name}" if refused.disruptive else ""
    remedy = (refused.remedy or "fix what is reported above; Daytwo tries again automatically") + by_hand
    return Message(subject, State.NEEDS_YOU, title, target_name, "refused", lines, remedy=remedy, footer=subject)


def allowed_message(subject: str, title: str, target_name: str) -> Message:
    """Resolves what `refused_message` has reported."""
    return Message(subject, State.DONE, title, target_name, "is not refused anymore")


def held_tags_message(
    subject: str, target_name: str, changes: Sequence[TagChange], effects: Sequence[str], ring: str, *, is_asked: bool
) -> Message:
    """Reports changes of tags that are held; resolved once there are no `changes`.

    `effects` say what the changes would loosen. `ring` is the ring whose approvers decide, if `is_asked`.
    """
    if not changes:
        return Message(subject, State.DONE, "Tags", target_name, "nothing is held anymore")
    lines = (*map(str, changes), *effects, "until this is decided, the old rules stay in force")
    revert = "Change the tags back"
    if is_asked:
        remedy = (
            f"{revert}, or let the approvers of {ring} decide. They are asked once per change and day; to ask again, start "
            "the runbook tags."
        )
    else:
        where = ring or "clusters outside the rings"
        remedy = (
            f"{revert}, or add an approval rule for {where}, or start the runbook tags over HTTP with the hash of its plan "
            "(docs/tags.md)."
        )
    return Message(
        subject, State.NEEDS_YOU, "Tags", target_name, "a change is held", lines, remedy=remedy, footer=subject
    )


def channel_refused_message(subject: str, chat: str, channel: str, waiting: Sequence[str], problem: str) -> Message:
    """Reports that a chat refuses messages in a channel; resolved once none is `waiting`."""
    if not waiting:
        return Message(subject, State.DONE, chat, channel, "accepts all messages again")
    more = f" and {len(waiting) - _SHOWN_NOTES} more" if len(waiting) > _SHOWN_NOTES else ""
    remedy = (
        f"see the chat's answer above. If the channel is archived or gone, or the bot is not a member of it, correct this in "
        f"{chat}, or name another channel in daytwo.yaml. Daytwo tries again, at most six times a day"
    )
    lines = (problem, f"not shown in this channel: {', '.join(waiting[:_SHOWN_NOTES])}{more}")
    return Message(
        subject, State.NEEDS_YOU, chat, channel, "messages are refused", lines, remedy=remedy, footer=subject
    )


def unreadable_alert_message(why: str, text: str) -> Message:
    """Reports what came to the webhook for budget alerts and is not one, with its text. It is forgotten after some days without another."""
    remedy = (
        "see the ledger for the whole text; point the action group of a budget here, in either schema, and nothing else "
        "(docs/budget.md)"
    )
    lines = (why, f"its text: {text[:_SHOWN_TEXT]}" if text.strip() else "it is empty")
    return Message(
        "budget-alerts.held",
        State.NEEDS_YOU,
        "Budget alerts",
        "",
        "one could not be read",
        lines,
        remedy=remedy,
        footer="budget-alerts",
    )


def set_aside_message(notes: Sequence[str]) -> Message:
    """Reports records that cannot be read and items that could not be processed, one per line; resolved once there are none."""
    if not notes:
        return Message("set-aside", State.DONE, "Records", "", "can all be read and processed again")
    more = (f"and {len(notes) - _SHOWN_NOTES} more",) if len(notes) > _SHOWN_NOTES else ()
    remedy = (
        "Daytwo keeps them, continues with everything else, and does not act where such a record is a safeguard. Check the "
        "log, then repair or delete the record; Daytwo retries automatically"
    )
    return Message(
        "set-aside",
        State.NEEDS_YOU,
        "Records",
        "",
        "set aside",
        (*notes[:_SHOWN_NOTES], *more),
        remedy=remedy,
        footer="set-aside",
    )


def strangers_message(subject: str, cluster: str, found: Sequence[tuple[str, str]]) -> Message:
    """Reports nodes, with the reason for each, that are not machines of their cluster; resolved once there are none."""
    if not found:
        return Message(subject, State.DONE, "Nodes", cluster, "are all machines of the cluster again")
    more = (f"and {len(found) - _SHOWN_NODES} more",) if len(found) > _SHOWN_NODES else ()
    named = tuple(f"{name}: {why}" for name, why in found[:_SHOWN_NODES])
    remedy = "find out who has created these Node objects and why; Daytwo does not act on them, and they prove nothing"
    return Message(
        subject,
        State.NEEDS_YOU,
        "Nodes",
        cluster,
        "are not all machines of the cluster",
        (*named, *more),
        remedy=remedy,
        footer=subject,
    )
