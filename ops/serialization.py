"""Converts the model to JSON values and back. Values of a union carry the name of their class.

cattrs is imported on first use, so endpoints that only accept a request do not pay for it.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from ops.model.json import Json
from ops.ports.errors import UnreadableError

if TYPE_CHECKING:
    from cattrs import BaseValidationError, Converter


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
        raise UnreadableError(f"a stored {kind.__name__} was written by another version of Daytwo: {wrong}") from error


@cache
def _converter() -> "Converter":
    from cattrs import Converter

    from ops.model import decision, outcome, reasons

    converter = Converter(omit_if_default=True, forbid_extra_keys=False)
    converter.register_unstructure_hook(datetime, lambda value: value.isoformat())
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_unstructure_hook(date, lambda value: value.isoformat())
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
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
