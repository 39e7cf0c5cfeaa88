"""Records which lines each test executes, with the interpreter's own monitoring."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import CodeType

import pytest

from tools.mutants.applying import Functions, Loaded, nested
from tools.mutants.cache import load_recording, save_recording
from tools.mutants.children import flush
from tools.mutants.job import Job
from tools.mutants.judge import Judge
from tools.mutants.selection import Digests, FunctionNames, Recording, TestRun, file_of

_TOOL = sys.monitoring.COVERAGE_ID


class RecordingError(Exception):
    """A test fails without a mutant, so its failures mean nothing."""


class LineRecorder:
    """Records lines of some functions. Each line is reported once per test."""

    def __init__(self, functions: Functions) -> None:
        self._seen: set[tuple[str, int]] = set()
        self._names: dict[str, str] = {}
        sys.monitoring.use_tool_id(_TOOL, "mutants")
        sys.monitoring.register_callback(_TOOL, sys.monitoring.events.LINE, self._on_line)
        for each in _codes(functions):
            sys.monitoring.set_local_events(_TOOL, each, sys.monitoring.events.LINE)

    def _on_line(self, code: CodeType, line: int) -> object:
        self._seen.add((code.co_filename, line))
        return sys.monitoring.DISABLE

    def lines_of(self, run: Callable[[], None]) -> list[str]:
        """Runs something and returns the lines that it has executed, as `file:line`."""
        self._seen.clear()
        sys.monitoring.restart_events()
        run()
        return [f"{self._relative(file)}:{line}" for file, line in self._seen]

    def _relative(self, file: str) -> str:
        if file not in self._names:
            self._names[file] = Path(file).relative_to(Path.cwd()).as_posix()
        return self._names[file]


def _codes(functions: Functions) -> Iterable[CodeType]:
    """Returns the code objects of functions and of what is defined inside them."""
    for places in functions.values():
        for each in places:
            yield from nested(each.__code__)


def recording_of(session: pytest.Session, loaded: Loaded, job: Job) -> Recording:
    """Returns what each test executes. Only tests whose file, or all whose code has changed, are recorded again, in a fork.

    Raises:
        RecordingError: a test fails.
    """
    digests = Digests(job.root)
    stored = load_recording(job.recording, job.digest)
    kept = {test.name: test for test in stored.tests if test.digest == digests.of(file_of(test.name))}
    kept = {item.nodeid: kept[item.nodeid] for item in session.items if item.nodeid in kept}
    due = [item for item in session.items if item.nodeid not in kept]
    if due:
        print(f"recording what each of {len(due)} tests executes", flush=True)
        flush()
        pid = os.fork()
        if not pid:
            _record_and_exit(due, loaded, job, replace(stored, tests=list(kept.values())))
        _, status = os.waitpid(pid, 0)
        if status:
            raise RecordingError("the tests could not be recorded: make them pass first")
        return load_recording(job.recording, job.digest)
    return replace(stored, tests=list(kept.values()))


def _record_and_exit(items: Sequence[pytest.Item], loaded: Loaded, job: Job, kept: Recording) -> None:
    code = 1
    try:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(job.temporary())
        save_recording(job.recording, _record(items, loaded, job, kept))
        code = 0
    except RecordingError as error:
        print(error)
    finally:
        flush()
        os._exit(code)


def _record(items: Sequence[pytest.Item], loaded: Loaded, job: Job, kept: Recording) -> Recording:
    recorder = LineRecorder(loaded.functions)
    users, names = _users_of_lines(loaded.functions, job, kept)
    numbers = {line: number for number, line in enumerate(kept.lines)}
    tests = list(kept.tests)
    judge = Judge({})
    digests = Digests(job.root)
    items[0].config.pluginmanager.register(judge)
    for item, following in zip(items, [*items[1:], None], strict=True):
        loaded.forget_results()
        began = time.perf_counter()
        lines = recorder.lines_of(partial(item.config.hook.pytest_runtest_protocol, item=item, nextitem=following))
        seconds = round(time.perf_counter() - began, 4)
        if judge.failed:
            raise RecordingError(f"{judge.failed} fails without a mutant")
        changed = [each for each in lines if each.partition(":")[0] in job.recorded_paths]
        own = frozenset(numbers.setdefault(each, len(numbers)) for each in changed)
        used = frozenset(number for each in lines for number in users.get(each, ()))
        tests.append(TestRun(item.nodeid, digests.of(file_of(item.nodeid)), seconds, own, used))
    return Recording(job.digest, list(numbers), names, tests)


def _users_of_lines(functions: Functions, job: Job, kept: Recording) -> tuple[dict[str, set[int]], list[FunctionNames]]:
    """Returns the numbers of the functions that have a line, and what each function names. Known functions keep their numbers."""
    users: dict[str, set[int]] = {}
    numbers = {each.place: number for number, each in enumerate(kept.functions)}
    found = list(kept.functions)
    for code in _codes(functions):
        path = Path(code.co_filename).relative_to(job.root).as_posix()
        place = f"{path}:{code.co_firstlineno}:{code.co_qualname}"
        if place not in numbers:
            numbers[place] = len(found)
            found.append(FunctionNames(place, frozenset({*code.co_names, *code.co_qualname.split(".")})))
        for _, _, line in code.co_lines():
            users.setdefault(f"{path}:{line}", set()).add(numbers[place])
    return users, found
