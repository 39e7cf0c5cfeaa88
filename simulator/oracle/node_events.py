"""Events in the journal that concern single nodes: required reboots, restarts, boots, cordons."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from simulator.oracle.history import FAR_FUTURE
from simulator.world.journal import Entry, Kind

type NodeKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RebootRequest:
    """A period during which a node requires a reboot."""

    cluster: str
    pool: str
    node: str
    since: datetime
    until: datetime = FAR_FUTURE


@dataclass(frozen=True, slots=True)
class Restart:
    """A restart of a machine. `up` is when the node was Ready after a new boot, or far in the future if it never was.

    `failed` is when the restart failed in Azure, before the machine went down.
    """

    cluster: str
    node: str
    who: str
    began: datetime
    up: datetime = FAR_FUTURE
    booted: bool = False
    failed: datetime = FAR_FUTURE
    machine: str = ""

    @property
    def over(self) -> datetime:
        """The end of the period during which the node is not eligible for another restart."""
        return min(self.up, self.failed)


@dataclass(frozen=True, slots=True)
class Cordon:
    """A cordon on a node. `lifted_by` is empty if the node was not uncordoned, even if it has left the cluster."""

    cluster: str
    node: str
    who: str
    since: datetime
    until: datetime = FAR_FUTURE
    lifted_by: str = ""


class NodeEvents:
    """All events, in the order in which they started."""

    def __init__(self, journal: Sequence[Entry]) -> None:
        self.reboot_requests: list[RebootRequest] = []
        self.restarts: list[Restart] = []
        self.cordons: list[Cordon] = []
        # The machines that Node objects without a machine of their own name, in lower case.
        self.claimed: set[str] = set()
        self._last_request: dict[NodeKey, int] = {}
        self._last_restart: dict[NodeKey, int] = {}
        self._last_cordon: dict[NodeKey, int] = {}
        self._not_ready: dict[NodeKey, list[tuple[datetime, bool]]] = defaultdict(list)
        for entry in journal:
            if entry.node is not None:
                self._record(entry, (entry.cluster or "", entry.node))

    def ready(self, cluster: str, node: str, at: datetime) -> bool:
        """Whether a node was Ready at a given time."""
        before = [ready for when, ready in self._not_ready[cluster, node] if when <= at]
        return not before or before[-1]

    def cordoned(self, cluster: str, node: str, at: datetime) -> Cordon | None:
        """The cordon on a node at a given time."""
        found = (c for c in self.cordons if (c.cluster, c.node) == (cluster, node) and c.since <= at < c.until)
        return next(found, None)

    def requires_reboot(self, cluster: str, node: str, at: datetime) -> bool:
        """Whether a node required a reboot at a given time."""
        return any((a.cluster, a.node) == (cluster, node) and a.since <= at < a.until for a in self.reboot_requests)

    def _record(self, entry: Entry, key: NodeKey) -> None:
        who = str(entry.detail.get("who", ""))
        match entry.kind:
            case Kind.NODE_REBOOT_REQUIRED:
                self._last_request[key] = len(self.reboot_requests)
                self.reboot_requests.append(RebootRequest(key[0], entry.pool or "", key[1], entry.at))
            case Kind.MACHINE_RESTART:
                self._record_restart(entry, key)
            case Kind.NODE_INVENTED:
                self.claimed.add(str(entry.detail["machine"]).lower())
            case Kind.NODE_BOOTED:
                self._change(self.restarts, self._last_restart, key, booted=True)
            case Kind.NODE_CORDONED:
                self._last_cordon[key] = len(self.cordons)
                self.cordons.append(Cordon(*key, who, entry.at))
            case Kind.NODE_UNCORDONED:
                self._change(self.cordons, self._last_cordon, key, until=entry.at, lifted_by=who)
            case Kind.NODE_READY | Kind.NODE_NOT_READY:
                self._record_ready(entry, key)
            case Kind.NODE_REBOOT_DONE:
                self._change(self.reboot_requests, self._last_request, key, until=entry.at)
            case Kind.NODE_LEFT:
                self._change(self.reboot_requests, self._last_request, key, until=entry.at)
                self._change(self.cordons, self._last_cordon, key, until=entry.at)
                self._not_ready.pop(key, None)
            case _:
                pass

    def _record_restart(self, entry: Entry, key: NodeKey) -> None:
        if entry.detail.get("status") == "InProgress":
            self._last_restart[key] = len(self.restarts)
            who, machine = str(entry.detail.get("who", "")), str(entry.detail.get("machine", "")).lower()
            self.restarts.append(Restart(*key, who, entry.at, machine=machine))
        elif entry.detail.get("status") == "Failed":
            self._change(self.restarts, self._last_restart, key, failed=entry.at)

    def _record_ready(self, entry: Entry, key: NodeKey) -> None:
        is_ready = entry.kind is Kind.NODE_READY
        self._not_ready[key].append((entry.at, is_ready))
        last = self._last_restart.get(key)
        if is_ready and last is not None and self.restarts[last].booted:
            self._change(self.restarts, self._last_restart, key, up=entry.at)

    @staticmethod
    def _change[T: (RebootRequest, Restart, Cordon)](
        kept: list[T], last: dict[NodeKey, int], key: NodeKey, **changes: datetime | bool | str
    ) -> None:
        """A node's last event, unless that has ended."""
        place = last.get(key)
        if place is not None:
            kept[place] = replace(kept[place], **changes)  # type: ignore[arg-type]  # fields by name
            if "booted" not in changes:
                del last[key]
