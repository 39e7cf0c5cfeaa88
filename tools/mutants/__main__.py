"""`python -m tools.mutants [ROOM ...]`: runs the mutants whose code or tests have changed, and reports every room."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.mutants.cache import HELPERS
from tools.mutants.equivalents import read_equivalents
from tools.mutants.job import Job
from tools.mutants.mutation import Mutant, mutants_of
from tools.mutants.on_import import run_on_import
from tools.mutants.report import RoomResult, problems_of_list, show
from tools.mutants.rooms import ROOMS
from tools.mutants.selection import Digests
from tools.mutants.session import run_session

ROOT = Path(__file__).resolve().parents[2]
_EQUIVALENTS = ROOT / "tests/mutants/equivalents.toml"
_SOURCES = ("ops/**/*.py", "simulator/**/*.py", *HELPERS)


def main() -> int:
    """Runs what is due and prints the figures. Returns 1 if a room misses its limit or the list of equivalents is wrong."""
    arguments = _arguments()
    os.chdir(ROOT)
    rooms = [room for room in ROOMS if not arguments.room or room.name in arguments.room]
    every = {room.name: [each for file in room.files(ROOT) for each in mutants_of(file)] for room in ROOMS}
    chosen = {room.name: [each for each in every[room.name] if arguments.only in each.path] for room in rooms}
    job = _job(_flat(every), _flat(chosen), arguments.jobs)
    code = run_session(job)
    if code:
        print(f"the session of tests ended with {code}", file=sys.stderr)
        return 1
    run_on_import(job)
    listed = read_equivalents(_EQUIVALENTS)
    verdicts = job.cache().latest(job.mutants)
    results = [RoomResult.of(room, chosen[room.name], verdicts, listed) for room in rooms if chosen[room.name]]
    show(results, survivors=arguments.survivors)
    wrong = [*problems_of_list(listed, _flat(every)), *(problem for each in results for problem in each.problems)]
    for problem in wrong:
        print(problem)
    return 1 if wrong else 0


def _flat(mutants: Mapping[str, Sequence[Mutant]]) -> list[Mutant]:
    return [each for found in mutants.values() for each in found]


def _job(every: Sequence[Mutant], chosen: Sequence[Mutant], jobs: int) -> Job:
    """Returns the job for some mutants. One recording serves all of them, so it covers the files of every room."""
    paths = frozenset(each.path for each in every)
    return Job(ROOT, ROOT / "build/mutants", chosen, Digests(ROOT).of_tree(_SOURCES), jobs, paths)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("room", nargs="*", choices=[room.name for room in ROOMS], help="all rooms by default")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--survivors", action="store_true", help="print every survivor that is not listed")
    parser.add_argument("--only", default="", help="run only the mutants of files whose path contains this text")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
