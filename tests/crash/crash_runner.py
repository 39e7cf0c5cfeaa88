"""Tells a scenario once undisturbed and then once for each boundary of an activity and each effect, killed there.

A process of one thread, which forks.

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
from tests.crash.processes import begin_world, fork, live, preload
from tests.crash.scenario import Scenario, scenario

AT_ONCE = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Telling:
    """One way through the story: where its lives end before the last one goes on to the end."""

    number: int
    kills: tuple[str, ...] = ()

    def folder(self, base: Path) -> Path:
        """Where it keeps everything."""
        return base / f"telling-{self.number}"


def tell(story: Scenario, telling: Telling, base: Path) -> None:
    """Live it all, and leave `outcome.json`, or `problem.txt` with what kept it from its end."""
    folder = telling.folder(base)
    folder.mkdir(parents=True)
    world = begin_world(story, folder, telling.kills)
    try:
        for number, kill_at in enumerate((*telling.kills, "")):
            ended = live(story, world, folder, number, kill_at)
            if ended != (-SIGKILL if kill_at else 0):
                log = (folder / f"bot-{number}.log").read_text()[-2_000:]
                (folder / "problem.txt").write_text(f"life {number} ended with {ended}, killed at {kill_at!r}:\n{log}")
                return
        found = outcome(world.environment, folder, days_of(story.fleet.start, story.end))
        (folder / "outcome.json").write_text(json.dumps(asdict(found)))
    finally:
        world.end()


def tell_all(story: Scenario, tellings: list[Telling], base: Path) -> None:
    """All of them, as many at once as there are processors."""
    if threading.active_count() != 1:
        raise RuntimeError(f"forking with {threading.enumerate()}: a child would miss all but one of these threads")
    running: set[int] = set()
    for telling in tellings:
        if len(running) >= AT_ONCE:
            running.discard(os.wait()[0])
        base.mkdir(parents=True, exist_ok=True)
        running.add(fork(base / f"telling-{telling.number}.log", lambda t=telling: tell(story, t, base)))  # type: ignore[misc]  # bound now
    while running:
        running.discard(os.wait()[0])


def read(telling: Telling, base: Path) -> Outcome | str:
    """What came of it, or what kept it from its end."""
    folder = telling.folder(base)
    if (folder / "outcome.json").exists():
        return Outcome(**json.loads((folder / "outcome.json").read_text()))
    problem = folder / "problem.txt"
    return problem.read_text() if problem.exists() else (base / f"{folder.name}.log").read_text()


def report(runbook: str, name: str, base: Path, every: int, only: str, twice: int | None) -> dict[str, object]:
    """Tell it undisturbed, then at each boundary; what differed, by the boundary."""
    story = scenario(runbook, name)
    plain = Telling(0)
    tell_all(story, [plain], base)
    expected = read(plain, base)
    if isinstance(expected, str):
        return {"boundaries": 0, "problems": {"undisturbed": [expected]}, "undisturbed": None}
    preload(plain.folder(base))
    boundaries = (plain.folder(base) / "boundaries-0.txt").read_text().splitlines()
    effects = (plain.folder(base) / EFFECTS).read_text().splitlines()
    if twice is None:
        boundaries += effects
    chosen = [boundary for boundary in boundaries if only in boundary][::every]
    tellings = list(_tellings(chosen, twice))
    tell_all(story, tellings, base)
    problems: dict[str, list[str]] = {}
    for telling in tellings:
        found = read(telling, base)
        differences = [found] if isinstance(found, str) else _differences(story, telling, expected, found)
        if differences:
            problems[" then ".join(telling.kills)] = differences
        else:
            shutil.rmtree(telling.folder(base))
    return {"boundaries": len(boundaries), "told": len(tellings), "problems": problems, "undisturbed": asdict(expected)}


def _differences(story: Scenario, telling: Telling, expected: Outcome, found: Outcome) -> list[str]:
    if any(effect in kill for effect in story.unknowable for kill in telling.kills):
        return expected.without_causes().differences(found.without_causes())
    return expected.differences(found)


def _tellings(chosen: list[str], twice: int | None) -> Iterator[Telling]:
    """Each boundary once; or, with a seed, each followed by the death of the second life before or after what it does first.

    That is the activity in which the first life died: it was not recorded, so it is done again.
    """
    draw = Random(twice)  # noqa: S311 - which boundary, no secret
    for number, boundary in enumerate(chosen, start=1):
        if twice is None:
            yield Telling(number, (boundary,))
        else:
            activity = boundary.partition(" ")[2].rsplit(" #", 1)[0]
            yield Telling(number, (boundary, f"{draw.choice(('before', 'after'))} {activity} #1"))


def main(arguments: list[str]) -> int:
    """Run the command; the exit code says whether every telling came out alike."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.crash_runner", description=__doc__)
    parser.add_argument("runbook")
    parser.add_argument("scenario")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="kill at each so-manieth boundary")
    parser.add_argument("--only", default="", help="kill only where its name holds this text")
    parser.add_argument("--twice", type=int, help="kill the second life too; the seed of where")
    asked = parser.parse_args(arguments)
    found = report(asked.runbook, asked.scenario, asked.folder, asked.every, asked.only, asked.twice)
    (asked.folder / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False))
    return 1 if found["problems"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
