"""What runbooks decide of what could not be read."""

from collections.abc import Mapping
from datetime import datetime

from ops.model.decision import Nothing, Wait
from ops.model.fleet import Gone, Unknown
from ops.model.reasons import WaitReason


def look_again(what: str, unread: Unknown, at: datetime, until: datetime | None = None) -> Nothing | Wait:
    """To read `what` again at a time, or nothing where it is gone for good or that is later than `until`."""
    if isinstance(unread, Gone):
        return Nothing(unread.why)
    why = f"{what} could not be read: {unread.why}"
    if until is not None and at > until:
        return Nothing(why, unread=True)
    return Wait(at, why, WaitReason.UNREADABLE)


def is_transient(facts: Mapping[str, object]) -> tuple[str, Unknown] | None:
    """The first of these facts (by what they are called) that cannot be had now and may be had later."""
    return next(((what, fact) for what, fact in facts.items() if isinstance(fact, Unknown) and fact.transient), None)
