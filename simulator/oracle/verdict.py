"""The oracle's verdict for a week."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class End(StrEnum):
    """The state of an eligible pool at the end of the week."""

    UPGRADED = "upgraded"
    FAILED = "failed"
    RUNNING = "running"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class EligiblePool:
    """A pool that Daytwo should have upgraded.

    `images` are the correct target images, which can change during the week. `earliest` and `latest` are the first and the
    last time at which its upgrade could start, given everything that happened.
    """

    cluster: str
    pool: str
    images: frozenset[str]
    earliest: datetime
    latest: datetime
    end: End


@dataclass(frozen=True, slots=True)
class Verdict:
    """Lists every pool in the fleet once: as eligible, as upgraded by AKS, or as skipped for a reason in rule 8.

    Two reasons come from rule 15: `run-failed` (an earlier pool in the cluster failed) and `halted` (too many runs had
    failed before the ring started). `violations` must be empty; each starts with a code. `landed_late` lists upgrades to an
    image that landed within the minute before the call (rule 12).
    """

    week: str
    eligible: tuple[EligiblePool, ...]
    by_aks: tuple[tuple[str, str], ...]
    skipped: Mapping[str, tuple[tuple[str, str], ...]]
    violations: tuple[str, ...]
    landed_late: tuple[str, ...]
    # The number of runs per runbook that had to succeed within the evaluated period.
    expected: Mapping[str, int] = field(default_factory=dict)

    @property
    def missed(self) -> tuple[EligiblePool, ...]:
        """The eligible pools whose upgrade was never started."""
        return tuple(pool for pool in self.eligible if pool.end is End.MISSED)
