"""The decisions that runbooks make when a fact could not be read."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ops.model.decision import Nothing, Wait
from ops.model.fleet import Gone, Unknown
from ops.model.reasons import WaitReason


def look_again(
    what: str, missing: Unknown, now: datetime, pause: timedelta, until: datetime | None = None
) -> Nothing | Wait:
    """Waits to read `what` again, at least as long as the throttling system asks to.

    Returns Nothing if it no longer exists, or if the next read would be later than `until`.
    """
    if isinstance(missing, Gone):
        return Nothing(missing.why)
    at = now + max(pause, timedelta(seconds=missing.retry_after_s))
    why = f"{what} could not be read: {missing.why}"
    if until is not None and at > until:
        return Nothing(why, missing_facts=True)
    return Wait(at, why, WaitReason.UNREADABLE)


def is_transient(facts: Mapping[str, object]) -> tuple[str, Unknown] | None:
    """Returns the name of the first of these facts that cannot be read now but may be readable later."""
    return next(((what, fact) for what, fact in facts.items() if isinstance(fact, Unknown) and fact.transient), None)
