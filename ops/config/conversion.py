"""msgspec behind a lock.

msgspec prepares a type when it is first used, and crashes the process if another thread uses the type at the same time
(seen with 0.22 as a segmentation fault during a cold start, when several invocations read the configuration at once).
"""

from collections.abc import Callable
from threading import RLock
from typing import Any

from msgspec import convert

# Conversions take milliseconds. The lock is reentrant, since a hook can itself convert a part.
LOCK = RLock()


def converted(value: Any, kind: Any, hook: Callable[[type, Any], Any]) -> Any:
    """Converts a document, or part of one, to its type.

    Raises:
        msgspec.ValidationError: the first problem that msgspec finds.
    """
    with LOCK:
        return convert(value, kind, dec_hook=hook)
