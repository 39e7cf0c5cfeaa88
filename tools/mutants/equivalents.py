"""The mutants that are known to change nothing: read from a file, each with its reason."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


class EquivalentsError(ValueError):
    """The file of equivalent mutants cannot be read."""


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no test can notice. `change` has the removed lines and the added lines, as the report prints them."""

    module: str
    function: str
    change: str
    reason: str

    @property
    def key(self) -> str:
        """The key of the mutant."""
        return f"{self.module}::{self.function}\n{self.change}"


def read_equivalents(file: Path) -> list[Equivalent]:
    """Reads the file.

    Raises:
        EquivalentsError: an entry is not complete.
    """
    if not file.is_file():
        return []
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get("equivalent", [])
    return [_equivalent(entry, f"{file.name}, entry {number}") for number, entry in enumerate(entries, 1)]


def _equivalent(entry: dict[str, object], where: str) -> Equivalent:
    fields = ("module", "function", "change", "reason")
    if set(entry) != set(fields) or not all(isinstance(each, str) and each.strip() for each in entry.values()):
        raise EquivalentsError(f"{where}: an entry has exactly the texts {', '.join(fields)}, none of them empty")
    module, function, change, reason = (str(entry[field]).strip() for field in fields)
    return Equivalent(module, function, "\n".join(line.strip() for line in change.splitlines()), reason)
