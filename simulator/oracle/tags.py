"""Which tags of a cluster applied at any time: a change that loosens its rules applies only once it is approved (docs/tags.md)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from simulator.oracle.approvals import ApprovalRule, names
from simulator.oracle.config import PowerRule, Rules, WindowHours, awake_hours
from simulator.oracle.history import History, Timeline
from simulator.world.journal import Entry, Kind
from simulator.world.specs import ClusterSpec

type Tags = tuple[tuple[str, str], ...]

AWAKE_TAG = "daytwo-awake"
_CHECK = timedelta(minutes=15)
_DAY = 24 * 60
_WEEK = 7 * _DAY


class TagHistory:
    """The tags that applied to each cluster, derived from the journal."""

    def __init__(self, rules: Rules, history: History, journal: Sequence[Entry]) -> None:
        self._rules, self._history = rules, history
        self._begins = journal[0].at if journal else history.fleet.start
        self._ends = journal[-1].at if journal else history.fleet.start
        changes: dict[str, list[Entry]] = {}
        for entry in journal:
            if entry.kind is Kind.CLUSTER_TAGS:
                changes.setdefault(str(entry.cluster), []).append(entry)
        self._ring_number = cache(lambda name, tags: ring_number(rules, history.clusters[name], dict(tags)))
        self._applied = {
            name: self._follow(cluster, changes.get(name, [])) for name, cluster in history.clusters.items()
        }

    def at(self, cluster: str, at: datetime) -> Tags:
        """The tags that applied to a cluster at a given time."""
        return self._applied[cluster].at(at)

    def ring_number(self, cluster: ClusterSpec, at: datetime) -> int | None:
        """The number of the cluster's ring at a given time (docs/node-image.md, rule 3)."""
        return self._ring_number(cluster.name, self.at(cluster.name, at))

    def ever(self, cluster: str) -> frozenset[Tags]:
        """All the tags that ever applied to a cluster."""
        return frozenset((self._applied[cluster].first, *self._applied[cluster].values))

    def _follow(self, cluster: ClusterSpec, changes: Sequence[Entry]) -> Timeline[Tags]:
        """Rules 1, 2, 5 and 7, from one moment at which something can change to the next."""
        applied: Timeline[Tags] = Timeline(_ordered(dict(cluster.tags)))
        if not changes:
            return applied
        accepted, current = dict(cluster.tags), dict(cluster.tags)
        held_since = self._begins
        first_check = _next_check(self._begins)
        by_time = {entry.at: entry for entry in changes}
        for at in self._moments(changes):
            change = by_time.get(at)
            if change is not None:
                current, held_since = _tags_of(change), at
                if change.detail.get("created") is True or at < first_check:
                    accepted = dict(current)
            if self._is_approved(cluster, accepted, current, held_since, at):
                accepted = dict(current)
            effective = applied_tags(self._rules, cluster, accepted, current)
            if _is_check(at):
                accepted = dict(effective)
            applied.set(at, _ordered(effective))
        return applied

    def _moments(self, changes: Sequence[Entry]) -> list[datetime]:
        """Changes, clicks, and the checks every 15 minutes from the first change on."""
        moments = {entry.at for entry in changes} | {click.at for click in self._history.clicks}
        check = _next_check(changes[0].at)
        while check <= self._ends:
            moments.add(check)
            check += _CHECK
        return sorted(moments)

    def _is_approved(
        self,
        cluster: ClusterSpec,
        accepted: Mapping[str, str],
        current: Mapping[str, str],
        since: datetime,
        at: datetime,
    ) -> bool:
        """Whether enough approvers of the stricter ring clicked Approve below a message with the cluster and every held change."""
        effective = applied_tags(self._rules, cluster, accepted, current)
        held = [
            key
            for key in sorted({*effective, *current}, key=str.lower)
            if _value(effective, key) != _value(current, key)
        ]
        rings = [ring_number(self._rules, cluster, tags) for tags in (effective, current)]
        ring = max((number for number in rings if number is not None), default=None)
        name = "" if ring is None else self._rules.rings[ring].name
        rule = _rule_in(self._rules.tag_approvals, name)
        if not held or rule is None:
            return False
        yes = {
            click.user
            for click in self._history.clicks
            if click.action == "approve"
            and click.user in rule.approvers
            and since <= click.at <= at
            and names(click.text, cluster.name)
            and all(_shown(current, key) in click.text for key in held)
        }
        return len(yes) >= rule.of


def ring_number(rules: Rules, cluster: ClusterSpec, tags: Mapping[str, str]) -> int | None:
    """The number of the last ring that selects the cluster with these tags."""
    matching = [number for number, ring in enumerate(rules.rings) if ring.selector.matches(cluster, tags)]
    return matching[-1] if matching else None


def applied_tags(
    rules: Rules, cluster: ClusterSpec, accepted: Mapping[str, str], current: Mapping[str, str]
) -> dict[str, str]:
    """The accepted tags with every change that loosens nothing (rules 2 and 4)."""
    if not _loosens(rules, cluster, accepted, current):
        return dict(current)
    found, left = dict(accepted), {key.lower() for key in (*accepted, *current)}
    is_changed = True
    while is_changed:
        is_changed = False
        for key in sorted(left):
            changed = {name: value for name, value in found.items() if name.lower() != key}
            changed |= {name: value for name, value in current.items() if name.lower() == key}
            if changed != found and not _loosens(rules, cluster, found, changed):
                found, is_changed = changed, True
                left.discard(key)
    return found


def _loosens(rules: Rules, cluster: ClusterSpec, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Rule 4."""
    old, new = (ring_number(rules, cluster, tags) for tags in (before, after))
    old_rank, new_rank = (-1 if number is None else number for number in (old, new))
    if new_rank < old_rank:
        return True
    if not _channels(rules, cluster, before) <= _channels(rules, cluster, after):
        return True
    if _minutes_awake(rules, cluster, after) < _minutes_awake(rules, cluster, before):
        return True
    return any(_approves_less(rules, own, old, new) for own in rules.approvals_by_runbook)


def _approves_less(rules: Rules, own: tuple[ApprovalRule, ...], old: int | None, new: int | None) -> bool:
    if old is None or new is None or old == new:
        return False
    before, after = (_rule_in(own, rules.rings[number].name) for number in (old, new))
    if before is None:
        return False
    if after is None:
        return True
    frees = after.allows_self(is_last=new == len(rules.rings) - 1)
    freed = before.allows_self(is_last=old == len(rules.rings) - 1)
    return not before.approvers <= after.approvers or after.of < before.of or (frees and not freed)


def _rule_in(own: Sequence[ApprovalRule], ring: str) -> ApprovalRule | None:
    return next((rule for rule in own if not rule.rings or ring in rule.rings), None)


def _channels(rules: Rules, cluster: ClusterSpec, tags: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """The channels per chat; a chat without a matching route has its default channel."""
    routed = {(route.chat, route.channel) for route in rules.routes if route.selector.matches(cluster, tags)}
    return frozenset(routed | {(chat, "") for chat in rules.chats if chat not in {chat for chat, _ in routed}})


def _minutes_awake(rules: Rules, cluster: ClusterSpec, tags: Mapping[str, str]) -> int:
    hours = _hours_of(rules, cluster, tags)
    return len(_common(hours)) if hours else _WEEK


def _common(hours: Sequence[WindowHours]) -> set[int]:
    return set.intersection(*(set(_minutes(each)) for each in hours))


def power_hours(rules: Rules, cluster: ClusterSpec, tags: Mapping[str, str]) -> tuple[WindowHours, ...]:
    """The hours within all of which a cluster is awake; empty if its power is never changed (docs/power.md, rules 1 and 2)."""
    hours = _hours_of(rules, cluster, tags)
    # Rule 2: hours without a common time are reported, and nothing is changed.
    return hours if hours and _common(hours) else ()


def _hours_of(rules: Rules, cluster: ClusterSpec, tags: Mapping[str, str]) -> tuple[WindowHours, ...]:
    rule: PowerRule | None = next((rule for rule in rules.power if rule.selector.matches(cluster, tags)), None)
    ring = ring_number(rules, cluster, tags)
    if rule is None or ring is None or ring == len(rules.rings) - 1 or cluster.provisions_nodes:
        return ()
    own = [value for key, value in tags.items() if key.lower() == AWAKE_TAG]
    try:
        narrower = [awake_hours(text, rule.zone) for text in own]
    except (ValueError, KeyError):
        return ()
    return (*((rule.hours,) if rule.hours else ()), *narrower)


def _minutes(hours: WindowHours) -> Iterator[int]:
    closes = hours.closes if hours.closes > hours.opens else hours.closes + _DAY
    for day in hours.days:
        yield from ((day * _DAY + minute) % _WEEK for minute in range(hours.opens, closes))


def _tags_of(entry: Entry) -> dict[str, str]:
    found: dict[str, str] = json.loads(str(entry.detail["tags"]))
    return found


def _ordered(tags: Mapping[str, str]) -> Tags:
    return tuple(sorted(tags.items()))


def _value(tags: Mapping[str, str], key: str) -> str | None:
    return next((value for name, value in tags.items() if name.lower() == key.lower()), None)


def _shown(tags: Mapping[str, str], key: str) -> str:
    """The end of a changed tag as a request shows it."""
    value = _value(tags, key)
    return "→ no tag" if value is None else f"→ {value!r}"


def _next_check(at: datetime) -> datetime:
    quarter = at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)
    return quarter if quarter == at else quarter + _CHECK


def _is_check(at: datetime) -> bool:
    return _next_check(at) == at
