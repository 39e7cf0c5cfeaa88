"""The full validator: finds every problem that the schema and the field types reveal, with a remedy.

The reader stops at the first problem, so this runs if it fails, and in `daytwo validate`. Only this module imports jsonschema.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from ops.config.document import Document, Path, Value
from ops.config.problems import shown
from ops.config.sections import PLACES, schema
from ops.settings.fields import FieldType, Names
from ops.settings.readers import FieldError

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import ValidationError

# The types of JSON Schema, as named in messages.
_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}
# Rules with a bound: the problem, and the remedy.
_BOUNDS = {
    "maxProperties": ("a calendar brings its own names and times", "leave only ics: in this entry"),
    "uniqueItems": ("an entry is listed twice", "keep one of the two"),
    "minimum": ("this is less than {}", "write {} or more"),
    "maximum": ("this is more than {}", "write {} or less"),
}


def check_schema(document: Document, names: Names) -> frozenset[Path]:
    """Notes every problem, and returns the mappings that have a problem other than an undefined name."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    # JSON Schema accepts 3.0 as an integer, but the reader does not.
    integers = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    validator = extend(  # type: ignore[no-untyped-call]  # types-jsonschema leaves its parameters without types
        Draft202012Validator, type_checker=integers
    )
    formats, references = _formats(names)
    wrong = set[Path]()
    for error in validator(schema(), format_checker=formats).iter_errors(document.root):
        _refuse(document, error)
        if error.validator != "format" or error.validator_value not in references:
            path: Path = tuple(error.absolute_path)
            wrong.add(path if isinstance(error.instance, dict) else path[:-1])
    return frozenset(wrong)


def _formats(names: Names) -> "tuple[FormatChecker, frozenset[str]]":
    """Returns the checker with which jsonschema checks fields that have their own readers, and the formats that are references."""
    from jsonschema import FormatChecker

    checker, kinds = FormatChecker(formats=()), {kind.format_name: kind for kind in _field_types()}
    for name, kind in kinds.items():
        checker.checks(name, raises=FieldError)(_reads(kind, names))
    return checker, frozenset(name for name, kind in kinds.items() if kind.is_reference)


def _field_types() -> Iterator[type[FieldType]]:
    yield from FieldType.__subclasses__()


def _reads(kind: type[FieldType], names: Names) -> Any:
    def is_right(value: object) -> bool:
        # The entries in a list are checked one by one; other types are checked by the schema.
        if isinstance(value, str):
            kind.read(value, names)
        return True

    return is_right


def _refuse(document: Document, error: "ValidationError") -> None:
    path: Path = tuple(error.absolute_path)
    part, bound = cast("Mapping[str, Value]", error.schema), error.validator_value
    match error.validator:
        case "additionalProperties":
            known = tuple(cast("Mapping[str, Value]", part.get("properties", {})))
            for key in (key for key in cast("Mapping[str, Value]", error.instance) if key not in known):
                document.refuse((*path, key), key, *_unknown((*path, key), key, known))
        case "required":
            # Each missing key is a separate error, whose message begins with its name.
            missing = next(key for key in cast("list[str]", bound) if error.message.startswith(repr(key)))
            written = cast("Mapping[str, Value]", error.instance)
            if not any(_renamed((*path, key)) == missing for key in written):
                document.refuse(path, "", f"{missing} is missing", f"add {missing}:")
        case "format" if isinstance(error.cause, FieldError):
            document.refuse(path, error.instance, error.cause.wrong, error.cause.remedy)
        case "enum" if (new := _renamed(path, str(error.instance))) is not None:
            document.refuse(path, error.instance, f"this has been renamed to {new}", f"write {new}")
        case _:
            if "propertyNames" in error.absolute_schema_path:
                path = (*path, str(error.instance))
            document.refuse(path, error.instance, *_wrong_value(str(error.validator), cast("Value", bound), path, part))


def _unknown(path: Path, key: str, known: tuple[str, ...]) -> tuple[str, str]:
    new = _renamed(path)
    if new is not None:
        return f"this key has been renamed to {new}", f"write {new}:"
    near = get_close_matches(key.replace("_", "-").casefold(), known, n=1)
    return "this key is unknown", f"did you mean {near[0]}?" if near else f"remove it; allowed are {', '.join(known)}"


def _renamed(path: Path, value: str = "") -> str | None:
    """Returns the new name of a key, or of one of its values, if it has been renamed."""
    for place, section in PLACES:
        if path[: len(place)] == place:
            parts = ("[]" if isinstance(part, int) else f".{part}" for part in path[len(place) :])
            old = "".join(parts).removeprefix(".")
            return section.renamed.get(f"{old}={value}" if value else old)
    return None


def _wrong_value(rule: str, bound: Value, path: Path, part: Mapping[str, Value]) -> tuple[str, str]:
    """Returns the problem with a value that violates a rule in the schema, and the remedy."""
    match rule, bound:
        case "type", str() | list():
            names = [bound] if isinstance(bound, str) else bound
            return f"this is not {' or '.join(_TYPES[str(name)] for name in names)}", _example(part)
        case "enum", list():
            return "this is not allowed here", f"write {' or '.join(map(str, bound))}, or leave it out"
        case (("minItems" | "minProperties" | "minLength"), _):
            return ("this selects nothing" if "select" in path else "this is empty"), _example(part)
        case _ if rule in _BOUNDS:
            wrong, remedy = _BOUNDS[rule]
            return wrong.format(bound), remedy.format(bound)
        case _:
            return "the format is wrong", _example(part)


def _example(part: Mapping[str, Value]) -> str:
    examples = part.get("examples")
    if not isinstance(examples, list):
        return "see docs/configuration.md"
    return "write it like " + " or ".join(shown(example) for example in examples)
