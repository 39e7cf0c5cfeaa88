"""Reads JSON from outside. What no sender sends by accident is refused, so that no code behind an endpoint fails on it.

Refused are documents that are nested too deeply (Python's recursion limit is not an error that a sender understands), a key that
occurs twice (two readers would see different values), and numbers that are not finite. Halves of surrogate pairs, which cannot be
stored or hashed, are shown as their code.
"""

import json
import math
import re
from collections.abc import Mapping

from ops.model.json import Json
from ops.model.wording import visible

MOST_LEVELS = 64
_SURROGATE = re.compile("[\ud800-\udfff]")
# Arrays of a million numbers are not an event.
_MOST_VALUES = 100_000


class NotJsonError(ValueError):
    """The text is not JSON that Daytwo accepts; the text of the error says why, and quotes nothing."""


def read_json(text: str | bytes) -> Json:
    """Returns the value in a JSON text.

    Raises:
        NotJsonError: it is not JSON, or is refused (see the module).
    """
    try:
        return clean_json(json.loads(text, object_pairs_hook=_unique, parse_constant=_refused))
    except NotJsonError:
        raise
    except (ValueError, RecursionError):  # bad UTF-8 is a ValueError, too
        raise NotJsonError("it is not JSON") from None


def clean_json(value: object, levels: int = MOST_LEVELS) -> Json:
    """Returns a value that another parser has read, cleaned in the same way.

    Raises:
        NotJsonError: it is refused (see the module).
    """
    return _Cleaner().clean(value, levels)


class _Cleaner:
    """Copies one value, and counts its parts."""

    def __init__(self) -> None:
        self._seen = 0

    def clean(self, value: object, levels: int) -> Json:
        """Returns the copy.

        Raises:
            NotJsonError: it is refused.
        """
        self._seen += 1
        if levels == 0 or self._seen > _MOST_VALUES:
            raise NotJsonError("it is nested too deeply" if levels == 0 else "it has too many values")
        match value:
            case str():
                return _SURROGATE.sub(lambda found: visible(found[0]), value)
            case None | bool() | int():
                return value
            case float() if math.isfinite(value):
                return value
            case Mapping():
                return {str(self.clean(str(key), levels)): self.clean(each, levels - 1) for key, each in value.items()}
            case list() | tuple():
                return [self.clean(each, levels - 1) for each in value]
            case _:
                raise NotJsonError("a number in it is not finite")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJsonError("a key in it occurs twice")
    return found


def _refused(_constant: str) -> float:
    raise NotJsonError("a number in it is not finite")
