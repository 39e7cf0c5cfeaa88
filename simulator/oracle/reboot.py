"""Nights in which nodes had to be rebooted, and reboots that must not be (docs/reboot.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from simulator.oracle.config import Rules
from simulator.oracle.history import History
from simulator.oracle.local_time import MINUTE, Stretch, monday_of, openings
from simulator.oracle.node_events import Cordon, NodeEvents, RebootRequest, Restart
from simulator.world.journal import Entry, Kind
from simulator.world.specs import ClusterSpec
from simulator.world.workloads import PdbSpec

BOOT = timedelta(minutes=10)
_PROVEN_WITHIN = timedelta(minutes=20)
_LOOK = 15 * MINUTE
# Beside the drain and the proof: what a cordon of ours may last before it counts as left behind.
_LONGEST_CORDON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Night:
    """A cluster in one occurrence of the reboot window, and what became of the nodes that Daytwo restarted in it."""

    cluster: str
    opening: Stretch
    restarts: tuple[Restart, ...]

    def all_came_back(self, boots: NodeEvents) -> bool:
        """Whether each restart was a new boot, Ready and content within 20 minutes (rule 7)."""
        return all(
            restart.booted
            and restart.up <= restart.began + _PROVEN_WITHIN
            and not boots.asks(restart.cluster, restart.node, restart.began + _PROVEN_WITHIN)
            for restart in self.restarts
        )


class Reboots:
    """The nights of a fleet in a time."""

    def __init__(self, rules: Rules, history: History, journal: Sequence[Entry], bot: str) -> None:
        self._rules, self._history, self._bot = rules, history, bot
        self.boots = NodeEvents(journal)
        self.mine = [restart for restart in self.boots.restarts if restart.who == bot]

    def nights(self, start: datetime, end: datetime) -> Iterator[Night]:
        """Each cluster's nights in which Daytwo restarted a node."""
        for opening in self._openings(start, end):
            for name in self._history.clusters:
                found = tuple(r for r in self.mine if r.cluster == name and opening.holds(r.began))
                if found:
                    yield Night(name, opening, found)

    def expected(self, start: datetime, end: datetime) -> int:
        """How many cluster-nights had nodes to be rebooted, and show their new boots and nothing that failed."""
        return sum(
            night.all_came_back(self.boots) and not self._gave_up(night) and night.restarts[-1].up < end
            for night in self.nights(start, end)
        )

    def violations(self, start: datetime, end: datetime) -> Iterator[str]:
        """Rules 2, 4 and 5; nodes that waited although they had their night."""
        for restart in self.mine:
            if start <= restart.began < end:
                yield from (f"{code}: {_said(restart, restart.began)}" for code in self._of_restart(restart))
        for one, other in combinations(self.mine, 2):
            if one.cluster == other.cluster and one.began <= other.began < one.over and start <= other.began < end:
                yield f"two-reboots-at-once: {_said(other, other.began)}"
        for opening in self._openings(start, end):
            yield from self._overlooked(opening, end)

    def _of_restart(self, restart: Restart) -> Iterator[str]:
        cluster, at = self._history.clusters[restart.cluster], restart.began
        if self._ring(cluster) is None:
            yield "reboot-no-ring"
        if not any(o.holds(at) and at + BOOT <= o.closes for o in self._openings(at - timedelta(days=1), at + BOOT)):
            yield "reboot-outside-window"
        if not self.boots.asks(restart.cluster, restart.node, at):
            yield "reboot-unasked"
        if self._history.busy(restart.cluster, at):
            yield "reboot-busy"

    def _overlooked(self, opening: Stretch, end: datetime) -> Iterator[str]:
        """Clusters with a node that could be rebooted for two looks on end, of which none was even cordoned."""
        rule = self._rules.reboot
        if rule is None:
            return
        last = min(opening.closes - rule.drain_timeout - BOOT, end)
        for asking in self.boots.asking:
            at = max(asking.since, opening.opens)
            touched = [c for c in self.boots.cordons if c.who == self._bot and c.cluster == asking.cluster]
            if any(opening.holds(cordon.since) for cordon in touched):
                continue
            able = 0
            while at < min(last, asking.until) and able <= 2 * _LOOK // MINUTE:
                able = able + 1 if self._able(asking, at) else 0
                at += MINUTE
            if able > 2 * _LOOK // MINUTE:
                yield f"not-rebooted: {_said(asking, opening.opens)}"

    def _able(self, asking: RebootRequest, at: datetime) -> bool:
        cluster = self._history.clusters[asking.cluster]
        return (
            self._ring(cluster) is not None
            and self._history.answers(cluster.name, at)
            and not self._history.busy(cluster.name, at)
            and self.boots.ready(cluster.name, asking.node, at)
            and self.boots.cordoned(cluster.name, asking.node, at) is None
            and not _never_drains(cluster, asking.pool)
        )

    def _gave_up(self, night: Night) -> bool:
        """Whether a node was cordoned and given back without a restart: its drain failed."""
        return any(
            not any(r.node == cordon.node and cordon.since <= r.began < cordon.until for r in night.restarts)
            for cordon in self.boots.cordons
            if cordon.who == self._bot
            and cordon.cluster == night.cluster
            and night.opening.holds(cordon.since)
            and self.boots.asks(cordon.cluster, cordon.node, cordon.since)
        )

    def _openings(self, start: datetime, end: datetime) -> list[Stretch]:
        """The window's openings that begin or end in a time."""
        rule = self._rules.reboot
        if rule is None:
            return []
        monday: date = monday_of(start, rule.hours.zone) - timedelta(days=7)
        found: list[Stretch] = []
        while monday <= end.date():
            found += openings(rule.hours, self._rules.closed, monday)
            monday += timedelta(days=7)
        return [opening for opening in found if opening.opens < end and start < opening.closes]

    def _ring(self, cluster: ClusterSpec) -> str | None:
        tags = dict(cluster.tags)
        return next((r.name for r in self._rules.rings if r.takes(cluster.name, cluster.region, tags)), None)


def left_behind(boots: NodeEvents, journal: Sequence[Entry], bot: str, start: datetime, end: datetime) -> Iterator[str]:
    """PDBs that Daytwo violated, cordons of its own that it left, and cordons of others that it lifted (reboot rule 8)."""
    for entry in journal:
        if entry.kind is Kind.PDB_VIOLATED and entry.detail.get("who") == bot and start <= entry.at < end:
            yield f"pdb-violated: {entry.cluster}/{entry.detail['pdb']} at {entry.at:%Y-%m-%d %H:%M:%S} UTC"
    for cordon in boots.cordons:
        if cordon.who == bot and cordon.since < end - _LONGEST_CORDON and cordon.until > end:
            yield f"left-cordoned: {_said(cordon, cordon.since)}"
        if cordon.who != bot and cordon.lifted_by == bot and start <= cordon.until < end:
            yield f"uncordoned-others: {_said(cordon, cordon.until)}"


def _never_drains(cluster: ClusterSpec, pool: str) -> bool:
    """Whether a workload that may stand on the pool's nodes has a budget that allows no disruption at all (rule 4)."""
    return any(
        _allows_nothing(budget, workload.replicas)
        for workload in cluster.workloads
        if workload.pool in (None, pool)
        for _, budget in workload.all_budgets
    )


def _allows_nothing(budget: PdbSpec, replicas: int) -> bool:
    if budget.max_unavailable is not None:
        return str(budget.max_unavailable) in ("0", "0%")
    least = budget.min_available
    return least == "100%" or (isinstance(least, int) and least >= replicas)


def _said(what: RebootRequest | Restart | Cordon, at: datetime) -> str:
    return f"{what.cluster}/{what.node} at {at:%Y-%m-%d %H:%M:%S} UTC"
