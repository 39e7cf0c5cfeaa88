"""Pure: counts how each operation's runs ended, and compares the successes with the number that the oracle expects."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from ops.model.run import Run, State
from simulator.demo.tally import DENIED


@dataclass(frozen=True, slots=True)
class Operation:
    """The number of a runbook's runs by result. Runs without a result have not ended.

    `denied` counts runs that people did not approve, which the oracle is not aware of.
    """

    runbook: str
    runs: int
    succeeded: int
    skipped: int
    failed: int
    expected: int
    denied: int = 0

    @property
    def as_expected(self) -> bool:
        """Whether as many runs succeeded as the oracle expects. Denied runs can account for a difference."""
        return self.expected - self.denied <= self.succeeded <= self.expected

    def plus(self, other: "Operation") -> "Operation":
        """The sum of the counts for both periods."""
        return Operation(
            self.runbook,
            self.runs + other.runs,
            self.succeeded + other.succeeded,
            self.skipped + other.skipped,
            self.failed + other.failed,
            self.expected + other.expected,
            self.denied + other.denied,
        )

    def document(self) -> dict[str, int]:
        """The counts as JSON."""
        return {
            "runs": self.runs,
            "succeeded": self.succeeded,
            "skipped": self.skipped,
            "failed": self.failed,
            "expected": self.expected,
        }

    def text(self) -> str:
        """The counts as text for people."""
        parts = [f"{self.succeeded} succeeded, {self.expected} expected"]
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.denied} not approved"] if self.denied else []
        return ", ".join(parts)


def tally_operations(runs: Iterable[Run], expected: Mapping[str, int]) -> tuple[Operation, ...]:
    """Count runs per runbook, in the oracle's order. Dry runs are left out because they do not change anything."""
    states: dict[str, list[State]] = defaultdict(list)
    denied: Counter[str] = Counter()
    for run in runs:
        if run.dry_run:
            continue
        if run.code in DENIED:
            denied[run.runbook] += 1
        else:
            states[run.runbook].append(run.state)
    return tuple(
        Operation(
            runbook,
            len(found := states[runbook]) + denied[runbook],
            found.count(State.DONE),
            found.count(State.SKIPPED),
            found.count(State.FAILED) + found.count(State.HALTED),
            expected.get(runbook, 0),
            denied[runbook],
        )
        for runbook in dict.fromkeys((*expected, *states, *denied))
    )


def total_operations(weeks: Iterable[Iterable[Operation]]) -> tuple[Operation, ...]:
    """Add up several weeks per operation."""
    by_name: dict[str, list[Operation]] = defaultdict(list)
    for week in weeks:
        for one in week:
            by_name[one.runbook].append(one)
    return tuple(reduce(Operation.plus, found) for found in by_name.values())
