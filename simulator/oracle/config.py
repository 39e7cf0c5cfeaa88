"""The oracle's own parser for daytwo.yaml. It reads only the settings that the rules need, and expects valid documents."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fnmatch import fnmatch
from typing import cast

from ruamel.yaml import YAML

from simulator.oracle.approvals import ApprovalRule, read_approvals
from simulator.oracle.calendars import FreezePeriod, freezes_in
from simulator.world.specs import ClusterSpec

type Tree = Mapping[str, object]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, slots=True)
class WindowHours:
    """A window. Its start and end are in minutes since midnight."""

    days: frozenset[int]
    opens: int
    closes: int
    zone: str


@dataclass(frozen=True, slots=True)
class ClusterSelector:
    """A selector for clusters."""

    tags: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    regions: tuple[str, ...]
    subscriptions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()

    def matches(self, cluster: ClusterSpec, tags: Mapping[str, str]) -> bool:
        """Whether the selector matches a cluster while it has these tags."""
        lowered = {key.lower(): value for key, value in tags.items()}
        if any(lowered.get(key.lower()) not in values for key, values in self.tags.items()):
            return False
        if self.names and not any(fnmatch(cluster.name.lower(), glob.lower()) for glob in self.names):
            return False
        groups = self.resource_groups
        if groups and not any(fnmatch(cluster.resource_group.lower(), glob.lower()) for glob in groups):
            return False
        if self.subscriptions and cluster.subscription.lower() not in map(str.lower, self.subscriptions):
            return False
        regions = {wanted.lower().replace(" ", "") for wanted in self.regions}
        return not regions or cluster.region.lower() in regions


@dataclass(frozen=True, slots=True)
class RingRule:
    """A ring and its cluster selector."""

    name: str
    hours: WindowHours
    max_concurrent: int | None
    selector: ClusterSelector


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Clusters whose messages go to a separate channel of a chat."""

    chat: str
    selector: ClusterSelector
    channel: str


@dataclass(frozen=True, slots=True)
class PowerRule:
    """An entry in `power`. If it has no hours, only the cluster's own tag counts, in the entry's time zone."""

    selector: ClusterSelector
    hours: WindowHours | None
    zone: str


@dataclass(frozen=True, slots=True)
class RebootRule:
    """The configuration for reboots."""

    hours: WindowHours
    drain_timeout: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """The configuration. `reboot` and `group_for` are None if those operations are off."""

    rings: tuple[RingRule, ...]
    freezes: tuple[FreezePeriod, ...]
    proven_for: timedelta
    proven_awake: int
    proven_nodes: int
    start_stopped_clusters: bool
    failure_budget: int
    power: tuple[PowerRule, ...]
    reboot: RebootRule | None
    group_within: timedelta | None
    approvals: tuple[ApprovalRule, ...] = ()
    approvals_by_runbook: tuple[tuple[ApprovalRule, ...], ...] = ()
    tag_approvals: tuple[ApprovalRule, ...] = ()
    chats: tuple[str, ...] = ()
    routes: tuple[RouteRule, ...] = ()
    default_channels: Mapping[str, str] = field(default_factory=dict)


def read(text: str, calendars: Mapping[str, str] | None = None) -> Rules:
    """Parse a configuration. `calendars` has the content of each file that it names.

    Raises:
        ValueError: node-image is off, or the content of a calendar is missing.
    """
    # Read every scalar as text, because YAML would convert a time to UTC.
    tree = cast("Tree", YAML(typ="base", pure=True).load(text))
    if "node-image" not in tree:
        raise ValueError("there is nothing to judge: node-image is off")
    section = cast("Tree", tree["node-image"])
    windows = {name: _hours(cast("Tree", window)) for name, window in cast("Tree", tree.get("windows", {})).items()}
    rings = cast("list[Tree]", cast("Tree", tree["fleet"])["rings"])
    return Rules(
        rings=tuple(_ring(ring, windows[str(ring.get("window", section["window"]))]) for ring in rings),
        freezes=tuple(
            period
            for section in cast("list[Tree]", tree.get("freezes", []))
            for period in _freezes(section, calendars or {})
        ),
        proven_for=_length(str(section.get("proven-for", "2d"))),
        proven_awake=_length(str(section.get("proven-awake", "8h"))) // timedelta(hours=1),
        proven_nodes=int(str(section.get("proven-nodes", 3))),
        start_stopped_clusters=str(section.get("start-stopped-clusters", "true")).lower() == "true",
        failure_budget=int(str(section.get("failure-budget", 0))),
        power=tuple(_power(entry) for entry in cast("list[Tree]", tree.get("power", []))),
        reboot=_reboot(cast("Tree", tree["reboot"]), windows) if "reboot" in tree else None,
        approvals=read_approvals(tree, "node-image"),
        approvals_by_runbook=tuple(read_approvals(tree, name) for name in ("node-image", "reboot", "tags")),
        tag_approvals=_tag_approvals(tree),
        chats=tuple(_chats(tree)),
        default_channels={
            chat: str(section["channel"]) for chat, section in _chats(tree).items() if "channel" in section
        },
        routes=tuple(route for chat, section in _chats(tree).items() for route in _routes(chat, section)),
        group_within=_length(str(cast("Tree", tree["spot"]).get("group-within", "10m"))) if "spot" in tree else None,
    )


def _tag_approvals(tree: Tree) -> tuple[ApprovalRule, ...]:
    """Rule 5 of docs/tags.md: the section's own rules, or those of the other runbooks, the one that needs most people first."""
    others = (*read_approvals(tree, "node-image"), *read_approvals(tree, "reboot"))
    return read_approvals(tree, "tags") or tuple(sorted(others, key=lambda rule: rule.of, reverse=True))


def _chats(tree: Tree) -> dict[str, Tree]:
    sections = cast("Tree", tree.get("chat", {}))
    return {name: cast("Tree", section) for name, section in sections.items() if isinstance(section, dict)}


def _routes(chat: str, section: Tree) -> list[RouteRule]:
    routes = cast("list[Tree]", section.get("routes", []))
    return [RouteRule(chat, _selector(route), str(route["channel"])) for route in routes]


def _ring(section: Tree, hours: WindowHours) -> RingRule:
    max_concurrent = str(section["max-concurrent"]).split()[0] if "max-concurrent" in section else None
    return RingRule(str(section["name"]), hours, int(max_concurrent) if max_concurrent else None, _selector(section))


def _power(section: Tree) -> PowerRule:
    zone = str(section.get("zone", "UTC"))
    return PowerRule(_selector(section), awake_hours(str(section["awake"]), zone) if "awake" in section else None, zone)


def awake_hours(text: str, zone: str) -> WindowHours:
    """Parse `mon-fri 08:00-19:00`, or with `00:00-24:00` whole days, in a time zone.

    Raises:
        ValueError: the text has a different format.
    """
    found = re.fullmatch(r"([a-z, -]*[a-z])\s+(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})", text.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError(f"{text!r} is not in the format of awake hours")
    # The window that ends at midnight; from midnight to midnight, it is a whole day.
    closes = "00:00" if found[3] == "24:00" else found[3]
    if found[2] == closes and found[3] != "24:00":
        raise ValueError(f"{text!r} starts and ends at the same time")
    return _hours({"days": found[1], "from": found[2], "to": closes, "zone": zone})


def _reboot(section: Tree, windows: Mapping[str, WindowHours]) -> RebootRule:
    return RebootRule(windows[str(section["window"])], _length(str(section.get("drain-timeout", "30m"))))


def _selector(section: Tree) -> ClusterSelector:
    select = cast("Tree", section["select"])
    tags = cast("Tree", select.get("tags", {}))
    return ClusterSelector(
        tags={key: _list(value) for key, value in tags.items()},
        names=_list(select.get("names", [])),
        regions=_list(select.get("regions", [])),
        subscriptions=_list(select.get("subscriptions", [])),
        resource_groups=_list(select.get("resource-groups", [])),
    )


def _hours(section: Tree) -> WindowHours:
    days: set[int] = set()
    for part in ",".join(_list(section["days"])).split(","):
        first, _, last = part.strip().lower().partition("-")
        day = DAYS.index(first[:3])
        days.add(day)
        while last and DAYS[day] != last[:3]:
            day = (day + 1) % 7
            days.add(day)
    return WindowHours(
        frozenset(days), _minutes(str(section["from"])), _minutes(str(section["to"])), str(section["zone"])
    )


def _freezes(section: Tree, calendars: Mapping[str, str]) -> tuple[FreezePeriod, ...]:
    if "ics" not in section:
        return (_freeze(section),)
    location = str(section["ics"])
    if location not in calendars:
        raise ValueError(f"the oracle needs the content of the calendar {location}")
    return tuple(freezes_in(calendars[location]))


def _freeze(section: Tree) -> FreezePeriod:
    first, last = (_moment(section[edge]) for edge in ("from", "to"))
    zone = section.get("zone")
    return FreezePeriod(first, last, str(zone) if zone is not None else None)


def _moment(value: object) -> date | datetime:
    text = str(value)
    return date.fromisoformat(text) if len(text) == len("2026-12-18") else datetime.fromisoformat(text)


def _length(text: str) -> timedelta:
    parts = {UNITS[unit]: int(number) for number, unit in re.findall(r"([0-9]+)([wdhm])", text)}
    return timedelta(**parts)


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _list(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
