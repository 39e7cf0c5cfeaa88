"""Which clusters should have been stopped, and which operations the schedule required or forbade (docs/power.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from simulator.oracle.config import Rules, WindowHours
from simulator.oracle.history import FAR_FUTURE, History, Operation
from simulator.oracle.local_time import DAY, MINUTE, monday_of, occurrences
from simulator.oracle.tags import TagHistory, power_hours
from simulator.world.specs import ClusterSpec

_CHECK_MINUTES = 15
_PAUSE = timedelta(minutes=15)
_DEVIATION_MINUTES = 30
_READY_WITHIN_MINUTES = 20


@dataclass(frozen=True, slots=True)
class AwakeOverride:
    """An override that a person requested at one time and that is valid until another."""

    cluster: str
    at: datetime
    until: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Deviation:
    """A period during which a cluster was not in its scheduled state. `ended` is None while the period lasts."""

    cluster: ClusterSpec
    wanted: bool
    began: datetime
    ended: datetime | None


class Schedule:
    """Every cluster's scheduled state at any time, and the power operations that result from it."""

    def __init__(
        self, rules: Rules, history: History, tags: TagHistory, overrides: Sequence[AwakeOverride], bot: str
    ) -> None:
        self.tags, self._history, self._overrides, self.bot = tags, history, overrides, bot
        self._hours = cache(lambda name, applied: power_hours(rules, history.clusters[name], dict(applied)))
        self._started = cache(self._woken_intervals)

    def awake(self, cluster: ClusterSpec, at: datetime) -> bool | None:
        """Whether the cluster should be awake (rules 1 to 3). None if no schedule applies, or if it must never be stopped."""
        hours = self._hours(cluster.name, self.tags.at(cluster.name, at))
        if not hours:
            return None
        requested = [override for override in self._overrides if override.cluster == cluster.name and override.at <= at]
        is_kept = bool(requested) and at < max(requested, key=lambda override: override.at).until
        return is_kept or all(_within(each, at) for each in hours)

    def is_required(self, operation: Operation) -> bool:
        """Whether a start or stop by Daytwo follows the schedule. Otherwise, its purpose was to upgrade node images."""
        if operation.who != self.bot or operation.what not in ("start", "stop"):
            return False
        wanted = self.awake(self._history.clusters[operation.cluster], operation.began)
        return wanted == (operation.what == "start") and not self._is_woken(operation.cluster, operation.began)

    def deviations(self, start: datetime, end: datetime) -> Iterator[Deviation]:
        """Every period during which a cluster was not in its scheduled state, except clusters woken for node images (rule 8)."""
        for cluster in self._history.clusters.values():
            if any(self._hours(cluster.name, applied) for applied in self.tags.ever(cluster.name)):
                yield from self._deviations(cluster, start, end)

    def is_corrected(self, interval: Deviation) -> bool:
        """Whether Daytwo ended a period correctly, by a required operation whose result was verified on the nodes (rule 6)."""
        if interval.ended is None or self._history.stopped(interval.cluster.name, interval.ended) == interval.wanted:
            return False
        what = "start" if interval.wanted else "stop"
        done = any(
            operation.what == what
            and self.is_required(operation)
            and operation.status == "Succeeded"
            and operation.began >= interval.began
            for operation in self._history.of_cluster(interval.cluster.name)
            if operation.began < interval.ended <= operation.ended + MINUTE
        )
        return done and (not interval.wanted or self._all_ready(interval.cluster, interval.ended))

    def _all_ready(self, cluster: ClusterSpec, at: datetime) -> bool:
        pools = [pool.name for pool in cluster.pools]
        return any(
            all(
                m.ready
                for pool in pools
                for m in self._history.machines(cluster.name, pool, at + late * MINUTE).values()
            )
            for late in range(_READY_WITHIN_MINUTES + 1)
        )

    def _deviations(self, cluster: ClusterSpec, start: datetime, end: datetime) -> Iterator[Deviation]:
        began: datetime | None = None
        before: bool | None = None
        at = start
        while at < end:
            wanted = self.awake(cluster, at)
            is_deviation = (
                self._history.stopped(cluster.name, at) == wanted
                and not self._is_woken(cluster.name, at)
                and not self._history.power_unknown(cluster.name, at)
                and not self._history.refused(cluster.name, at)
                and not self._history.held(cluster.name, at)
            )
            if began is not None and before is not None and (not is_deviation or wanted != before):
                yield Deviation(cluster, before, began, at)
                began = None
            if is_deviation and began is None:
                began, before = at, wanted
            at += MINUTE
        if began is not None and before is not None:
            yield Deviation(cluster, before, began, None)

    def _is_woken(self, cluster: str, at: datetime) -> bool:
        """Whether a node image run has woken the cluster against the schedule and has not stopped it since."""
        return any(began <= at <= ended for began, ended in self._started(cluster))

    def _woken_intervals(self, cluster: str) -> tuple[tuple[datetime, datetime], ...]:
        spec = self._history.clusters[cluster]
        operations = [operation for operation in self._history.of_cluster(cluster) if operation.who == self.bot]
        return tuple(
            (
                operation.began,
                next((w.ended for w in operations if w.what == "stop" and w.began >= operation.began), FAR_FUTURE),
            )
            for operation in operations
            if operation.what == "start" and self.awake(spec, operation.began) is False
        )


def power_expected(schedule: Schedule, start: datetime, end: datetime) -> int:
    """The number of transitions that the schedule and the overrides required and that took place in the world."""
    return sum(
        _is_seen(interval, end) and schedule.is_corrected(interval) for interval in schedule.deviations(start, end)
    )


def power_violations(schedule: Schedule, history: History, start: datetime, end: datetime) -> Iterator[str]:
    """Forbidden stops, operations that the schedule did not require, and deviations left uncorrected (rules 1, 4 and 5)."""
    for cluster in history.clusters.values():
        operations = [
            operation for operation in history.of_cluster(cluster.name) if operation.what in ("start", "stop")
        ]
        mine = [
            operation for operation in operations if operation.who == schedule.bot and start <= operation.began < end
        ]
        for operation in mine:
            before = [w for w in operations if w.who == schedule.bot and w.ended <= operation.began]
            if history.power_unknown(cluster.name, operation.began):
                yield f"unknown-power-state: {cluster.name} at {operation.began:%Y-%m-%d %H:%M:%S} UTC"
            if history.held(cluster.name, operation.began):
                yield f"power-during-update-run: {cluster.name} at {operation.began:%Y-%m-%d %H:%M:%S} UTC"
            started = bool(before) and before[-1].what == "start" and not schedule.is_required(before[-1])
            if operation.what == "stop" and not started and schedule.awake(cluster, operation.began) is not False:
                yield f"unscheduled-stop: {cluster.name} at {operation.began:%Y-%m-%d %H:%M:%S} UTC"
            # A failed operation is retried at the next check (rule 6). The pause applies only between a stop and a start.
            changed = [w for w in before if w.status == "Succeeded"]
            if schedule.is_required(operation) and changed and operation.began - changed[-1].ended < _PAUSE:
                yield f"no-pause: {cluster.name} at {operation.began:%Y-%m-%d %H:%M:%S} UTC"
    for interval in schedule.deviations(start, end):
        if _idle_minutes(history, interval, end) > _DEVIATION_MINUTES:
            word = "asleep" if interval.wanted else "awake"
            yield f"{word}-against-schedule: {interval.cluster.name} at {interval.began:%Y-%m-%d %H:%M:%S} UTC"


def _is_seen(interval: Deviation, end: datetime) -> bool:
    """Whether the period lasted until the next quarter hour, when Daytwo compares the schedule with the state (rule 4)."""
    late = -interval.began.minute % _CHECK_MINUTES
    return interval.began + late * MINUTE < (interval.ended or end)


def _idle_minutes(history: History, interval: Deviation, end: datetime) -> int:
    """The longest idle stretch (no operation running on the cluster) within a period."""
    longest = idle = 0
    at = interval.began
    while at < (interval.ended or end):
        idle = 0 if history.busy(interval.cluster.name, at) else idle + 1
        longest = max(longest, idle)
        at += MINUTE
    return longest


def _within(hours: WindowHours, at: datetime) -> bool:
    monday = monday_of(at, hours.zone)
    return any(span.contains(at) for week in (-7 * DAY, 0 * DAY) for span in _spans(hours, monday + week))


_spans = cache(occurrences)
