"""Which clusters the schedule wants asleep, what it asked for, and what went against it (docs/power.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from simulator.oracle.config import Hours, Rules, awake_hours
from simulator.oracle.history import FAR, History, Work
from simulator.oracle.local_time import DAY, MINUTE, monday_of, occurrences
from simulator.world.specs import ClusterSpec

TAG = "daytwo-awake"
_LOOK_MINUTES = 15
_PAUSE = timedelta(minutes=15)
_AGAINST_MINUTES = 30
_READY_WITHIN_MINUTES = 20


@dataclass(frozen=True, slots=True)
class KeptAwake:
    """A person's override: pressed at an instant, it holds until another one."""

    cluster: str
    at: datetime
    until: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Against:
    """A stretch of minutes in which a cluster was not as the schedule wants it; `ended` is None while it lasts."""

    cluster: ClusterSpec
    wanted: bool
    began: datetime
    ended: datetime | None


class Schedule:
    """The level of every cluster at any instant, and the power operations that follow it."""

    def __init__(self, rules: Rules, history: History, presses: Sequence[KeptAwake], bot: str) -> None:
        self._rules, self._history, self._presses, self.bot = rules, history, presses, bot
        self._hours = cache(self._hours_of)
        self._woken = cache(self._woken_stretches)

    def awake(self, cluster: ClusterSpec, at: datetime) -> bool | None:
        """Whether it should be awake (rules 1 to 3); None where nothing is said of it, or it never sleeps."""
        hours = self._hours(cluster.name)
        if not hours:
            return None
        pressed = [press for press in self._presses if press.cluster == cluster.name and press.at <= at]
        kept = bool(pressed) and at < max(pressed, key=lambda press: press.at).until
        return kept or all(_within(each, at) for each in hours)

    def asked_for(self, work: Work) -> bool:
        """Whether a start or stop of Daytwo's follows the schedule, rather than waking a sleeper for its node images."""
        if work.who != self.bot or work.what not in ("start", "stop"):
            return False
        wanted = self.awake(self._history.clusters[work.cluster], work.began)
        return wanted == (work.what == "start") and not self._is_woken(work.cluster, work.began)

    def against(self, start: datetime, end: datetime) -> Iterator[Against]:
        """Every stretch in which a cluster was not as it should be, those of woken sleepers left out (rule 8)."""
        for cluster in self._history.clusters.values():
            if self._hours(cluster.name):
                yield from self._against(cluster, start, end)

    def settled(self, stretch: Against) -> bool:
        """Whether Daytwo ended a stretch, as it should: by an operation that was asked for, proven from the nodes (rule 6)."""
        if stretch.ended is None or self._history.stopped(stretch.cluster.name, stretch.ended) == stretch.wanted:
            return False
        what = "start" if stretch.wanted else "stop"
        done = any(
            work.what == what and self.asked_for(work) and work.status == "Succeeded" and work.began >= stretch.began
            for work in self._history.of_cluster(stretch.cluster.name)
            if work.began < stretch.ended <= work.ended + MINUTE
        )
        return done and (not stretch.wanted or self._all_ready(stretch.cluster, stretch.ended))

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

    def _against(self, cluster: ClusterSpec, start: datetime, end: datetime) -> Iterator[Against]:
        began: datetime | None = None
        before: bool | None = None
        at = start
        while at < end:
            wanted = self.awake(cluster, at)
            is_against = self._history.stopped(cluster.name, at) == wanted and not self._is_woken(cluster.name, at)
            if began is not None and before is not None and (not is_against or wanted != before):
                yield Against(cluster, before, began, at)
                began = None
            if is_against and began is None:
                began, before = at, wanted
            at += MINUTE
        if began is not None and before is not None:
            yield Against(cluster, before, began, None)

    def _is_woken(self, cluster: str, at: datetime) -> bool:
        """Whether a run of node images has woken it against the schedule, and has not put it back."""
        return any(began <= at <= ended for began, ended in self._woken(cluster))

    def _woken_stretches(self, cluster: str) -> tuple[tuple[datetime, datetime], ...]:
        spec = self._history.clusters[cluster]
        works = [work for work in self._history.of_cluster(cluster) if work.who == self.bot]
        return tuple(
            (work.began, next((w.ended for w in works if w.what == "stop" and w.began >= work.began), FAR))
            for work in works
            if work.what == "start" and self.awake(spec, work.began) is False
        )

    def _hours_of(self, name: str) -> tuple[Hours, ...]:
        """The times at which a cluster is awake, all of which must say so; none where it has no level (rules 1 and 2)."""
        cluster, rings = self._history.clusters[name], self._rules.rings
        tags = dict(cluster.tags)
        ring = next((ring for ring in rings if ring.takes(name, cluster.region, tags)), None)
        rule = next((rule for rule in self._rules.sleep if rule.choice.takes(name, cluster.region, tags)), None)
        if rule is None or ring is None or ring is rings[-1] or cluster.node_provisioning == "Auto":
            return ()
        own = [value for key, value in tags.items() if key.lower() == TAG]
        try:
            narrower = [awake_hours(text, rule.zone) for text in own]
        except (ValueError, KeyError):
            return ()
        return (*((rule.hours,) if rule.hours else ()), *narrower)


def power_expected(schedule: Schedule, start: datetime, end: datetime) -> int:
    """How many transitions the schedule and the overrides asked for, and the world shows."""
    return sum(_is_seen(stretch, end) and schedule.settled(stretch) for stretch in schedule.against(start, end))


def power_violations(schedule: Schedule, history: History, start: datetime, end: datetime) -> Iterator[str]:
    """What never may be stopped, what the level did not ask for, what was left against it (rules 1, 4 and 5)."""
    for cluster in history.clusters.values():
        works = [work for work in history.of_cluster(cluster.name) if work.what in ("start", "stop")]
        mine = [work for work in works if work.who == schedule.bot and start <= work.began < end]
        for work in mine:
            before = [w for w in works if w.who == schedule.bot and w.ended <= work.began]
            woken = bool(before) and before[-1].what == "start" and not schedule.asked_for(before[-1])
            if work.what == "stop" and not woken and schedule.awake(cluster, work.began) is not False:
                yield f"stopped-unasked: {cluster.name} at {work.began:%Y-%m-%d %H:%M:%S} UTC"
            # What failed is tried again at the next look (rule 6); the pause is one between a stop and a start.
            changed = [w for w in before if w.status == "Succeeded"]
            if schedule.asked_for(work) and changed and work.began - changed[-1].ended < _PAUSE:
                yield f"no-pause: {cluster.name} at {work.began:%Y-%m-%d %H:%M:%S} UTC"
    for stretch in schedule.against(start, end):
        if _idle_minutes(history, stretch, end) > _AGAINST_MINUTES:
            word = "asleep" if stretch.wanted else "awake"
            yield f"{word}-against-schedule: {stretch.cluster.name} at {stretch.began:%Y-%m-%d %H:%M:%S} UTC"


def _is_seen(stretch: Against, end: datetime) -> bool:
    """Whether it lasted until the next quarter of an hour, when the schedule is looked at (rule 4)."""
    late = -stretch.began.minute % _LOOK_MINUTES
    return stretch.began + late * MINUTE < (stretch.ended or end)


def _idle_minutes(history: History, stretch: Against, end: datetime) -> int:
    """The longest time in a stretch during which nothing ran on the cluster."""
    longest = idle = 0
    at = stretch.began
    while at < (stretch.ended or end):
        idle = 0 if history.busy(stretch.cluster.name, at) else idle + 1
        longest = max(longest, idle)
        at += MINUTE
    return longest


def _within(hours: Hours, at: datetime) -> bool:
    monday = monday_of(at, hours.zone)
    return any(span.holds(at) for week in (-7 * DAY, 0 * DAY) for span in _spans(hours, monday + week))


_spans = cache(occurrences)
