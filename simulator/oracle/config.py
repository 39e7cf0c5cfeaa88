"""The oracle's own reading of daytwo.yaml: only what the rules of node images need, and only right documents."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fnmatch import fnmatch
from typing import cast

from ruamel.yaml import YAML

from simulator.oracle.approvals import ApprovalRule, read_approvals

type Tree = Mapping[str, object]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, slots=True)
class Hours:
    """A window: its start and end in minutes of the day."""

    days: frozenset[int]
    opens: int
    closes: int
    zone: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A freeze, by days or by instants."""

    first: date | datetime
    last: date | datetime
    zone: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which clusters are selected."""

    tags: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    regions: tuple[str, ...]

    def takes(self, name: str, region: str, tags: Mapping[str, str]) -> bool:
        """Whether it selects a cluster."""
        lowered = {key.lower(): value for key, value in tags.items()}
        if any(lowered.get(key.lower()) not in values for key, values in self.tags.items()):
            return False
        if self.names and not any(fnmatch(name.lower(), glob.lower()) for glob in self.names):
            return False
        return not self.regions or region.lower() in {wanted.lower().replace(" ", "") for wanted in self.regions}


@dataclass(frozen=True, slots=True)
class RingRule:
    """A ring and what it selects."""

    name: str
    hours: Hours
    max_concurrent: int | None
    choice: Choice

    def takes(self, name: str, region: str, tags: Mapping[str, str]) -> bool:
        """Whether it selects a cluster."""
        return self.choice.takes(name, region, tags)


@dataclass(frozen=True, slots=True)
class SleepRule:
    """An entry of `power`: without hours the cluster's own tag alone counts, in the entry's zone."""

    choice: Choice
    hours: Hours | None
    zone: str


@dataclass(frozen=True, slots=True)
class RebootRule:
    """What the configuration asks of reboots."""

    hours: Hours
    drain_timeout: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration asks, node images first; `reboot` and `group_within` are None where they are off."""

    rings: tuple[RingRule, ...]
    closed: tuple[Closed, ...]
    proven_for: timedelta
    proven_awake: int
    proven_nodes: int
    start_stopped_clusters: bool
    failure_budget: int
    sleep: tuple[SleepRule, ...]
    reboot: RebootRule | None
    group_within: timedelta | None
    approvals: tuple[ApprovalRule, ...] = ()


def read(text: str) -> Rules:
    """Reads a configuration.

    Raises:
        ValueError: node-image is off, or a freeze comes from a calendar, which the oracle does not read.
    """
    # Every scalar as the text it is: YAML would turn an instant into UTC without saying so.
    tree = cast("Tree", YAML(typ="base", pure=True).load(text))
    if "node-image" not in tree:
        raise ValueError("there is nothing to judge: node-image is off")
    said = cast("Tree", tree["node-image"])
    windows = {name: _hours(cast("Tree", window)) for name, window in cast("Tree", tree.get("windows", {})).items()}
    rings = cast("list[Tree]", cast("Tree", tree["fleet"])["rings"])
    return Rules(
        rings=tuple(_ring(ring, windows[str(ring.get("window", said["window"]))]) for ring in rings),
        closed=tuple(_closed(freeze) for freeze in cast("list[Tree]", tree.get("freezes", []))),
        proven_for=_length(str(said.get("proven-for", "2d"))),
        proven_awake=_length(str(said.get("proven-awake", "8h"))) // timedelta(hours=1),
        proven_nodes=int(str(said.get("proven-nodes", 3))),
        start_stopped_clusters=str(said.get("start-stopped-clusters", "true")).lower() == "true",
        failure_budget=int(str(said.get("failure-budget", 0))),
        sleep=tuple(_sleep(entry) for entry in cast("list[Tree]", tree.get("power", []))),
        reboot=_reboot(cast("Tree", tree["reboot"]), windows) if "reboot" in tree else None,
        approvals=read_approvals(tree, "node-image"),
        group_within=_length(str(cast("Tree", tree["spot"]).get("group-within", "10m"))) if "spot" in tree else None,
    )


def _ring(said: Tree, hours: Hours) -> RingRule:
    max_concurrent = str(said["max-concurrent"]).split()[0] if "max-concurrent" in said else None
    return RingRule(str(said["name"]), hours, int(max_concurrent) if max_concurrent else None, _choice(said))


def _sleep(said: Tree) -> SleepRule:
    zone = str(said.get("zone", "UTC"))
    return SleepRule(_choice(said), awake_hours(str(said["awake"]), zone) if "awake" in said else None, zone)


def awake_hours(text: str, zone: str) -> Hours:
    """`mon-fri 08:00-19:00` in a zone.

    Raises:
        ValueError: it is written otherwise.
    """
    found = re.fullmatch(r"(\S+) (\d{1,2}:\d{2})-(\d{1,2}:\d{2})", text.strip())
    if found is None:
        raise ValueError(f"{text!r} says no awake times")
    return _hours({"days": found[1], "from": found[2], "to": found[3], "zone": zone})


def _reboot(said: Tree, windows: Mapping[str, Hours]) -> RebootRule:
    return RebootRule(windows[str(said["window"])], _length(str(said.get("drain-timeout", "30m"))))


def _choice(said: Tree) -> Choice:
    select = cast("Tree", said["select"])
    tags = cast("Tree", select.get("tags", {}))
    return Choice(
        tags={key: _list(value) for key, value in tags.items()},
        names=_list(select.get("names", [])),
        regions=_list(select.get("regions", [])),
    )


def _hours(said: Tree) -> Hours:
    days: set[int] = set()
    for part in ",".join(_list(said["days"])).split(","):
        first, _, last = part.strip().lower().partition("-")
        day = DAYS.index(first[:3])
        days.add(day)
        while last and DAYS[day] != last[:3]:
            day = (day + 1) % 7
            days.add(day)
    return Hours(frozenset(days), _minutes(str(said["from"])), _minutes(str(said["to"])), str(said["zone"]))


def _closed(said: Tree) -> Closed:
    if "ics" in said:
        raise ValueError("the oracle reads no calendars: write the freezes out")
    first, last = (_moment(said[edge]) for edge in ("from", "to"))
    zone = said.get("zone")
    return Closed(first, last, str(zone) if zone is not None else None)


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
