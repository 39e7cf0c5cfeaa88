"""Runs the mutants that take effect on import, each in a process that imports the project with the change."""

import gc
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

import pytest

from tools.mutants.applying import MutatedImport
from tools.mutants.cache import write
from tools.mutants.children import Task, limit_cpu_of_test
from tools.mutants.job import Due, Job, run_and_store
from tools.mutants.judge import OPTIONS, Judge, settle_hypothesis
from tools.mutants.mutation import Mutant

_OWN = ("ops", "tests", "simulator", "tools", "__main__", "function_app")


def write_later(job: Job, due: Sequence[Due]) -> None:
    """Stores what is to run, and which packages can be imported beforehand because they are not the project's."""
    modules = sorted(name for name in sys.modules if name.partition(".")[0] not in _OWN)
    write(job.later, json.dumps({"tests": {mutant.key: tests for mutant, tests in due}, "modules": modules}))


def run_on_import(job: Job) -> None:
    """Runs the mutants that a session has left for later. This process must not have imported the project."""
    later = json.loads(job.later.read_text(encoding="utf-8"))
    tests: dict[str, dict[str, float]] = later["tests"]
    due = [(mutant, tests[mutant.key]) for mutant in job.mutants if mutant.key in tests]
    if due:
        settle_hypothesis()
        _import_beforehand(later["modules"])
    run_and_store(job, "that take effect on import", due, lambda each: Task(each[0], partial(_run, *each), 180))


def _import_beforehand(modules: Sequence[str]) -> None:
    for module in modules:
        # Some modules can be imported by their own package only. The fork imports them then.
        with suppress(Exception):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()


class _Chosen:
    """A plugin that keeps some of the collected tests, in their order."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Drops the other tests."""
        kept = [item for item in items if item.nodeid in self._seconds]
        order = list(self._seconds)
        items[:] = sorted(kept, key=lambda item: order.index(item.nodeid))


def _run(mutant: Mutant, seconds: Mapping[str, float]) -> str:
    if not seconds:
        return ""
    MutatedImport(mutant).install()
    judge = Judge(seconds)
    files = sorted({name.partition("::")[0] for name in seconds})
    limit_cpu_of_test(60)
    code = pytest.main(["-x", *OPTIONS, *files], plugins=[judge, _Chosen(seconds)])
    if judge.failed or code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return judge.failed
    return "the tests cannot be imported"
