"""Lists and objects as tables, which kubectl asks for (`Accept: application/json;as=Table;v=v1;g=meta.k8s.io`).

Source: Kubernetes, "Receiving resources as Tables", and the printers of the API server.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from simulator.http_types import HttpRequest, JsonObject

type Cell = Callable[[JsonObject, datetime], object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a kind's table. Columns of priority 1 are shown by ``-o wide`` only."""

    name: str
    cell: Cell
    priority: int = 0
    type: str = "string"


def wants_table(request: HttpRequest) -> bool:
    """Whether the first acceptable form is a table."""
    first = request.headers.get("Accept", "").partition(",")[0].replace(" ", "")
    return {"as=Table", "g=meta.k8s.io", "v=v1"} <= set(first.split(";"))


def table(document: JsonObject, columns: tuple[Column, ...], now: datetime, include: str) -> JsonObject:
    """Return a list or an object as a table. ``include`` is the parameter ``includeObject``."""
    listed = document.get("items")
    items = cast("list[JsonObject]", listed) if isinstance(listed, list) else [document]
    metadata = document["metadata"] if isinstance(listed, list) else {}
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [_definition(column) for column in columns],
        "rows": [
            {"cells": [column.cell(item, now) for column in columns], "object": _object(item, include)}
            for item in items
        ],
    }


def _definition(column: Column) -> JsonObject:
    is_name = column.name == "Name"
    return {
        "name": column.name,
        "type": column.type,
        "format": "name" if is_name else "",
        "description": column.name,
        "priority": column.priority,
    }


def _object(item: JsonObject, include: str) -> JsonObject | None:
    if include == "None":
        return None
    if include == "Object":
        return item
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def part(item: Mapping[str, object], *path: str) -> object:
    """Return a nested value, or None if a part of the path is absent."""
    value: object = item
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text_at(*path: str) -> Cell:
    """Return a cell with a nested value; empty values are shown as kubectl shows them."""
    return lambda item, _: str(part(item, *path) or "<none>")


def number_at(*path: str) -> Cell:
    """Return a cell with a nested number."""
    return lambda item, _: part(item, *path) or 0


def age(item: JsonObject, now: datetime) -> str:
    """Return an object's age in kubectl's form: ``45s``, ``12m``, ``5h``, ``3d``."""
    created = part(item, "metadata", "creationTimestamp")
    return since(str(created), now) if created else "<unknown>"


def since(at: str, now: datetime) -> str:
    """Return the time since an instant in kubectl's form."""
    passed = now - datetime.fromisoformat(at)
    if passed < timedelta(minutes=2):
        return f"{max(int(passed.total_seconds()), 0)}s"
    if passed < timedelta(hours=3):
        return f"{passed // timedelta(minutes=1)}m"
    if passed < timedelta(days=2):
        return f"{passed // timedelta(hours=1)}h"
    return f"{passed.days}d"


def condition(item: JsonObject, kind: str) -> str:
    """Return the status of a condition; empty if there is none."""
    listed = part(item, "status", "conditions")
    conditions = cast("list[JsonObject]", listed) if isinstance(listed, list) else []
    return next((str(each["status"]) for each in conditions if each["type"] == kind), "")


NAME = Column("Name", text_at("metadata", "name"))
AGE = Column("Age", age)
