"""Runs each mutant in a process of its own, several at a time."""

import os
import resource
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.mutants.mutation import Mutant
from tools.mutants.verdict import Outcome, Verdict

_MEMORY_BYTES = 6 * 2**30


@dataclass(frozen=True)
class Task:
    """What a process does for a mutant: it returns the test that fails, or an empty string."""

    mutant: Mutant
    run: Callable[[], str]
    within_s: float


@dataclass
class _Child:
    task: Task
    pid: int
    handle: int
    folder: Path
    deadline: float


def run_all(tasks: Iterable[Task], jobs: int, folder: Path, report: Callable[[Mutant, Verdict], None]) -> None:
    """Runs tasks in forked processes and reports each verdict."""
    waiting = iter(tasks)
    children: dict[int, _Child] = {}
    slots = list(range(jobs))
    more = True
    while more or children:
        while more and slots:
            task = next(waiting, None)
            if task is None:
                more = False
                break
            child = _start(task, folder / f"slot-{slots.pop()}")
            children[child.handle] = child
        for child in _ended(children):
            del children[child.handle]
            slots.append(int(child.folder.name.rpartition("-")[2]))
            report(child.task.mutant, _verdict(child))
            os.close(child.handle)
            shutil.rmtree(child.folder, ignore_errors=True)


def limit_cpu_of_test(seconds: float) -> None:
    """Ends this process if it uses more processor time than this from now on. Zero removes the limit."""
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


def _start(task: Task, folder: Path) -> _Child:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pid = os.fork()
    if not pid:
        _execute(task, folder)
    return _Child(task, pid, os.pidfd_open(pid), folder, time.monotonic() + task.within_s)


def _execute(task: Task, folder: Path) -> None:
    """Runs a task and ends the process. Nothing of it may return into the parent's code."""
    code = 3
    try:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(folder)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        by = task.run()
        (folder / "by").write_text(by, encoding="utf-8")
        code = 1 if by else 0
    except BaseException as error:  # noqa: BLE001  # a fork must not run the parent's handlers
        (folder / "error").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
    finally:
        os._exit(code)


def _ended(children: dict[int, _Child]) -> list[_Child]:
    poll = select.poll()
    for handle in children:
        poll.register(handle, select.POLLIN)
    ready = {handle for handle, _ in poll.poll(500)}
    now = time.monotonic()
    for child in children.values():
        if child.handle not in ready and now > child.deadline:
            os.kill(child.pid, signal.SIGKILL)
    return [child for child in children.values() if child.handle in ready]


def _verdict(child: _Child) -> Verdict:
    _, status = os.waitpid(child.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code in (-signal.SIGVTALRM, -signal.SIGKILL, -signal.SIGXCPU):
        return Verdict(Outcome.TIMEOUT)
    match code:
        case 0:
            return Verdict(Outcome.SURVIVED)
        case 1:
            return Verdict(Outcome.KILLED, (child.folder / "by").read_text(encoding="utf-8"))
        case 3:
            return Verdict(Outcome.ERROR, (child.folder / "error").read_text(encoding="utf-8"))
        case _:
            return Verdict(Outcome.KILLED, f"the process ended with {code}")


def flush() -> None:
    """Writes what is buffered, so that a fork does not write it again."""
    sys.stdout.flush()
    sys.stderr.flush()
