"""Problems in a configuration, and how to fix them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ops.model.calendar import host_of
from ops.settings.chat_sections import secret_pattern

_SHOWN = 60
_ADDRESS = re.compile(r"\w+://\S*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    `line` counts from 1, None if the problem does not belong to a line; `where` is the path of the key; `value` is the
    written value, shortened and without secrets.
    """

    file: str
    line: int | None
    where: str
    value: str
    wrong: str
    remedy: str


class ConfigError(Exception):
    """A configuration that is refused, with all its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(render_problems(problems))
        self.problems = problems


def render_problems(problems: Iterable[Problem]) -> str:
    """Returns one line per problem, as `file:line: where: value: what is wrong; what to do`."""
    return "\n".join(_line(problem) for problem in problems)


def shown(value: object) -> str:
    """Returns a value for a message: on one line, short, secrets masked."""
    text = value if isinstance(value, str) else plain(value)
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in masked(text))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def masked(text: str) -> str:
    """Returns a text with its secrets masked."""
    return secret_pattern().sub(lambda found: found.group()[:4] + "…", text)


def without_addresses(value: object) -> str:
    """Reduces each address in a value to its host: everyone who knows the address of a private calendar can read it."""
    text = value if isinstance(value, str) else plain(value)
    return _ADDRESS.sub(lambda found: host_of(found.group()), text)


def plain(value: object) -> str:
    """Returns a value as YAML on one line."""
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "nothing"
        case list():
            return f"[{', '.join(plain(item) for item in value)}]"
        case dict():
            return "{" + ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)


def _line(problem: Problem) -> str:
    place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    parts = [part for part in (place, problem.where, problem.value) if part]
    return f"{': '.join(parts)}: {problem.wrong}; {problem.remedy}"
