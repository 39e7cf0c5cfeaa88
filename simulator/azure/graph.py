"""Resource Graph: a small subset of its query language, for managed clusters and fleets only.

Supported: ``Resources | where type =~ '...'``, then any of ``| where FIELD in (...)`` (or ``in~``),
``| where FIELD =~ '...'`` (or ``==``), ``| order by id asc``, ``| project a, b.c, d = e``.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from simulator.azure.documents import cluster_document
from simulator.azure.errors import ArmError
from simulator.http_types import JsonObject
from simulator.world.state import Cluster

_WHERE_IN = re.compile(r"^where\s+([\w.]+)\s+in(~?)\s*\((.*)\)$", re.IGNORECASE | re.DOTALL)
_WHERE_IS = re.compile(r"^where\s+([\w.]+(?:\['[\w-]+'\])?)\s*(=~|==)\s*('[^']*'|\"[^\"]*\")$", re.IGNORECASE)
_ORDER = re.compile(r"^order\s+by\s+id(\s+asc)?$", re.IGNORECASE)
_PROJECT = re.compile(r"^project\s+(.*)$", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"^(?:(\w+)\s*=\s*)?(?:(tostring)\()?([\w.]+(?:\['[\w-]+'\])?)\)?$")
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
TABLES = ("resources", "aksresources")
BODY_FIELDS = {"query", "subscriptions", "options", "managementGroups"}
OPTION_FIELDS = {"$skipToken", "$top", "$skip", "resultFormat", "allowPartialScopes", "authorizationScopeFilter"}
# Without $top, a page has 100 rows; with it, at most 1,000 (Resource Graph, "Working with large result sets").
DEFAULT_PAGE = 100
MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows."""

    rows: list[JsonObject]
    total: int
    skip_token: str | None

    def document(self) -> JsonObject:
        """Return the page in Resource Graph's format."""
        document: JsonObject = {
            "totalRecords": self.total,
            "count": len(self.rows),
            "data": self.rows,
            "facets": [],
            "resultTruncated": "false",
        }
        if self.skip_token is not None:
            document["$skipToken"] = self.skip_token
        return document


def resource(cluster: Cluster) -> JsonObject:
    """Return a cluster as a row in ``Resources``. Resource Graph stores the type and the group in lower case."""
    spec = cluster.spec
    return cluster_document(cluster) | {
        "type": "microsoft.containerservice/managedclusters",
        "subscriptionId": spec.subscription,
        "resourceGroup": spec.resource_group.lower(),
    }


def query(tables: Mapping[str, list[JsonObject]], body: JsonObject) -> Page:
    """Run a query on the rows of each table.

    Raises:
        ArmError: 400 if the query is outside the supported subset.
    """
    options = _checked(body)
    text = body.get("query")
    if not isinstance(text, str):
        raise _invalid("The query is missing.")
    scope = body.get("subscriptions")
    wanted = None if scope is None else cast("list[str]", scope)
    rows = _run(
        text,
        {
            table: [row for row in found if wanted is None or row["subscriptionId"] in wanted]
            for table, found in tables.items()
        },
    )
    first = _first(options)
    size = min(_whole(options.get("$top", DEFAULT_PAGE)), MAX_PAGE)
    more = first + size < len(rows)
    token = base64.b64encode(f"{first + size}".encode()).decode() if more else None
    return Page(rows[first : first + size], len(rows), token)


def _checked(body: JsonObject) -> JsonObject:
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise _invalid("'options' must be an object.")
    unknown = sorted((body.keys() - BODY_FIELDS) | (options.keys() - OPTION_FIELDS))
    if unknown:
        raise _invalid(f"Unknown fields: {', '.join(unknown)}.")
    if options.get("resultFormat", "objectArray") != "objectArray":
        raise _invalid("Only resultFormat objectArray is simulated.")
    return cast("JsonObject", options)


def _first(options: JsonObject) -> int:
    token = options.get("$skipToken")
    if token is None:
        return _whole(options.get("$skip", 0))
    try:
        return int(base64.b64decode(str(token), validate=True))
    except ValueError as error:
        raise _invalid(f"The $skipToken {token!r} was not issued by this service.") from error


def _whole(value: object) -> int:
    if isinstance(value, int) and value >= 0:
        return value
    raise _invalid(f"{value!r} is not a number of rows.")


def _run(text: str, tables: Mapping[str, list[JsonObject]]) -> list[JsonObject]:
    table, *steps = [step.strip() for step in text.strip().rstrip(";").split("|")]
    if table.lower() not in tables:
        raise _invalid(f"Table {table!r} is not simulated; only {' and '.join(tables)} are.")
    rows = tables[table.lower()]
    for step in steps:
        rows = _step(step, rows)
    return rows


def _step(step: str, rows: list[JsonObject]) -> list[JsonObject]:
    if found := _WHERE_IN.match(step):
        name, folds, listed = found.groups()
        wanted = [_fold(a or b, folds=bool(folds)) for a, b in _LITERAL.findall(listed)]
        return [row for row in rows if _fold(_value(row, name), folds=bool(folds)) in wanted]
    if found := _WHERE_IS.match(step):
        name, operator, literal = found.groups()
        folds = operator == "=~"
        return [row for row in rows if _fold(_value(row, name), folds=folds) == _fold(literal[1:-1], folds=folds)]
    if _ORDER.match(step):
        return sorted(rows, key=lambda row: str(row["id"]))
    if found := _PROJECT.match(step):
        columns = [_column(part.strip()) for part in found.group(1).split(",")]
        return [{name: _value(row, source) for name, source in columns} for row in rows]
    raise _invalid(f"Query step {step!r} is not supported.")


def _column(text: str) -> tuple[str, str]:
    found = _COLUMN.match(text)
    if found is None or (found.group(2) is None) == text.endswith(")"):
        raise _invalid(f"Column {text!r} is not supported.")
    alias, _, source = found.groups()
    return alias or "_".join(_parts(source)), source


def _parts(source: str) -> list[str]:
    """Return the path to a column such as ``tags['env']`` or ``properties.powerState.code``."""
    return [quoted or plain for quoted, plain in re.findall(r"\['([\w-]+)'\]|(\w+)", source)]


def _value(row: JsonObject, name: str) -> object:
    current: object = row
    for part in _parts(name):
        current = cast("JsonObject", current).get(part) if isinstance(current, dict) else None
    return current


def _fold(value: object, *, folds: bool) -> str:
    text = "" if value is None else str(value)
    return text.lower() if folds else text


def _invalid(message: str) -> ArmError:
    return ArmError(400, "BadRequest", f"Please provide below info when asking for support: {message}")
