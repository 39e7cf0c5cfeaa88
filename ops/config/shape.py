"""Whether a document has the shape that schema.json publishes, and what to do where it has not."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from json import loads
from typing import TYPE_CHECKING, cast

from ops.config.document import Document, Path, Value
from ops.config.problems import SECRET, shown

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

# What the words of a JSON Schema are called in this file's messages.
_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}

# What breaks a rule that has a bound, and what to write.
_BOUNDS = {
    "maxProperties": ("a calendar brings its own names and times", "leave only ics: in this entry"),
    "uniqueItems": ("an entry stands here twice", "keep one of the two"),
    "minimum": ("this is less than {}", "write {} or more"),
    "maximum": ("this is more than {}", "write {} or less"),
}


@cache
def schema() -> Mapping[str, Value]:
    """The published JSON Schema (2020-12) of daytwo.yaml."""
    return cast("Mapping[str, Value]", loads(files("ops.config").joinpath("schema.json").read_text("utf-8")))


def check_shape(document: Document) -> None:
    """Notes secrets, and everything that the schema refuses."""
    _check_secrets(document)
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(schema()).iter_errors(document.root):
        _refuse(document, error)


def _check_secrets(document: Document) -> None:
    # The text and not the values: a token in a comment is as lost as one in a value.
    for number, line in enumerate(document.text.splitlines(), start=1):
        for found in SECRET.finditer(line):
            document.refuse_line(number, "", found.group(), "a secret stands in the file", "put it into the key vault")


def _refuse(document: Document, error: "ValidationError") -> None:
    path: Path = tuple(error.absolute_path)
    part, bound = cast("Mapping[str, Value]", error.schema), error.validator_value
    match error.validator:
        case "additionalProperties":
            known = tuple(cast("Mapping[str, Value]", part.get("properties", {})))
            for key in _unknown(cast("Mapping[str, Value]", error.instance), known):
                document.refuse((*path, key), key, "this key is unknown", _did_you_mean(key, known))
        case "required":
            # Each missing key is an error of its own, whose message begins with its name.
            missing = next(key for key in cast("list[str]", bound) if error.message.startswith(repr(key)))
            document.refuse(path, "", f"{missing} is missing", f"add {missing}:")
        case _:
            document.refuse(path, error.instance, *_wrong_value(str(error.validator), cast("Value", bound), path, part))


def _wrong_value(rule: str, bound: Value, path: Path, part: Mapping[str, Value]) -> tuple[str, str]:
    """What is wrong with a value that breaks a rule of the schema, and what to write."""
    match rule, bound:
        case "type", str() | list():
            names = [bound] if isinstance(bound, str) else bound
            return f"this is not {' or '.join(_TYPES[str(name)] for name in names)}", _example(part)
        case "enum", list():
            return "this is not known", f"write {' or '.join(map(str, bound))}, or leave it out"
        case (("minItems" | "minProperties" | "minLength"), _):
            return ("this selects nothing" if "select" in path else "nothing stands here"), _example(part)
        case _ if rule in _BOUNDS:
            wrong, remedy = _BOUNDS[rule]
            return wrong.format(bound), remedy.format(bound)
        case _:
            return "this is not written as it should be", _example(part)


def _unknown(value: Mapping[str, Value], known: tuple[str, ...]) -> Iterator[str]:
    yield from (key for key in value if key not in known)


def _did_you_mean(key: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(key.replace("_", "-").casefold(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"remove it; known here are {', '.join(known)}"


def _example(part: Mapping[str, Value]) -> str:
    examples = part.get("examples")
    if not isinstance(examples, list):
        return "see its description in the schema"
    return "write it as in " + " or ".join(shown(example) for example in examples)
