"""Runs a scenario once without a kill, then once per activity boundary and effect with a kill at that point.

The process has a single thread so that it can fork.
`python -m tests.crash.crash_runner RUNBOOK SCENARIO FOLDER [--every N] [--only TEXT] [--twice SEED]` writes FOLDER/report.json.
"""

import argparse
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from signal import SIGKILL

from tests.crash.kill_points import EFFECTS
from tests.crash.outcome import Outcome, days_of, outcome
from tests.crash.processes import begin_world, fork, preload, run_bot
from tests.crash.scenario import Scenario, find_scenario

AT_ONCE = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class CrashRun:
    """One execution of the scenario. Each process except the last is killed at a given point. The last runs to the end."""

    number: int
    kills: tuple[str, ...] = ()

    def folder(self, base: Path) -> Path:
        """The folder for all the files of the execution."""
        return base / f"run-{self.number}"


def execute(scenario: Scenario, crash_run: CrashRun, base: Path) -> None:
    """Execute the scenario, then write `outcome.json`, or `problem.txt` with the reason why the execution did not reach the end."""
    folder = crash_run.folder(base)
    folder.mkdir(parents=True)
    world = begin_world(scenario, folder, crash_run.kills)
    try:
        for number, kill_at in enumerate((*crash_run.kills, "")):
            ended = run_bot(scenario, world, folder, number, kill_at)
            if ended != (-SIGKILL if kill_at else 0):
                log = (folder / f"bot-{number}.log").read_text()[-2_000:]
                (folder / "problem.txt").write_text(
                    f"process {number} ended with {ended}, to be killed at {kill_at!r}:\n{log}"
                )
                return
        found = outcome(world.environment, folder, days_of(scenario.fleet.start, scenario.end))
        (folder / "outcome.json").write_text(json.dumps(asdict(found)))
    finally:
        world.end()


def execute_all(scenario: Scenario, crash_runs: list[CrashRun], base: Path) -> None:
    """Perform all the executions, as many in parallel as there are processors.

    Raises:
        RuntimeError: the process has more than one thread.
    """
    if threading.active_count() != 1:
        raise RuntimeError(f"forking with {threading.enumerate()}: a child has only one of these threads")
    running: set[int] = set()
    for crash_run in crash_runs:
        if len(running) >= AT_ONCE:
            running.discard(os.wait()[0])
        base.mkdir(parents=True, exist_ok=True)
        running.add(fork(base / f"run-{crash_run.number}.log", lambda t=crash_run: execute(scenario, t, base)))  # type: ignore[misc]  # bound now
    while running:
        running.discard(os.wait()[0])


def read(crash_run: CrashRun, base: Path) -> Outcome | str:
    """The outcome, or the reason why the execution did not reach the end."""
    folder = crash_run.folder(base)
    if (folder / "outcome.json").exists():
        return Outcome(**json.loads((folder / "outcome.json").read_text()))
    problem = folder / "problem.txt"
    return problem.read_text() if problem.exists() else (base / f"{folder.name}.log").read_text()


def report(runbook: str, name: str, base: Path, every: int, only: str, twice: int | None) -> dict[str, object]:
    """Run the scenario without a kill, then with a kill at each boundary. Return the differences at each boundary."""
    scenario = find_scenario(runbook, name)
    plain = CrashRun(0)
    execute_all(scenario, [plain], base)
    expected = read(plain, base)
    if isinstance(expected, str):
        return {"boundaries": 0, "problems": {"undisturbed": [expected]}, "undisturbed": None}
    preload(plain.folder(base))
    boundaries = (plain.folder(base) / "boundaries-0.txt").read_text().splitlines()
    effects = (plain.folder(base) / EFFECTS).read_text().splitlines()
    if twice is None:
        boundaries += effects
    chosen = [boundary for boundary in boundaries if only in boundary][::every]
    crash_runs = list(_crash_runs(chosen, twice))
    execute_all(scenario, crash_runs, base)
    problems: dict[str, list[str]] = {}
    for crash_run in crash_runs:
        found = read(crash_run, base)
        differences = [found] if isinstance(found, str) else _differences(scenario, crash_run, expected, found)
        if differences:
            problems[" then ".join(crash_run.kills)] = differences
        else:
            shutil.rmtree(crash_run.folder(base))
    return {
        "boundaries": len(boundaries),
        "runs": len(crash_runs),
        "problems": problems,
        "undisturbed": asdict(expected),
    }


def _differences(scenario: Scenario, crash_run: CrashRun, expected: Outcome, found: Outcome) -> list[str]:
    if any(effect in kill for effect in scenario.unknowable for kill in crash_run.kills):
        return expected.without_causes().differences(found.without_causes())
    return expected.differences(found)


def _crash_runs(chosen: list[str], twice: int | None) -> Iterator[CrashRun]:
    """Kill the bot once at each boundary. With a seed, the second process is also killed, before or after its first activity.

    That is the activity during which the first process was killed: its result was not recorded, so it runs again.
    """
    draw = Random(twice)  # noqa: S311 - chooses a boundary; not a secret
    for number, boundary in enumerate(chosen, start=1):
        if twice is None:
            yield CrashRun(number, (boundary,))
        else:
            activity = boundary.partition(" ")[2].rsplit(" #", 1)[0]
            yield CrashRun(number, (boundary, f"{draw.choice(('before', 'after'))} {activity} #1"))


def main(arguments: list[str]) -> int:
    """Run the command. The exit code is 0 only if all executions had the same outcome."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.crash_runner", description=__doc__)
    parser.add_argument("runbook")
    parser.add_argument("scenario")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="kill at every Nth boundary")
    parser.add_argument("--only", default="", help="kill only at boundaries whose name contains this text")
    parser.add_argument("--twice", type=int, help="also kill the second process; the seed selects where")
    options = parser.parse_args(arguments)
    found = report(options.runbook, options.scenario, options.folder, options.every, options.only, options.twice)
    (options.folder / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False))
    return 1 if found["problems"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
