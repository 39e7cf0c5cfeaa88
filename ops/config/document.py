"""Reads YAML as plain values, and records the line number of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.config.problems import ConfigError, Problem, masked, shown, without_addresses

if TYPE_CHECKING:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

type Value = str | int | float | bool | list[Value] | dict[str, Value] | None
type Path = tuple[str | int, ...]

_MAX_BYTES = 256 * 1024
_MAX_DEPTH = 20
_TAG = "tag:yaml.org,2002:"
_BOOLEANS = {"true": True, "false": False}


@dataclass(slots=True)
class Document:
    """A configuration's values, with the line of each, and the problems found so far.

    `is_doubtful` means that it contains null or a list with equal entries: the reader accepts these in places where the
    schema does not.
    """

    source: str
    text: str
    root: dict[str, Value] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_doubtful: bool = False

    def refuse(self, path: Path, value: object, wrong: str, remedy: str) -> None:
        """Notes a problem at `path`, or at the nearest known line above it."""
        known = next((path[:size] for size in range(len(path), 0, -1) if path[:size] in self.lines), None)
        line = None if known is None else self.lines[known]
        is_calendar = path[:1] == ("freezes",)
        self.refuse_line(line, dotted(path), without_addresses(value) if is_calendar else value, wrong, remedy)

    def refuse_line(self, line: int | None, where: str, value: object, wrong: str, remedy: str) -> None:
        """Notes a problem on a line to which no value belongs."""
        self.problems.append(Problem(self.source, line, where, shown(value), masked(wrong), masked(remedy)))

    def raise_problems(self) -> None:
        """Stops reading if there are problems.

        Raises:
            ConfigError: with every problem, in line order.
        """
        if self.problems:
            raise ConfigError(tuple(sorted(self.problems, key=lambda problem: problem.line or 0)))


def dotted(path: Path) -> str:
    """Returns a path as people write it: `fleet.rings[1].select`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in path)
    return text.removeprefix(".")


def parse(text: str | bytes, source: str) -> Document:
    """Reads a YAML document that is a mapping.

    Raises:
        ConfigError: it is not UTF-8, too large, empty, not YAML, or not a mapping, or it contains a duplicate key, an alias or a tag.
    """
    document = Document(source, _decoded(text, source))
    root = _composed(document)
    document.raise_problems()
    value = None if root is None else _value(document, root, ())
    if root is None or value is None:
        document.refuse_line(1, "", "", "the file is empty", "begin with fleet:")
    elif not isinstance(value, dict):
        document.refuse_line(1, "", value, "this is not a mapping of keys to values", "begin with fleet:")
    else:
        document.root = value
    document.raise_problems()
    return document


def _decoded(text: str | bytes, source: str) -> str:
    # A lone surrogate cannot be encoded, so it is not UTF-8 either.
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    document = Document(source, "")
    if len(raw) > _MAX_BYTES:
        document.refuse_line(
            None, "", f"{len(raw)} bytes", "the file is larger than 256 kB", "keep only the configuration in it"
        )
        document.raise_problems()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        document.refuse_line(
            line, "", repr(raw[error.start : error.end]), "this is not UTF-8", "save the file as UTF-8"
        )
        document.raise_problems()
        raise


def _composed(document: Document) -> "Node | None":
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if not _acceptable(document, YAML(typ="safe", pure=True)):
            return None
        root: Node | None = YAML(typ="safe", pure=True).compose(document.text)
    except YAMLError as error:
        line, wrong = _syntax(error)
        document.refuse_line(line, "", "", wrong, "fix the YAML: indentation, quotes, brackets")
        return None
    except ValueError as error:
        # ruamel does not check escapes such as \UFFFFFFFF.
        document.refuse_line(None, "", "", f"this is not YAML: {error}", "fix the YAML")
        return None
    return root


def _acceptable(document: Document, yaml: "YAML") -> bool:
    """Whether the document can be composed without following an alias or recursing without end."""
    depth = 0
    for event in yaml.parse(document.text):
        kind = type(event).__name__
        depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        if kind == "AliasEvent":
            line = event.start_mark.line + 1
            document.refuse_line(line, "", f"*{event.anchor}", "aliases are not supported", "write out the value")
            return False
        if depth > _MAX_DEPTH:
            line = event.start_mark.line + 1
            document.refuse_line(line, "", "", "this is nested too deeply", "close the brackets before it")
            return False
    return True


def _syntax(error: "YAMLError") -> tuple[int | None, str]:
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    if isinstance(error, ReaderError):
        return None, f"a character that YAML does not allow: {shown(str(error.character))}"
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return (
            None if mark is None else mark.line + 1
        ), f"this is not YAML: {shown(error.problem or error.context or '')}"
    return None, f"this is not YAML: {shown(str(error))}"


def _value(document: Document, node: "Node", path: Path) -> Value:
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

    document.lines.setdefault(path, node.start_mark.line + 1)
    match node:
        case ScalarNode():
            return _scalar(document, node, path)
        case SequenceNode(tag=tag) if tag == f"{_TAG}seq":
            values = [_value(document, item, (*path, number)) for number, item in enumerate(node.value)]
            document.is_doubtful |= any(value in values[:number] for number, value in enumerate(values))
            return values
        case MappingNode(tag=tag) if tag == f"{_TAG}map":
            return dict(_pairs(document, node, path))
        case _:
            document.refuse(path, node.tag, "tags are not supported", "write the value without it")
            return None


def _pairs(document: Document, node: "MappingNode", path: Path) -> Iterator[tuple[str, Value]]:
    from ruamel.yaml.nodes import ScalarNode

    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            document.refuse_line(line, dotted(path), "", "a key must be a word", "write the key as a word")
            continue
        name = str(key.value)
        if name in seen:
            document.refuse_line(
                line,
                dotted((*path, name)),
                name,
                f"this key is already set in line {seen[name]}",
                "keep one of the two",
            )
            continue
        seen[name] = line
        # The line of the key, even if its value starts on the next line.
        document.lines[(*path, name)] = line
        yield name, _value(document, value, (*path, name))


def _scalar(document: Document, node: "ScalarNode", path: Path) -> Value:
    text = str(node.value)
    match str(node.tag).removeprefix(_TAG):
        case "str" | "timestamp" | "value":
            return text
        case "null":
            document.is_doubtful = True
            return None
        case "bool" if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        case "int":
            return _number(text)
        case "float":
            return _number(text)
        case _:
            document.refuse(
                path, text, f"the tag {shown(str(node.tag))} is not supported", "write the value without it"
            )
            return None


def _number(text: str) -> Value:
    """Reads a decimal number. Any other notation remains text, so that the schema rejects it."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
