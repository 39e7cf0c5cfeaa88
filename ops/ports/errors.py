"""The errors that adapters raise: the ways in which a call to an external system can be refused or fail."""

import math

from ops.model.refusal import Refusal, RefusalKind

SHORTEST_WAIT_S = 1.0
# A longer wait is not accepted, because it could delay a message or a poll for a day.
LONGEST_WAIT_S = 3_600.0


def bounded_wait_s(wait_s: float, default_s: float = 60.0) -> float:
    """Returns a wait that a server asked for, between one second and one hour; `default_s` if it is not a finite number."""
    return min(max(wait_s, SHORTEST_WAIT_S), LONGEST_WAIT_S) if math.isfinite(wait_s) else default_s


class OutsideError(Exception):
    """An external system refused a call or did not answer. The text says what was attempted, on what, and what is wrong."""


class TryLaterError(OutsideError):
    """The system is throttling, unreachable or failing: the same call may succeed after `retry_after_s` seconds."""

    def __init__(self, why: str, retry_after_s: float = 60.0) -> None:
        super().__init__(why)
        self.retry_after_s = bounded_wait_s(retry_after_s)


class UnreachableError(TryLaterError):
    """A cluster's API server does not answer. Azure throttling a call that is needed to reach it is a plain TryLaterError."""


class NotDoneError(TryLaterError):
    """Like `TryLaterError`, but it is certain that nothing was done."""


class ThrottledError(NotDoneError):
    """Rate limited: calls of this kind are not accepted until `retry_after_s` seconds have passed."""


class StateUnavailableError(TryLaterError):
    """The folder of the local records cannot be used: full, read-only, damaged or in use. The text names the file and the remedy."""


class BusyError(OutsideError):
    """Another operation is running on the cluster (409 `OperationNotAllowed`)."""


class NotFoundError(OutsideError):
    """The object does not exist, or no longer exists."""


class DeniedError(OutsideError):
    """The bot's identity is not permitted to do this: a role is missing."""


class RejectedError(OutsideError):
    """Refused for a reason that a retry cannot change."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class UneditableError(RejectedError):
    """The chat does not accept changes of this message: it was deleted, or can no longer be edited. Only a new one can be posted."""


class ClosedChannelError(RejectedError):
    """The chat accepts nothing in this channel: it is archived or gone, or the bot has no access to it."""


class AlreadyError(OutsideError):
    """The object is already in the desired state, so the call was refused: read the object."""


class ConflictError(OutsideError):
    """The record has changed since it was read (compare-and-swap), or already exists."""


class UnreadableError(OutsideError):
    """A stored record cannot be read, because another version of Daytwo has written it."""


class LedgerBrokenError(OutsideError):
    """An entry's hash does not match the previous entry, so the ledger was changed."""


def error_of(doing: str, refusal: Refusal, retry_after_s: float = 60.0) -> OutsideError:
    """Returns the error for a classified refusal. Its text says what was attempted, the code, and the system's own words."""
    text = ": ".join(part for part in (doing, refusal.code, refusal.text) if part)
    advised = f"{text}: {refusal.remedy}" if refusal.remedy else text
    match refusal.kind:
        case RefusalKind.BUSY:
            return BusyError(text)
        case RefusalKind.THROTTLED:
            return ThrottledError(text, retry_after_s)
        case RefusalKind.TRANSIENT:
            return TryLaterError(text, retry_after_s)
        case RefusalKind.ALREADY:
            return AlreadyError(text)
        case RefusalKind.GONE:
            return NotFoundError(text)
        case RefusalKind.DENIED:
            return DeniedError(advised)
        case RefusalKind.LASTING:
            return RejectedError(refusal.code, text)
