"""Which tests may notice a mutant: those that executed its statement, the most specific first."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from tools.mutants.mutation import Mutant

# A slower test does not run. Of the others, all run that import the mutated module or its package, up to a number, and some of the rest. A
# mutant that only the remaining tests would notice survives. The choice does not depend on how busy the machine is.
SLOW_S = 5.0
OWN_TESTS = 200
OTHER_TESTS = 60
# Each of these mutants imports the files of its tests again.
OTHER_TESTS_ON_IMPORT = 20


# Whether a test's file imports a module.
type Imports = Callable[[str, str], bool]


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

    @property
    def extent(self) -> int:
        """How many functions the test executes: the fewer, the more it is about each of them."""
        return len(self.functions)


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

    def tests_of(self, mutant: Mutant, function_lines: range, imports: Imports) -> list[TestRun]:
        """Returns the tests to run for a mutant, the most specific first."""
        module = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if mutant.on_import:
            # A test can also read a constant without a function that names it.
            using = frozenset(n for n, each in enumerate(self.functions) if each.names & mutant.names)
            found = [test for test in self.tests if test.functions & using or imports(file_of(test.name), module)]
        else:
            found = self._executing(mutant.path, mutant.lines) or self._executing(mutant.path, function_lines)
        fast = sorted((test for test in found if test.seconds <= SLOW_S), key=lambda test: (test.extent, test.name))
        names = (module, module.rpartition(".")[0])
        is_own = {file: any(imports(file, name) for name in names) for file in {file_of(test.name) for test in fast}}
        own = [test for test in fast if is_own[file_of(test.name)]]
        others = [test for test in fast if not is_own[file_of(test.name)]]
        number = OTHER_TESTS_ON_IMPORT if mutant.on_import else OTHER_TESTS
        return [*own[:OWN_TESTS], *_by_turns(others)[:number]]

    def _executing(self, path: str, lines: range) -> list[TestRun]:
        found = {test.name: test for line in lines for test in self._tests_by_line.get(f"{path}:{line}", ())}
        return list(found.values())


def _by_turns(tests: Sequence[TestRun]) -> list[TestRun]:
    """Returns the first test of each file, then the second of each, and so on: tests of one file tend to notice the same."""
    turns: Counter[str] = Counter()
    numbered = []
    for position, test in enumerate(tests):
        turns[file_of(test.name)] += 1
        numbered.append((turns[file_of(test.name)], position, test))
    return [test for _, _, test in sorted(numbered, key=lambda each: each[:2])]


def file_of(test: str) -> str:
    """Returns the file of a test's id."""
    return test.partition("::")[0]


def imports_in(root: Path) -> Imports:
    """Returns the question whether a file under a root imports a module."""

    @cache
    def modules(path: str) -> frozenset[str]:
        text = (root / path).read_text(encoding="utf-8")
        return frozenset(re.findall(r"^(?:from|import) ([\w.]+)", text, re.MULTILINE))

    return lambda path, module: module in modules(path)


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
