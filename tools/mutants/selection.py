"""Which tests may notice a mutant: those that executed its statement, the fastest first."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tools.mutants.mutation import Mutant

# Tests that take longer than this, and tests beyond this sum, do not run. A mutant that only they would notice survives.
SLOW_S = 2.0
BUDGET_S = 10.0


@dataclass(frozen=True)
class TestRun:
    """One test without a mutant: how long it took, and the numbers of the lines and functions that it executed.

    `digest` is that of the test's file, so that only the tests of changed files are recorded again.
    """

    __test__ = False

    name: str
    digest: str
    seconds: float
    lines: frozenset[int]
    functions: frozenset[int]


@dataclass(frozen=True)
class FunctionNames:
    """The names that a function uses, with its own name and that of its class. `place` identifies it: file, line and name."""

    place: str
    names: frozenset[str]


@dataclass(frozen=True)
class Recording:
    """What every test executed. Lines are written as `file:line`. `digest` is that of the code and of the tests' helpers."""

    digest: str
    lines: Sequence[str]
    functions: Sequence[FunctionNames]
    tests: Sequence[TestRun]

    @cached_property
    def _tests_by_line(self) -> Mapping[str, list[TestRun]]:
        found: dict[str, list[TestRun]] = {}
        for test in self.tests:
            for number in test.lines:
                found.setdefault(self.lines[number], []).append(test)
        return found

    def tests_of(self, mutant: Mutant, function_lines: range) -> list[TestRun]:
        """Returns the tests to run for a mutant, the fastest first, up to the budget."""
        if mutant.on_import:
            using = frozenset(n for n, each in enumerate(self.functions) if each.names & mutant.names)
            found = [test for test in self.tests if test.functions & using]
        else:
            found = self._executing(mutant.path, mutant.lines) or self._executing(mutant.path, function_lines)
        return _within_budget(found)

    def _executing(self, path: str, lines: range) -> list[TestRun]:
        found = {test.name: test for line in lines for test in self._tests_by_line.get(f"{path}:{line}", ())}
        return list(found.values())


def _within_budget(tests: Iterable[TestRun]) -> list[TestRun]:
    chosen = []
    total = 0.0
    for test in sorted(tests, key=lambda each: (each.seconds, each.name)):
        total += test.seconds
        if total > BUDGET_S or test.seconds > SLOW_S:
            break
        chosen.append(test)
    return chosen


def file_of(test: str) -> str:
    """Returns the file of a test's id."""
    return test.partition("::")[0]


class Digests:
    """Digests of files, each read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, str] = {}

    def of(self, path: str) -> str:
        """Returns the digest of a file; empty if it does not exist."""
        if path not in self._known:
            file = self._root / path
            self._known[path] = hashlib.sha256(file.read_bytes()).hexdigest()[:16] if file.is_file() else ""
        return self._known[path]

    def of_all(self, paths: Iterable[str]) -> str:
        """Returns one digest of several files."""
        text = "\n".join(f"{path} {self.of(path)}" for path in sorted(set(paths)))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def of_tree(self, patterns: Iterable[str]) -> str:
        """Returns one digest of every file that matches."""
        return self.of_all(
            path.relative_to(self._root).as_posix() for pattern in patterns for path in self._root.glob(pattern)
        )
