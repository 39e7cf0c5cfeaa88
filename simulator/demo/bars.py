"""Pure: what is drawn on a cluster's lane of the calendar: runs by operation, sleep, and the work of AKS."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from ops.model.calendar import Span
from ops.model.run import Run, StepState
from ops.render.timeline import Bar
from simulator.demo.world import Sleep, WorkOfAks

# By runbook, how a bar is called; budgets are no cluster's, and told in chat.
_KINDS = {"node-image": "daytwo", "reboot": "reboot", "power": "power", "spot": "spot"}
_INSTANT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Happenings:
    """All that happened to the fleet."""

    runs: Sequence[Run]
    by_aks: Sequence[WorkOfAks]
    sleeps: Sequence[Sleep]

    def bars(self, cluster: str, now: datetime) -> tuple[Bar, ...]:
        """A cluster's bars, those that are drawn over others last."""
        own = [run for run in self.runs if run.target_name == cluster and run.runbook in _KINDS]
        return (
            *_sleeps(cluster, self.sleeps, now),
            *_of_aks(cluster, self.by_aks, now),
            *(bar for run in own for bar in _of_run(run)),
        )


def _of_run(run: Run) -> Iterator[Bar]:
    kind = _KINDS[run.runbook]
    if run.runbook == "spot" and run.acted and run.began is not None:
        # The nodes are gone within a minute; what people look for is the burst and its outcome.
        yield Bar(Span(run.began, run.ended or run.began + _INSTANT), kind, run.headline or "spot nodes are evicted")
        return
    for step in chain(run.finished, run.steps):
        ended = step.ended or step.expected_end
        if step.began is None or ended is None or ended <= step.began:
            continue
        drawn = "failed" if step.state is StepState.FAILED else kind
        yield Bar(Span(step.began, ended), drawn, f"{step.title}: {step.evidence or step.why or step.state}")


def _sleeps(cluster: str, sleeps: Iterable[Sleep], now: datetime) -> Iterator[Bar]:
    for sleep in sleeps:
        ended = sleep.ended or now
        if sleep.cluster == cluster and ended > sleep.began:
            yield Bar(Span(sleep.began, ended), "sleep", "asleep")


def _of_aks(cluster: str, by_aks: Iterable[WorkOfAks], now: datetime) -> Iterator[Bar]:
    for work in by_aks:
        ended = work.ended or now
        if work.cluster == cluster and ended > work.began:
            yield Bar(Span(work.began, ended), "aks", f"{work.pool}: upgraded by AKS")
