"""A source file in which nodes of its syntax tree can be replaced by text."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True, order=True)
class Edit:
    """Replaces the bytes from `start` to `end`."""

    start: int
    end: int
    text: str


class Source:
    """The text of a file, and the places of its nodes. Columns of the syntax tree count bytes, so the text is bytes."""

    def __init__(self, text: str, path: Path = Path("module.py")) -> None:
        self.path = path
        self.text = text
        self.data = text.encode()

    @classmethod
    def of(cls, path: Path) -> "Source":
        """Reads a file."""
        return cls(path.read_text(encoding="utf-8"), path)

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for line in self.data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def start(self, node: "ast.expr | ast.stmt | ast.pattern | ast.keyword") -> int:
        """Returns the position of a node's first byte."""
        return self._line_starts[node.lineno - 1] + node.col_offset

    def end(self, node: "ast.expr | ast.stmt | ast.pattern | ast.keyword") -> int:
        """Returns the position after a node's last byte."""
        return self._line_starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def segment(self, start: int, end: int) -> str:
        """Returns the text between two positions."""
        return self.data[start:end].decode()

    def of_node(self, node: "ast.expr | ast.stmt") -> str:
        """Returns the text of a node."""
        return self.segment(self.start(node), self.end(node))

    def replace(self, node: "ast.expr | ast.stmt", text: str) -> Edit:
        """Returns the edit that replaces a node."""
        return Edit(self.start(node), self.end(node), text)

    def without(self, position: int, elements: "Sequence[ast.expr]") -> Edit:
        """Returns the edit that removes one of several elements that are separated by commas. A tuple remains a tuple."""
        if len(elements) == 2:  # noqa: PLR2004  # the one that remains needs its comma
            remaining = elements[1 - position]
            end = self.end(elements[1])
            comma = "" if self.segment(end, end + 1) == "," else ","
            return Edit(self.start(elements[0]), end, f"{self.of_node(remaining)}{comma}")
        if position + 1 < len(elements):
            return Edit(self.start(elements[position]), self.start(elements[position + 1]), "")
        return Edit(self.end(elements[position - 1]), self.end(elements[position]), "")

    def edited(self, edits: Sequence[Edit]) -> str:
        """Returns the text of the file after some edits that do not overlap."""
        data = self.data
        for edit in sorted(edits, reverse=True):
            data = data[: edit.start] + edit.text.encode() + data[edit.end :]
        return data.decode()
