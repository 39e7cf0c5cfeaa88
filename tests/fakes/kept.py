"""A ledger, a topic, and an engine in memory, for tests to inspect."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ops.model.json import Json
from ops.model.ledger import Entry
from ops.ports.errors import OutsideError


@dataclass
class FakeLedger:
    """Keeps entries by key. `damaged` is what `damage` returns, by day."""

    written: dict[str, Entry] = field(default_factory=dict)
    damaged: dict[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True)

    def append(self, entry: Entry) -> None:
        self.written.setdefault(entry.key, entry)

    def entries(self, day: str) -> Iterator[Entry]:
        return (entry for entry in self.written.values() if f"{entry.at:%Y-%m-%d}" == day)

    def damage(self, day: str) -> tuple[str, ...]:
        return self.damaged.get(day, ())


@dataclass
class FakeEvents:
    """Keeps the published events, or raises `refuse`. Also counts the calls."""

    published: list[str] = field(default_factory=list)
    refuse: OutsideError | None = None
    calls: int = 0

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        assert subject
        assert data
        self.calls += 1
        if self.refuse is not None:
            raise self.refuse
        self.published.append(f"{kind} {event_id}")


@dataclass
class FakeEngine:
    """Keeps track of the instances that were started, woken, and purged."""

    started: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    payloads: list[Json] = field(default_factory=list)

    def start(self, workflow: str, instance_id: str, payload: Json) -> None:
        assert payload
        self.payloads.append(payload)
        if instance_id not in self.live:
            self.live.add(instance_id)
            self.started.append(f"{workflow} {instance_id}")

    def wake(self, instance_id: str) -> None:
        self.woken.append(instance_id)

    def is_live(self, instance_id: str) -> bool:
        return instance_id in self.live

    def purge(self, instance_id: str) -> None:
        self.purged.append(instance_id)
