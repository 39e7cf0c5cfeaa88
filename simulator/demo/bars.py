"""Pure: the bars in a cluster's row in the calendar, which show runs per operation, stopped times, and upgrades by AKS."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.model.calendar import Span
from ops.model.run import Run
from ops.render.timeline import Bar
from ops.render.timeline_bars import bars_of
from simulator.demo.world import AksUpgrade, StoppedPeriod


@dataclass(frozen=True, slots=True)
class FleetHistory:
    """Everything that has happened in the fleet."""

    runs: Sequence[Run]
    by_aks: Sequence[AksUpgrade]
    stopped_periods: Sequence[StoppedPeriod]

    def bars(self, cluster: str, now: datetime) -> tuple[Bar, ...]:
        """A cluster's bars in drawing order: the topmost bar comes last."""
        own = [run for run in self.runs if run.target_name == cluster]
        return (
            *_sleeps(cluster, self.stopped_periods, now),
            *_of_aks(cluster, self.by_aks, now),
            *(bar for run in own for bar in bars_of(run)),
        )


def _sleeps(cluster: str, stopped_periods: Iterable[StoppedPeriod], now: datetime) -> Iterator[Bar]:
    for sleep in stopped_periods:
        ended = sleep.ended or now
        if sleep.cluster == cluster and ended > sleep.began:
            yield Bar(Span(sleep.began, ended), "sleep", "asleep")


def _of_aks(cluster: str, by_aks: Iterable[AksUpgrade], now: datetime) -> Iterator[Bar]:
    for work in by_aks:
        ended = work.ended or now
        if work.cluster == cluster and ended > work.began:
            yield Bar(Span(work.began, ended), "aks", f"{work.pool}: upgraded by AKS")
