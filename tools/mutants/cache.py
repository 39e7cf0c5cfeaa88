"""The verdicts of earlier runs, and the recording of what each test executes. A run that is interrupted continues from them."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.mutants.mutation import Mutant
from tools.mutants.selection import Digests, FunctionNames, Recording, TestRun, file_of
from tools.mutants.verdict import Outcome, Verdict

# What tests share: every change of it may change what a test notices.
HELPERS = ("tests/*.py", "tests/fakes/*.py", "tests/**/conftest.py")


@dataclass(frozen=True)
class _Entry:
    digest: str
    tests: str
    outcome: str
    by: str


class Cache:
    """Verdicts by mutant. One is used again while the function's source and the tests' sources are the same.

    A kill depends on the file of the test that failed. A survival depends on the files of all tests that ran, on the helpers
    of tests, and on this tool.
    """

    def __init__(self, file: Path, root: Path) -> None:
        self._file = file
        self._digests = Digests(root)
        self._helpers = self._digests.of_tree((*HELPERS, "tools/mutants/*.py"))
        self._entries: dict[str, _Entry] = {}
        if file.is_file():
            stored = json.loads(file.read_text(encoding="utf-8"))
            self._entries = {key: _Entry(**entry) for key, entry in stored.items()}

    def verdict_of(self, mutant: Mutant, tests: Iterable[str]) -> Verdict | None:
        """Returns the verdict of an earlier run if it is still valid. `tests` are those that would run now."""
        entry = self._entries.get(mutant.key)
        if entry is None or entry.digest != mutant.digest or entry.outcome == Outcome.ERROR:
            return None
        verdict = Verdict(Outcome(entry.outcome), entry.by)
        return verdict if entry.tests == self._tests_digest(verdict, tests) else None

    def last_killer(self, mutant: Mutant) -> str:
        """Returns the test that noticed the mutant last time; empty if none did. It is likely to notice it again."""
        entry = self._entries.get(mutant.key)
        return entry.by if entry is not None else ""

    def latest(self, mutants: Iterable[Mutant]) -> dict[str, Verdict]:
        """Returns the stored verdicts of the mutants, by key."""
        found = {each.key: self._entries[each.key] for each in mutants if each.key in self._entries}
        return {key: Verdict(Outcome(entry.outcome), entry.by) for key, entry in found.items()}

    def record(self, mutant: Mutant, tests: Iterable[str], verdict: Verdict) -> None:
        """Stores a verdict."""
        digest = self._tests_digest(verdict, tests)
        self._entries[mutant.key] = _Entry(mutant.digest, digest, verdict.outcome, verdict.by)

    def save(self) -> None:
        """Writes the file."""
        write(self._file, json.dumps({key: asdict(entry) for key, entry in self._entries.items()}, indent=0))

    def _tests_digest(self, verdict: Verdict, tests: Iterable[str]) -> str:
        if verdict.outcome is Outcome.KILLED and "::" in verdict.by:
            return self._digests.of(file_of(verdict.by))
        return self._helpers + self._digests.of_all(file_of(test) for test in tests)


def write(file: Path, text: str) -> None:
    """Replaces a file, so that an interruption leaves the old or the new text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)  # noqa: PTH105  # one word for the same call


def save_recording(file: Path, recording: Recording) -> None:
    """Stores what the tests execute."""
    stored = {
        "digest": recording.digest,
        "lines": list(recording.lines),
        "functions": [[each.place, sorted(each.names)] for each in recording.functions],
        "tests": [
            [test.name, test.digest, test.seconds, sorted(test.lines), sorted(test.functions)]
            for test in recording.tests
        ],
    }
    write(file, json.dumps(stored))


def load_recording(file: Path, digest: str) -> Recording:
    """Returns what the stored recording has of the same code and helpers of tests; without it, an empty recording."""
    if not file.is_file():
        return Recording(digest, [], [], [])
    stored = json.loads(file.read_text(encoding="utf-8"))
    if stored["digest"] != digest:
        return Recording(digest, [], [], [])
    return Recording(
        digest,
        stored["lines"],
        [FunctionNames(place, frozenset(names)) for place, names in stored["functions"]],
        [
            TestRun(name, of_file, seconds, frozenset(lines), frozenset(functions))
            for name, of_file, seconds, lines, functions in stored["tests"]
        ],
    )
