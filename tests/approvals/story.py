"""One approval after the other, told as moves: presses at a door, time, changes of the world and of the configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ops.adapters.sqlite_store import SqliteStore
from ops.engine.activities import invoke
from ops.engine.run_starter import start_run
from ops.engine.transition import Activity, Position, Transition, next_position
from ops.model.approval import Approval, Choice
from ops.model.run import Run
from ops.model.run_request import RunRequest
from ops.tables.approvals import approvals
from ops.tables.runs import Control, controls, runs
from tests.fakes import CONFIG, World, cluster, pool, settings

TEAM, TENANT = "T0DAYTWO", "11111111-1111-1111-1111-111111111111"
SLACK = {"ana": "U0ANA", "ben": "U0BEN", "cleo": "U0CLEO", "eve": "U0EVE"}
ENTRA = {name: f"aaaaaaaa-0000-0000-0000-00000000000{number}" for number, name in enumerate(SLACK, start=1)}
# Monday noon: next window opens at 22:00.
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)

PEOPLE = f"""
identity: {{entra-tenant: {TENANT}, slack-team: {TEAM}}}
people:
  ana: {{entra: {ENTRA["ana"]}, slack: U0ANA}}
  ben: {{entra: {ENTRA["ben"]}, slack: U0BEN}}
  cleo: {{entra: {ENTRA["cleo"]}, slack: U0CLEO}}
groups: {{platform: [ana, ben], leads: [cleo], nobody: []}}
"""


def config(rule: str, people: str = PEOPLE) -> str:
    """A configuration whose node images need this approval; production is the last ring, and its image is proven at once."""
    plain = CONFIG.replace("start-stopped-clusters: true}", f"start-stopped-clusters: true, approval: {rule}}}")
    return plain.replace("    - {name: pre-production, select: {tags: {env: [dev, test]}}}\n", "") + people


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a person pressed, with the word on the button that they saw, in a delivery of this name."""

    person: str
    choice: Choice
    token: str
    event: str
    reason: str = ""


class Door(Protocol):
    """A way to press."""

    def press(self, world: World, pressed: Pressed) -> str:
        """Presses, and tells the result as the ledger has it."""
        ...


@dataclass
class Driver:
    """The engine's part for one run: activities until it sleeps, comes to its first step, or has ended."""

    world: World
    run_id: str
    position: Position | None = field(default_factory=lambda: Position(Activity.ASSESS))
    until: datetime | None = None

    @property
    def run(self) -> Run:
        """The run as it is recorded."""
        return runs(self.world.store).must_get(self.run_id).value

    @property
    def begins(self) -> bool:
        """Whether the run has come to its first step."""
        return self.position is not None and self.position.activity is Activity.BEGIN

    def go_on(self, turns: int = 60) -> None:
        """Raises AssertionError where it never rests."""
        for _ in range(turns):
            if self.position is None or self.begins:
                return
            if self.until is not None and self.world.clock.at < self.until:
                return
            answer = Transition.read(
                invoke(self.position.activity, self.world.context, self.position.payload(self.run_id))
            )
            self.position, self.until = next_position(self.position, answer), answer.until
        raise AssertionError(f"{self.run_id} turns without end at {self.position}")

    def wake(self) -> None:
        """A hint, if it was given."""
        if self.run_id in self.world.engine.hinted:
            self.world.engine.hinted = [each for each in self.world.engine.hinted if each != self.run_id]
            self.until = None
        self.go_on()


def production(rule: str, *names: str) -> World:
    """A world of production clusters of two pools, on Monday noon."""
    world = World(config=config(rule))
    world.clock.at = NOON
    for name in names:
        world.clusters.put(cluster(name, pool("user1"), pool("user2"), env="prod"))
    return world


@dataclass
class Story:
    """One run of one cluster, from Monday noon on; `told` are the results of its presses."""

    door: Door
    rule: str
    source: str = "timer"
    by: str = "daytwo"
    store: SqliteStore = field(default_factory=lambda: SqliteStore(":memory:"))
    world: World = field(init=False)
    driver: Driver = field(init=False)
    told: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = production(self.rule, "shop-prod")
        self.world.store = self.store
        (only,) = self.world.clusters.fleet.values()
        signal = RunRequest("node-image", only.id, only.name, "2026-w47", NOON, self.source, self.by)
        self.driver = Driver(self.world, start_run(self.world.context, signal)[0].id)
        self.driver.go_on()

    @property
    def approvals(self) -> list[Approval]:
        """Every request, the oldest first."""
        return sorted((stored.value for stored in approvals(self.world.store).scan()), key=lambda a: a.id)

    @property
    def approval(self) -> Approval:
        """The last request."""
        return self.approvals[-1]

    # What a move may do.

    def press(self, person: str, choice: str, event: str = "", reason: str = "") -> None:
        """Presses the button of the request as it is now."""
        self.press_with(person, choice, self.approval.token, event, reason)

    def press_old(self, person: str, choice: str) -> None:
        """Presses a button as it was when it was remembered."""
        self.press_with(person, choice, self.seen["token"])

    def press_with(self, person: str, choice: str, token: str, event: str = "", reason: str = "") -> None:
        """Presses a button with this word on it."""
        name = event or f"event-{len(self.told)}"
        self.told.append(self.door.press(self.world, Pressed(person, Choice(choice), token, name, reason)))
        self.driver.wake()

    def remember(self) -> None:
        """Somebody looks at the request, and presses later."""
        self.seen["token"] = self.approval.token

    def pass_(self, **delta: float) -> None:
        """Time passes, with every timer on the way."""
        pass_time(self.world, (self.driver,), timedelta(**delta))

    def configure(self, rule: str, people: str = PEOPLE) -> None:
        """The configuration changes."""
        self.world.settings = settings(config(rule, people))

    def newer_image(self, image: str) -> None:
        """Azure publishes another image."""
        self.world.clusters.newest = image

    def upgraded_by_hand(self, pool_name: str) -> None:
        """Somebody upgrades a pool."""
        (only,) = self.world.clusters.fleet.values()
        newest = str(self.world.clusters.newest)
        pools = tuple(replace(p, image=newest) if p.name == pool_name else p for p in only.pools)
        self.world.clusters.fleet[only.id] = replace(only, pools=pools)

    def cancel(self) -> None:
        """A person cancels the run."""
        controls(self.world.store).change(self.driver.run_id, lambda _: Control(cancelled_by="ben"))
        self.world.engine.wake(self.driver.run_id)
        self.driver.wake()

    def look(self) -> None:
        """A hint from anywhere: the run looks again."""
        self.world.engine.wake(self.driver.run_id)
        self.driver.wake()


def pass_time(world: World, drivers: Sequence[Driver], length: timedelta) -> None:
    """Every run wakes at its time, the earliest first."""
    end = world.clock.at + length
    while True:
        due = [
            (d.until, n) for n, d in enumerate(drivers) if d.until and d.until <= end and d.position and not d.begins
        ]
        if not due:
            break
        at, number = min(due)
        world.clock.at = max(world.clock.at, at)
        drivers[number].go_on()
    world.clock.at = end


type Move = Callable[[Story], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table: what happens, what the persons hear, how the requests and the run end."""

    name: str
    rule: str
    moves: Sequence[Move]
    told: Sequence[str]
    states: Sequence[str]
    run: str
    begins: bool = False
    source: str = "timer"
    by: str = "daytwo"
