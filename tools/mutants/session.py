"""One pytest session that collects the tests once, and runs every mutant inside a function in a fork of itself."""

import gc
import importlib
import os
from collections.abc import Mapping, Sequence
from functools import partial

import pytest

from tools.mutants.applying import Functions, Loaded, Place, load, module_name, nested, replace_code
from tools.mutants.children import Task, flush
from tools.mutants.job import Due, Job, run_and_store
from tools.mutants.judge import OPTIONS, Judge, settle_hypothesis
from tools.mutants.mutation import Mutant
from tools.mutants.on_import import write_later
from tools.mutants.recorder import recording_of
from tools.mutants.rooms import LAYERS
from tools.mutants.selection import Recording, imports_in


class MutantSession:
    """A plugin that replaces pytest's loop over the tests."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs the mutants instead of the tests.

        Raises:
            UsageError: the tests cannot be collected.
        """
        if session.testsfailed:
            raise pytest.UsageError("the tests cannot be collected")
        for path in sorted(self._job.recorded_paths):
            importlib.import_module(module_name(path))  # some are imported by the function that needs them
        root = self._job.root
        loaded = load(root / "ops", (root / path for path in self._job.recorded_paths))
        recording = recording_of(session, loaded, self._job)
        due = _due(self._job, recording, _lines_by_place(loaded.functions))
        write_later(self._job, [each for each in due if each[0].on_import])
        inside = [each for each in due if not each[0].on_import]
        gc.collect()
        gc.freeze()
        items = {item.nodeid: item for item in session.items}
        run_and_store(self._job, "inside functions", inside, lambda due: _task(due, items, loaded))
        return True


def run_session(job: Job) -> int:
    """Runs the mutants inside functions, in a fork, so that this process imports nothing of the project.

    Returns 0 if the session could be run.
    """
    flush()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            settle_hypothesis()
            layers = [each for each in LAYERS if (job.root / each).exists()]
            code = int(pytest.main([*OPTIONS, *layers], plugins=[MutantSession(job)]))
        finally:
            flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _due(job: Job, recording: Recording, lines: Mapping[Place, range]) -> list[Due]:
    """Returns the mutants without a valid verdict, and the tests of each."""
    cache = job.cache()
    imports = imports_in(job.root)
    found: list[Due] = []
    for mutant in job.mutants:
        place = (str(job.root / mutant.path), mutant.first_line)
        chosen = recording.tests_of(mutant, lines.get(place, range(0)), imports)
        tests = {test.name: test.seconds for test in chosen}
        if cache.verdict_of(mutant, tests) is None:
            found.append((mutant, tests))
    return found


def _task(due: Due, items: Mapping[str, pytest.Item], loaded: Loaded) -> Task:
    mutant, tests = due
    return Task(mutant, partial(_replace_and_run, mutant, tests, items, loaded), 60 + 20 * sum(tests.values()))


def _replace_and_run(
    mutant: Mutant, tests: Mapping[str, float], items: Mapping[str, pytest.Item], loaded: Loaded
) -> str:
    replace_code(mutant, loaded)
    return _first_failure([items[name] for name in tests], tests)


def _first_failure(items: Sequence[pytest.Item], seconds: Mapping[str, float]) -> str:
    if not items:
        return ""
    judge = Judge(seconds)
    items[0].config.pluginmanager.register(judge)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if judge.failed:
            return judge.failed
    return ""


def _lines_by_place(functions: Functions) -> dict[Place, range]:
    found = {}
    for place, each in functions.items():
        lines = [line for code in nested(each[0].__code__) for _, _, line in code.co_lines() if line]
        found[place] = range(place[1], max(lines, default=place[1]) + 1)
    return found
