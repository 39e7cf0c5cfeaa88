"""The reader and the full validator are derived from one definition and accept the same documents."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import time
from json import dumps
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert, structs

from ops.config import ConfigError, Problem, load, schema
from ops.config.sections import ORDERABLE
from ops.model.calendar import Window
from ops.settings import Settings
from ops.settings.fields import FieldType, Names, read_field
from ops.settings.part import Part

WHOLE: dict[str, Any] = {
    "fleet": {
        "subscriptions": ["00000000-0000-0000-0000-000000000000"],
        "rings": [
            {"name": "dev", "select": {"tags": {"env": ["dev", "test"]}, "names": ["a-*"], "regions": ["westeurope"]}},
            {
                "name": "prod",
                "select": {"tags": {"env": "prod"}},
                "window": "nights",
                "max-concurrent": "1 per region pair",
            },
        ],
    },
    "windows": {"nights": {"days": ["mon", "tue-thu"], "from": "22:00", "to": "05:00", "zone": "UTC"}},
    "freezes": [{"name": "year end", "from": "2026-12-18", "to": "2027-01-04", "zone": "UTC"}],
    "node-image": {
        "window": "nights",
        "driver": "auto",
        "proven-for": "2d",
        "proven-nodes": 3,
        "start-stopped-clusters": True,
        "approval": [{"rings": ["prod"], "risk": ["surge"], "from": ["ana", "all"], "of": 2, "expires-after": "12h"}],
    },
    "reboot": {"window": "nights", "annotation": "a/b", "approval": {"from": "ana", "self": "deny", "hours": "nights"}},
    "power": [{"select": {"names": ["x"]}, "awake": "mon-fri 08:00-19:00", "zone": "UTC"}],
    "spot": {"group-within": "5m"},
    "cost": {"budgets": [{"name": "platform", "offer": ["stop-dev-clusters"]}]},
    "chat": {
        "slack": {"channel": "C0123", "routes": [{"select": {"names": ["x"]}, "channel": "C0124"}]},
        "teams": {"envelope": "card"},
        "digest": "nights",
    },
    "identity": {"slack-team": "T0123"},
    "people": {"ana": {"slack": "U0123"}, "ben": {"slack": "U0124"}},
    "groups": {"all": ["ana", "ben"]},
    "commands": [{"from": "all", "allow": ["run"], "rings": ["dev"], "runbooks": ["reboot"]}],
}
VALUES: tuple[object, ...] = (
    *(
        "",
        "x",
        "nights",
        "all",
        "ana",
        "0m",
        "22:00",
        "mon",
        "1w\n",
        "UTC\n",
        "\u0661 per region pair",
        "\u0662\u0662:00",
    ),
    *(0, 1, -1, 3.0, 1.5, 10**30, True, False, None),
    *(
        [],
        ["x"],
        ["ana", "ana"],
        ["run", "run"],
        [[]],
        [None],
        {},
        {"x": 1},
        {"names": ["x"]},
        {"from": []},
        {"ics": "a"},
    ),
)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all values in a document."""
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in pairs:
        yield from places(below, (*path, key))


PLACES = tuple(places(WHOLE))


def changed(place: tuple[str | int, ...], value: object, how: str) -> dict[str, Any]:
    """A copy of `WHOLE` with one value changed."""
    document = deepcopy(WHOLE)
    holder: Any = document
    for key in place[:-1]:
        holder = holder[key]
    if how == "remove":
        del holder[place[-1]]
    elif how == "add" and isinstance(holder, list):
        holder.append(value)
    elif how == "add":
        holder["x" if value is None else str(value)] = value
    else:
        holder[place[-1]] = value
    return document


def outcome(text: str, *, full: bool) -> Settings | tuple[Problem, ...]:
    try:
        return load(text, "daytwo.yaml", full=full)
    except ConfigError as refused:
        return refused.problems


def test_the_original_document_is_valid() -> None:
    assert isinstance(outcome(dumps(WHOLE), full=True), Settings)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(VALUES), st.sampled_from(["replace", "replace", "remove", "add"]))
def test_a_document_has_the_same_outcome_with_and_without_the_full_validator(
    place: tuple[str | int, ...], value: object, how: str
) -> None:
    """The validator also rejects every document that the reader rejects, so the reader's own message is never shown."""
    text = dumps(changed(place, value, how))
    read, validated = outcome(text, full=False), outcome(text, full=True)
    assert read == validated
    if isinstance(read, tuple):
        assert not any("cannot be read" in problem.wrong for problem in read), read


def test_the_full_validator_is_not_imported_for_a_valid_file() -> None:
    program = (
        "import sys; from pathlib import Path; from ops.config import load; "
        "load(Path('simulator/demo/daytwo.yaml').read_bytes(), 'daytwo.yaml'); print('jsonschema' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)  # noqa: S603  # this interpreter
    assert done.stdout == "False\n"


NIGHTS = Window("nights", frozenset({0}), time(22), time(5), "UTC")
NAMES = Names(
    windows=dict.fromkeys(("nights", "evenings", "office", "sundays"), NIGHTS),
    rings=("pre-production", "production"),
    people=("ana", "ben"),
    groups={"platform": ("ana",), "leads": ("ben",)},
    runbooks=ORDERABLE,
)


def kinds(base: type[Part] = Part) -> Iterator[type[Part]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def examples() -> Iterator[tuple[str, object, object]]:
    """Every example and default that the schema publishes: its location, the field's type, and the value."""
    parts = {"Daytwo": schema(), **cast("Mapping[str, Any]", schema()["$defs"])}
    for kind in kinds():
        if kind.__name__ not in parts:
            continue
        properties = parts[kind.__name__]["properties"]
        for each in structs.fields(kind):
            published = properties[each.encode_name]
            for value in (*published.get("examples", ()), *([published["default"]] if "default" in published else ())):
                yield f"{kind.__name__}.{each.encode_name}: {value}", each.type, value
        for value in parts[kind.__name__].get("examples", ()):
            yield f"{kind.__name__}: {value}", kind, value


@pytest.mark.parametrize(("kind", "value"), [pytest.param(kind, value, id=name) for name, kind, value in examples()])
def test_the_reader_accepts_each_example_and_default_that_the_schema_publishes(kind: object, value: object) -> None:
    def read(field_type: type[FieldType], written: object) -> object:
        return read_field(field_type, written, NAMES)

    convert(value, kind, dec_hook=read)


def test_each_key_with_a_choice_of_values_has_an_example() -> None:
    """The remedy for a wrong value quotes an example unless the default already serves as one."""
    parts = cast("Mapping[str, Any]", schema()["$defs"])
    without = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, field in part["properties"].items()
        if "$ref" not in field and "examples" not in field and name != "Chat"
    ]
    assert without == []
