"""Pure: compares the bot's week with the oracle's, pool by pool."""

from dataclasses import dataclass

from simulator.demo.tally import BY_AKS, DENIED, NOT_YET, UPGRADED, Tally
from simulator.oracle import End, Verdict

_FAILED = ("run-failed", "halted")
_MISSED = "eligible and never started"


@dataclass(frozen=True, slots=True)
class Difference:
    """A pool for which the bot's records and the oracle disagree."""

    cluster: str
    pool: str
    ours: str
    oracle: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.pool}: Daytwo says {self.ours}, the oracle {self.oracle}"


def differences(ours: Tally, verdict: Verdict, *, whole_week: bool) -> tuple[Difference, ...]:
    """Return the pools with different outcomes, except in unfinished weeks and after rejections, which the oracle is not aware of."""
    oracle = oracle_outcomes(verdict)
    found = []
    for cluster, pool in sorted(ours.outcomes.keys() | oracle.keys()):
        own = ours.outcomes.get((cluster, pool), "nothing")
        theirs = oracle.get((cluster, pool), "nothing")
        if own in DENIED and theirs == _MISSED:
            continue
        if own != theirs and (whole_week or UPGRADED in (own, theirs)):
            found.append(Difference(cluster, pool, own, theirs))
    return tuple(found)


def oracle_outcomes(verdict: Verdict) -> dict[tuple[str, str], str]:
    """The oracle's outcome for each pool, in the codes that a tally uses."""
    said = {key: reason for reason, pools in verdict.skipped.items() for key in pools}
    said |= dict.fromkeys(verdict.by_aks, BY_AKS)
    ends = {
        End.UPGRADED: UPGRADED,
        End.FAILED: _FAILED[0],
        End.RUNNING: NOT_YET,
        End.MISSED: _MISSED,
    }
    return said | {(pool.cluster, pool.pool): ends[pool.end] for pool in verdict.eligible}
