"""Each mutant runs in a process of its own, whose end is its verdict."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tools.mutants.children import Task, limit_cpu_of_test, run_all
from tools.mutants.mutation import Mutant, mutants_in
from tools.mutants.source import Source
from tools.mutants.verdict import Outcome, Verdict

(MUTANT,) = mutants_in(Source("def f(a):\n    a()\n", Path("a.py")))


def never_ends() -> str:
    limit_cpu_of_test(0.1)
    while True:
        pass


def sleeps() -> str:
    time.sleep(60)
    return ""


def breaks() -> str:
    raise ValueError("no code")


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (lambda: "", Verdict(Outcome.SURVIVED)),
        (lambda: "tests/test_a.py::test_a", Verdict(Outcome.KILLED, "tests/test_a.py::test_a")),
        (never_ends, Verdict(Outcome.TIMEOUT)),
        (sleeps, Verdict(Outcome.TIMEOUT)),
        (breaks, Verdict(Outcome.ERROR, "ValueError: no code")),
    ],
    ids=["passes", "fails", "never ends", "sleeps", "breaks"],
)
def test_the_end_of_a_process_is_the_verdict(run: Callable[[], str], expected: Verdict, tmp_path: Path) -> None:
    found: list[tuple[Mutant, Verdict]] = []
    run_all([Task(MUTANT, run, 1.0)], 1, tmp_path, lambda mutant, verdict: found.append((mutant, verdict)))
    assert found == [(MUTANT, expected)]


def test_several_processes_run_at_a_time_and_leave_no_files(tmp_path: Path) -> None:
    found: list[str] = []
    tasks = [Task(MUTANT, partial(str, number), 10.0) for number in range(5)]
    run_all(tasks, 2, tmp_path, lambda _, verdict: found.append(verdict.by))
    assert sorted(found) == ["0", "1", "2", "3", "4"]
    assert list(tmp_path.iterdir()) == []
