"""Bounds the work of a pure Python call on content from outside, which no timeout of a socket can bound.

Work is counted in calls of functions, not in seconds, so the same content has the same result on each machine. Some rules
never match, and their expansion would search until the year 9999; others make a parser quadratic.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooMuchWorkError(BaseException):
    """The limit is reached. Not an `Exception`, so that no parser treats it as a malformed line and continues."""


@contextmanager
def work_limit(most_calls: int) -> Iterator[None]:
    """Interrupts the enclosed code after a number of calls and returns of functions in this thread.

    Raises:
        TooMuchWorkError: the limit is reached.
    """
    done = 0

    def count(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal done
        done += 1
        if done > most_calls:
            raise TooMuchWorkError(f"more than {most_calls} calls")

    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(previous)
