"""msgspec behind a lock.

msgspec builds what it knows of a type with the first use, and crashes the process if another thread uses the type meanwhile
(seen with 0.22 as a segmentation fault of a cold start, when several invocations read the configuration at once).
"""

from collections.abc import Callable
from threading import RLock
from typing import Any

from msgspec import convert

# Conversions take milliseconds. Reentrant, since a hook may convert a part.
LOCK = RLock()


def converted(value: Any, kind: Any, hook: Callable[[type, Any], Any]) -> Any:
    """A document, or a part of one, as its type.

    Raises:
        msgspec.ValidationError: the first problem that msgspec finds.
    """
    with LOCK:
        return convert(value, kind, dec_hook=hook)
