"""What an adapter may raise: the ways in which an external system refuses or fails a call."""


class OutsideError(Exception):
    """Something outside refused or did not answer. The text says what was done, to what, and what is wrong."""


class TryLaterError(OutsideError):
    """Throttled, unreachable or in trouble of its own: the same call may succeed after `retry_after_s`."""

    def __init__(self, why: str, retry_after_s: float = 60.0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class NotDoneError(TryLaterError):
    """As above, and it is certain that nothing was done."""


class ThrottledError(NotDoneError):
    """Too many calls: nothing of this kind is taken before `retry_after_s`."""


class BusyError(OutsideError):
    """Another operation runs on the cluster (409 `OperationNotAllowed`)."""


class NotFoundError(OutsideError):
    """There is no such thing (any more)."""


class DeniedError(OutsideError):
    """Our identity may not do that: a role is missing."""


class RejectedError(OutsideError):
    """The world said no for a reason that trying again does not change."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class ConflictError(OutsideError):
    """The record has changed since it was read (compare-and-swap), or exists already."""


class LedgerBrokenError(OutsideError):
    """An entry's hash does not follow from the one before: the record was changed."""
