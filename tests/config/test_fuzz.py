"""No document crashes the loader: it is either loaded or rejected with problems that have messages."""

from collections.abc import Mapping
from json import dumps
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ops.config import ConfigError, Problem, load, schema
from ops.settings import Settings

type Part = Mapping[str, object]

SCHEMA: Part = schema()
# Values that the schema leaves to the field readers, by format and by key. Most are valid, some are not.
FORMATS = {
    "daytwo-window": ["nights", "days"],
    "daytwo-ring": ["nights", "prod"],
    "daytwo-person": ["nights", "ana"],
    "daytwo-people": ["nights", "env", "ana"],
    "daytwo-time-zone": ["Europe/Amsterdam", "UTC", "Mars/Olympus"],
    "daytwo-time-of-day": ["22:00", "01:30", "25:00"],
    "daytwo-days": ["mon-thu", "sun", "mon,never"],
}
WORDS = {
    "from": ["2026-12-18", "2026-12-18T18:00:00+01:00", "25:00"],
    "to": ["2026-12-19", "2026-12-20T18:00:00Z", "9999-12-31"],
    "ics": ["freeze.ics"],
}


def section(part: Part, key: str) -> Part:
    return cast("Part", part.get(key, {}))


def documents(part: Part, key: str = "") -> st.SearchStrategy[object]:
    """Values that this part of the schema allows."""
    if "$ref" in part:
        return documents(section(section(SCHEMA, "$defs"), str(part["$ref"]).removeprefix("#/$defs/")), key)
    if "enum" in part:
        return st.sampled_from(cast("list[object]", part["enum"]))
    if "type" not in part:
        return documents({"type": "array", **section(part, "then")}) | documents(section(part, "else"))
    if str(part.get("format")) in FORMATS:
        one = st.sampled_from(FORMATS[str(part["format"])])
        return one | st.lists(one, min_size=1, max_size=2) if "items" in part else one
    if key in WORDS:
        return st.sampled_from(WORDS[key])
    kind = part["type"]
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            return mappings(part)
        case "array":
            least = cast("int", part.get("minItems", 0))
            return st.lists(documents(section(part, "items")), min_size=least, max_size=3)
        case "integer":
            return st.integers(cast("int", part["minimum"]), cast("int", part["maximum"]))
        case "boolean":
            return st.booleans()
        case _:
            pattern = part.get("pattern")
            return st.from_regex(str(pattern), fullmatch=True) if pattern else st.text(min_size=1, max_size=12)


def mappings(part: Part) -> st.SearchStrategy[object]:
    properties = section(part, "properties")
    required = {*cast("list[str]", part.get("required", []))}
    fixed = {key: documents(cast("Part", properties[key]), key) for key in properties if key in required}
    optional = {key: documents(cast("Part", properties[key]), key) for key in properties if key not in required}
    extra = part.get("additionalProperties")
    if isinstance(extra, Mapping):
        keys = st.sampled_from(["nights", "env", "team"])
        return st.dictionaries(keys, documents(cast("Part", extra)), max_size=2)
    return st.fixed_dictionaries(fixed, optional=optional)


def outcome(text: str | bytes) -> Settings | None:
    """The settings, or None if the document was rejected with problems."""
    problems: tuple[Problem, ...]
    try:
        return load(text, "daytwo.yaml")
    except ConfigError as refused:
        problems = refused.problems
    assert problems
    assert all(problem.wrong and problem.remedy for problem in problems)
    return None


@settings(max_examples=200, deadline=None)
@given(documents(SCHEMA))
def test_a_document_generated_from_the_schema_loads_or_is_rejected(document: object) -> None:
    text = dumps(document)
    loaded = outcome(text)
    if loaded is not None:
        assert load(text, "again.yaml") == loaded


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_arbitrary_text_is_rejected_without_a_crash(text: str) -> None:
    assert outcome(text) is None


@settings(max_examples=300, deadline=None)
@given(st.text("{}[]:-&*!|>%@`'\"\\,?# \n\tab01.~<=u", max_size=60))
def test_arbitrary_punctuation_is_rejected_without_a_crash(text: str) -> None:
    assert outcome(text) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_rejected_without_a_crash(raw: bytes) -> None:
    assert outcome(raw) is None


GOOD = """\
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings: [{name: dev, select: {tags: {env: [dev, test]}}, window: nights}]
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: Europe/Amsterdam}
freezes:
  - {name: year end, from: 2026-12-18, to: 2027-01-04}
node-image: {window: nights, proven-for: 2d, proven-nodes: 3}
"""


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 6), st.text("{}[]:-&*!'\", \nabz019.\\", max_size=4))
def test_a_mutation_of_a_valid_document_never_crashes(position: int, removed: int, inserted: str) -> None:
    outcome(GOOD[:position] + inserted + GOOD[position + removed :])


def test_the_document_to_mutate_is_valid() -> None:
    assert outcome(GOOD) is not None


def described(part: Part, path: str) -> list[str]:
    """The parts of the schema that lack a description."""
    missing = [] if "description" in part or "$ref" in part else [path]
    for name, below in {**section(part, "properties"), **section(part, "$defs")}.items():
        missing += described(cast("Part", below), f"{path}.{name}")
    return missing


def test_the_published_schema_is_a_valid_json_schema() -> None:
    Draft202012Validator.check_schema(cast("dict[str, object]", SCHEMA))


def test_the_published_schema_describes_every_key() -> None:
    assert described(SCHEMA, "daytwo") == []
