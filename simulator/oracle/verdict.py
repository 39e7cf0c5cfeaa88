"""What the oracle says of a week."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class End(StrEnum):
    """How an eligible pool ended the week."""

    UPGRADED = "upgraded"
    FAILED = "failed"
    RUNNING = "running"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class EligiblePool:
    """A pool that Daytwo should have upgraded.

    `images` are those that were right at some moment; `earliest` and `latest` bound the moments at which its upgrade
    could begin, given all that happened.
    """

    cluster: str
    pool: str
    images: frozenset[str]
    earliest: datetime
    latest: datetime
    end: End


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every pool of the fleet once: eligible, left to AKS, or skipped for a reason of rule 8.

    Two reasons stand beside those of rule 8 (rule 15): `run-failed`, an earlier pool of the cluster failed, and
    `halted`, too many runs had failed before the ring began. `violations` must never happen; each begins with a code.
    `landed_late` are upgrades to an image that landed within the minute before the call (rule 12).
    """

    week: str
    eligible: tuple[EligiblePool, ...]
    by_aks: tuple[tuple[str, str], ...]
    skipped: Mapping[str, tuple[tuple[str, str], ...]]
    violations: tuple[str, ...]
    landed_late: tuple[str, ...]
    # By runbook, how many runs had to succeed within the judged time.
    expected: Mapping[str, int] = field(default_factory=dict)

    @property
    def missed(self) -> tuple[EligiblePool, ...]:
        """Eligible pools whose upgrade was never begun."""
        return tuple(pool for pool in self.eligible if pool.end is End.MISSED)
