"""What a run is to do, where it keeps its files, and how far it is."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.mutants.cache import Cache
from tools.mutants.children import Task, run_all
from tools.mutants.mutation import Mutant
from tools.mutants.verdict import Outcome, Verdict

_STORE_EVERY_S = 10
_LIKELY = 20

# A mutant, and the seconds that each of its tests takes, the fastest first.
type Due = tuple[Mutant, Mapping[str, float]]


@dataclass(frozen=True)
class Job:
    """What a run is to do, and where it keeps its files."""

    root: Path
    folder: Path
    mutants: Sequence[Mutant]
    digest: str
    jobs: int
    recorded_paths: frozenset[str]

    @property
    def recording(self) -> Path:
        """The file of what the tests execute."""
        return self.folder / "recording.json"

    @property
    def later(self) -> Path:
        """The file of the tests of the mutants that take effect on import."""
        return self.folder / "on-import.json"

    def temporary(self) -> Path:
        """Returns the folder for what the tests write, and creates it."""
        folder = self.folder / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def cache(self) -> Cache:
        """Returns the verdicts so far."""
        return Cache(self.folder / "verdicts.json", self.root)


def run_and_store(job: Job, what: str, due: Sequence[Due], task_of: Callable[[Due], Task]) -> None:
    """Runs mutants and stores their verdicts every few seconds, so that an interrupted run continues from there."""
    print(f"{len(due)} mutants {what} to run", flush=True)
    cache = job.cache()
    tests = {mutant.key: names for mutant, names in due}
    counted = Counter[Outcome]()
    noticed_by: dict[str, dict[str, None]] = {}
    at = time.monotonic()

    def next_task(each: Due) -> Task:
        mutant, names = each
        # What noticed it last time, or has noticed another mutant of the function or the file, is likely to notice it.
        likely = [cache.last_killer(mutant), *noticed_by.get(mutant.place, ()), *noticed_by.get(mutant.path, ())]
        return task_of((mutant, with_first(likely[:_LIKELY], names)))

    def store(mutant: Mutant, verdict: Verdict) -> None:
        nonlocal at
        cache.record(mutant, tests[mutant.key], verdict)
        for place in (mutant.place, mutant.path):
            noticed_by[place] = {verdict.by: None, **noticed_by.get(place, {})}
        counted[verdict.outcome] += 1
        if time.monotonic() - at > _STORE_EVERY_S:
            at = time.monotonic()
            cache.save()
            print(f"  {counted.total()} of {len(due)}, {counted[Outcome.SURVIVED]} survived", flush=True)

    try:
        run_all(map(next_task, due), job.jobs, job.temporary(), store)
    finally:
        cache.save()


def with_first(names: Sequence[str], tests: Mapping[str, float]) -> Mapping[str, float]:
    """Returns the tests with these first, as far as they are among them."""
    return {name: tests[name] for name in (*names, *tests) if name in tests}
