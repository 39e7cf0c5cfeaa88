"""Converts the model to JSON values and back. Values of a union carry the name of their class.

cattrs is imported on first use, so endpoints that only accept a request do not pay for it.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from ops.model.json import Json
from ops.ports.errors import UnreadableError

if TYPE_CHECKING:
    from cattrs import BaseValidationError, Converter


# The version of stored records, and the key that holds it. A record of a newer version is not read: the fields that it
# leaves out or adds could change what a guard means.
VERSION = 1
_VERSION_KEY = "_v"
# The part that every record has in common.
RECORD_HEAD: Mapping[str, Json] = {_VERSION_KEY: VERSION}


def to_record(value: object) -> Json:
    """Converts a model object to the value of a stored record, which carries its version."""
    return {**RECORD_HEAD, **cast("dict[str, Json]", to_json(value))}


def from_record[T](value: Json, kind: type[T]) -> T:
    """Converts the value of a stored record to a model object.

    Raises:
        UnreadableError: it does not fit the type, or a newer version of Daytwo stored it.
    """
    if not isinstance(value, Mapping):
        raise UnreadableError(f"a stored {kind.__name__} is not a JSON object")
    version = value.get(_VERSION_KEY)
    # Without this check, any document would pass for a record all of whose fields are optional, such as a free lease.
    if not isinstance(version, int):
        raise UnreadableError(f"a stored {kind.__name__} has no version")
    if version > VERSION:
        raise UnreadableError(f"a newer version of Daytwo stored this {kind.__name__} (record version {version})")
    return from_json(value, kind)


def to_json(value: object, kind: object = None) -> Json:
    """Converts a model object to JSON values. `kind` is the declared type if that is a union."""
    return cast("Json", _converter().unstructure(value, unstructure_as=kind))


def from_json[T](value: Json, kind: type[T]) -> T:
    """Converts JSON values to a model object.

    Raises:
        UnreadableError: they do not fit the type, because another version stored the data.
    """
    from cattrs import BaseValidationError

    try:
        return _converter().structure(value, kind)
    except BaseValidationError as error:
        wrong = "; ".join(_messages(error))
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        # cattrs wraps the errors of fields, not those of the value as a whole.
        wrong = type(error).__name__
    raise UnreadableError(f"a stored {kind.__name__} was written by another version of Daytwo: {wrong}")


@cache
def _converter() -> "Converter":
    from cattrs import Converter
    from cattrs.cols import is_frozenset

    from ops.model import decision, outcome, reasons

    converter = Converter(omit_if_default=True, forbid_extra_keys=False)
    converter.register_unstructure_hook(datetime, lambda value: value.isoformat())
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_unstructure_hook(date, lambda value: value.isoformat())
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    # A set has no order: the same facts must give the same text, which is hashed.
    converter.register_unstructure_hook_func(is_frozenset, sorted)
    converter.register_unstructure_hook(time, lambda value: value.isoformat())
    converter.register_structure_hook(time, lambda value, _: time.fromisoformat(value))
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    for codes in reasons.ALL:
        # A code from another version stays plain text; both are compared as text.
        converter.register_structure_hook(codes, _code)
        converter.register_unstructure_hook(codes, str)
    for union in (decision.Decision, outcome.Outcome):
        _register_union(converter, union)
    return converter


def _code(value: str, codes: type[StrEnum]) -> str:
    return codes(value) if value in codes.__members__.values() else value


def _messages(error: "BaseValidationError") -> list[str]:
    from cattrs import transform_error

    return transform_error(error)


def _register_union(converter: "Converter", alias: Any) -> None:
    """Registers a `type` alias of a union, tagged with the names of its classes."""
    from cattrs.strategies import configure_tagged_union

    configure_tagged_union(alias.__value__, converter, tag_name="is")
    converter.register_structure_hook(alias, lambda value, _: converter.structure(value, alias.__value__))
    converter.register_unstructure_hook(alias, lambda value: converter.unstructure(value, alias.__value__))
