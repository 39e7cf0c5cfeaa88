"""Conditions that last, as messages: said while they are so, and edited when they are no more."""

from collections.abc import Sequence

from ops.model.calendar import SilentCalendar, host_of
from ops.model.message import Message, Moment
from ops.model.run import State


def configuration_message(problem: str) -> Message:
    """Whether the configuration is valid: said where it is not, and edited when it is again."""
    if not problem:
        return Message("configuration", State.DONE, "Configuration", "daytwo.yaml", "is valid again")
    lines = ("the last valid one is kept; what runs is finished, nothing new begins", *problem.splitlines())
    remedy = "Fix the file (`daytwo validate` lists every problem) and redeploy it."
    return Message(
        "configuration", State.NEEDS_YOU, "Configuration", "daytwo.yaml", "is not valid", lines, remedy=remedy
    )


def calendars_message(silent: Sequence[SilentCalendar]) -> Message:
    """That calendars cannot be read while their last freezes hold, and that all can again."""
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
            Moment(f"{host_of(each.location)}: its last freezes hold, read", each.read_at) for each in silent
        ),
        until=min(each.holds_until for each in silent),
        until_text="nothing new begins after",
        remedy="make it readable again, or write the freezes into daytwo.yaml; it is tried every five minutes",
    )


def fleet_message(*, is_empty: bool) -> Message:
    """Whether there is anything to look after: a fleet that cannot be read looks like one that is empty."""
    if not is_empty:
        return Message("fleet", State.DONE, "Fleet", "", "has clusters in rings")
    lines = (
        "no cluster of the configured subscriptions is in a ring, so nothing is done",
        "Azure shows no clusters, rather than an error, to whoever may not read them",
    )
    remedy = (
        "give the bot's identity its role in these subscriptions, or the clusters the tags that fleet.rings select; "
        "Daytwo looks again every hour"
    )
    return Message("fleet", State.NEEDS_YOU, "Fleet", "", "is empty", lines, remedy=remedy)


def blocked_message(subject: str, title: str, target_name: str, reasons: Sequence[str]) -> Message:
    """What a runbook leaves out of a cluster until a person has looked; nothing is left of it where `reasons` are none."""
    if not reasons:
        return Message(subject, State.DONE, title, target_name, "nothing is held back any more")
    remedy = "mend what is named; Daytwo looks again by itself"
    return Message(
        subject,
        State.NEEDS_YOU,
        title,
        target_name,
        "waits for a person",
        tuple(reasons),
        remedy=remedy,
        footer=subject,
    )
