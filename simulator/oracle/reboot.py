"""Nights on which nodes had to be rebooted, and forbidden reboots (docs/reboot.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from simulator.oracle.config import Rules
from simulator.oracle.history import History, is_known
from simulator.oracle.local_time import MINUTE, Interval, monday_of, openings
from simulator.oracle.node_events import Cordon, NodeEvents, RebootRequest, Restart
from simulator.oracle.tags import TagHistory
from simulator.world.journal import Entry, Kind
from simulator.world.specs import ClusterSpec
from simulator.world.workloads import PdbSpec

BOOT = timedelta(minutes=10)
_PROVEN_WITHIN = timedelta(minutes=20)
# Daytwo looks in the first quarter of each hour (rule 1), so every 75 minutes contain a look.
_LOOKS_WITHIN = 75
# The longest time, in addition to drain and verification, before a cordon by Daytwo counts as left behind.
_MAX_CORDON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Night:
    """A cluster during one occurrence of the reboot window, with Daytwo's restarts of its nodes."""

    cluster: str
    opening: Interval
    restarts: tuple[Restart, ...]

    def all_came_back(self, boots: NodeEvents) -> bool:
        """Whether each restart led to a new boot and to a Ready, settled node within 20 minutes (rule 7)."""
        return all(
            restart.booted
            and restart.up <= restart.began + _PROVEN_WITHIN
            and not boots.requires_reboot(restart.cluster, restart.node, restart.began + _PROVEN_WITHIN)
            for restart in self.restarts
        )


class Reboots:
    """The reboot nights in a fleet during a period."""

    def __init__(self, rules: Rules, history: History, tags: TagHistory, journal: Sequence[Entry], bot: str) -> None:
        self._rules, self._history, self._tags, self._bot = rules, history, tags, bot
        self.boots = NodeEvents(journal)
        self.mine = [restart for restart in self.boots.restarts if restart.who == bot]

    def nights(self, start: datetime, end: datetime) -> Iterator[Night]:
        """The nights on which Daytwo restarted a node, for each cluster."""
        for opening in self._openings(start, end):
            for name in self._history.clusters:
                found = tuple(r for r in self.mine if r.cluster == name and opening.contains(r.began))
                if found:
                    yield Night(name, opening, found)

    def expected(self, start: datetime, end: datetime) -> int:
        """The number of nights on which a cluster had nodes to reboot and all of them booted again without failures."""
        return sum(
            night.all_came_back(self.boots) and not self._has_failed_drain(night) and night.restarts[-1].up < end
            for night in self.nights(start, end)
        )

    def violations(self, start: datetime, end: datetime) -> Iterator[str]:
        """Violations of rules 2, 4, 5 and 7, and nodes that were overlooked during their night."""
        for restart in self.mine:
            if start <= restart.began < end:
                yield from (f"{code}: {_location(restart, restart.began)}" for code in self._of_restart(restart))
        for one, other in combinations(self.mine, 2):
            if one.cluster == other.cluster and one.began <= other.began < one.over and start <= other.began < end:
                yield f"two-reboots-at-once: {_location(other, other.began)}"
        for opening in self._openings(start, end):
            yield from self._overlooked(opening, end)

    def _of_restart(self, restart: Restart) -> Iterator[str]:
        cluster, at = self._history.clusters[restart.cluster], restart.began
        if self._tags.ring_number(cluster, at) is None:
            yield "reboot-no-ring"
        if not any(o.contains(at) and at + BOOT <= o.closes for o in self._openings(at - timedelta(days=1), at + BOOT)):
            yield "reboot-outside-window"
        if not self.boots.requires_reboot(restart.cluster, restart.node, at):
            yield "unrequired-reboot"
        if self._history.busy(restart.cluster, at):
            yield "reboot-busy"
        if self._history.held(restart.cluster, at):
            yield "reboot-during-update-run"
        cordon = self.boots.cordoned(restart.cluster, restart.node, at)
        if cordon is None or cordon.who != self._bot:
            # A restart for another cluster's sake looks like this: that cluster has an object that names this machine.
            yield "restarted-uncordoned"
            if restart.machine in self.boots.claimed:
                yield "restarted-for-another-cluster"

    def _overlooked(self, opening: Interval, end: datetime) -> Iterator[str]:
        """Clusters in which a node could have been rebooted for so long that Daytwo looked meanwhile, but no node was cordoned."""
        rule = self._rules.reboot
        if rule is None:
            return
        last = min(opening.closes - rule.drain_timeout - BOOT, end)
        for reboot_requests in self.boots.reboot_requests:
            at = max(reboot_requests.since, opening.opens)
            touched = [c for c in self.boots.cordons if c.who == self._bot and c.cluster == reboot_requests.cluster]
            if any(opening.contains(cordon.since) for cordon in touched):
                continue
            able = 0
            while at < min(last, reboot_requests.until) and able <= _LOOKS_WITHIN:
                able = able + 1 if self._can_reboot(reboot_requests, at) else 0
                at += MINUTE
            if able > _LOOKS_WITHIN:
                yield f"not-rebooted: {_location(reboot_requests, opening.opens)}"

    def _can_reboot(self, reboot_requests: RebootRequest, at: datetime) -> bool:
        cluster = self._history.clusters[reboot_requests.cluster]
        return (
            self._tags.ring_number(cluster, at) is not None
            and not cluster.machines_locked
            and not self._history.power_unknown(cluster.name, at)
            and not self._history.pools_unknown(cluster.name, at)
            and not self._history.refused(cluster.name, at)
            and not self._history.held(cluster.name, at)
            and self._history.api_responds(cluster.name, at)
            and not self._history.busy(cluster.name, at)
            and self.boots.ready(cluster.name, reboot_requests.node, at)
            and self.boots.cordoned(cluster.name, reboot_requests.node, at) is None
            and is_known(next(pool for pool in cluster.pools if pool.name == reboot_requests.pool))
            and not _never_drains(cluster, reboot_requests.pool)
        )

    def _has_failed_drain(self, night: Night) -> bool:
        """Whether a node was cordoned and uncordoned without a restart, which means that its drain failed."""
        return any(
            not any(r.node == cordon.node and cordon.since <= r.began < cordon.until for r in night.restarts)
            for cordon in self.boots.cordons
            if cordon.who == self._bot
            and cordon.cluster == night.cluster
            and night.opening.contains(cordon.since)
            and self.boots.requires_reboot(cordon.cluster, cordon.node, cordon.since)
        )

    def _openings(self, start: datetime, end: datetime) -> list[Interval]:
        """The window openings that start or end within a period."""
        rule = self._rules.reboot
        if rule is None:
            return []
        monday: date = monday_of(start, rule.hours.zone) - timedelta(days=7)
        found: list[Interval] = []
        while monday <= end.date():
            found += openings(rule.hours, self._rules.freezes, monday)
            monday += timedelta(days=7)
        return [opening for opening in found if opening.opens < end and start < opening.closes]


def left_behind(boots: NodeEvents, journal: Sequence[Entry], bot: str, start: datetime, end: datetime) -> Iterator[str]:
    """PDBs that Daytwo violated, cordons that it left behind, and other people's cordons that it lifted (reboot rule 8)."""
    for entry in journal:
        if entry.kind is Kind.PDB_VIOLATED and entry.detail.get("who") == bot and start <= entry.at < end:
            yield f"pdb-violated: {entry.cluster}/{entry.detail['pdb']} at {entry.at:%Y-%m-%d %H:%M:%S} UTC"
    for cordon in boots.cordons:
        if cordon.who == bot and cordon.since < end - _MAX_CORDON and cordon.until > end:
            yield f"left-cordoned: {_location(cordon, cordon.since)}"
        if cordon.who != bot and cordon.lifted_by == bot and start <= cordon.until < end:
            yield f"uncordoned-others: {_location(cordon, cordon.until)}"


def _never_drains(cluster: ClusterSpec, pool: str) -> bool:
    """Whether a workload that can run on the pool's nodes has a budget that never allows a disruption (rule 4)."""
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


def _location(what: RebootRequest | Restart | Cordon, at: datetime) -> str:
    return f"{what.cluster}/{what.node} at {at:%Y-%m-%d %H:%M:%S} UTC"
