"""What runbooks decide of what could not be read."""

from datetime import datetime

from ops.model.decision import Nothing, Wait
from ops.model.fleet import Gone, Unknown


def look_again(what: str, unread: Unknown, at: datetime) -> Nothing | Wait:
    """To read `what` again at a time, or nothing where it is gone for good."""
    if isinstance(unread, Gone):
        return Nothing(unread.why)
    return Wait(at, f"{what} could not be read: {unread.why}", "unreadable")
