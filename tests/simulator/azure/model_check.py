"""Compares a response's body with the SDK's model for it: keys, types and enum values."""

import inspect
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

type Body = object


def deviations(models: ModuleType, model: type, body: Body, where: str = "") -> Iterator[str]:
    """Yield each key that the model does not know, and each value that its annotation does not allow. Null is always allowed."""
    if not isinstance(body, Mapping):
        yield f"{where}: not an object"
        return
    fields = _fields(models, model)
    for key, value in body.items():
        path = f"{where}.{key}" if where else key
        if key in fields:
            yield from _of_value(models, fields[key], value, path)
        else:
            yield f"{path}: unknown key"


def _fields(models: ModuleType, model: type) -> dict[str, object]:
    """Return the annotations of a model's fields, by their names in JSON."""
    instance: Any = model({})
    hints = get_type_hints(model, localns={"_models": models})
    named = type(instance)._attr_to_rest_field.items()  # noqa: SLF001  # the only place where the SDK keeps these names
    return {field._rest_name: hints[attribute] for attribute, field in named}  # noqa: SLF001  # as above


def _of_value(models: ModuleType, hint: object, value: object, where: str) -> Iterator[str]:
    if value is None:
        return
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    enums = [each for each in options if inspect.isclass(each) and issubclass(each, Enum)]
    if enums:
        if not any(value in [member.value for member in enum] for enum in enums):
            yield f"{where}: {value!r} is not in {enums[0].__name__}"
        return
    found = [list(_of_type(models, each, value, where)) for each in options if each is not type(None)]
    yield from min(found, key=len)


def _of_type(models: ModuleType, hint: Any, value: object, where: str) -> Iterator[str]:
    origin = get_origin(hint)
    if origin is list:
        if not isinstance(value, list):
            yield f"{where}: not a list"
            return
        for item in value:
            yield from _of_value(models, get_args(hint)[0], item, f"{where}[]")
    elif origin is dict:
        if not isinstance(value, Mapping):
            yield f"{where}: not an object"
            return
        for item in value.values():
            yield from _of_value(models, get_args(hint)[1], item, f"{where}.*")
    elif hasattr(hint, "_deserialize"):
        yield from deviations(models, hint, value, where)
    elif not _is(hint, value):
        yield f"{where}: {type(value).__name__} instead of {getattr(hint, '__name__', hint)}"


def _is(hint: object, value: object) -> bool:
    if hint is date:
        return isinstance(value, str) and date.fromisoformat(value) is not None
    if hint is datetime:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return hint is Any or (isinstance(hint, type) and isinstance(value, hint))
