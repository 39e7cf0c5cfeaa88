"""One approval after the other, told as moves: presses at a door, time, changes of the world and of the configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ops.model.approval import Approval, Choice
from ops.model.run import Run
from ops.model.signal import Signal
from ops.records import Control, approvals, controls, runs
from ops.workflows.activities import invoke
from ops.workflows.answer import Answer
from ops.workflows.operation import Position, after
from ops.workflows.starting import start
from tests.fakes import CONFIG, World, cluster, pool, settings

TEAM, TENANT = "T0DAYTWO", "11111111-1111-1111-1111-111111111111"
SLACK = {"ana": "U0ANA", "ben": "U0BEN", "cleo": "U0CLEO", "eve": "U0EVE"}
ENTRA = {name: f"aaaaaaaa-0000-0000-0000-00000000000{number}" for number, name in enumerate(SLACK, start=1)}
# Monday noon: the window opens at 22:00.
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
    plain = CONFIG.replace("wake-sleepers: true}", f"wake-sleepers: true, approval: {rule}}}")
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
class Story:
    """One run of one cluster, from Monday noon on; `told` are the results of its presses."""

    door: Door
    rule: str
    source: str = "timer"
    by: str = "daytwo"
    world: World = field(init=False)
    told: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)
    _position: Position | None = field(default_factory=lambda: Position("assess"))
    _until: datetime | None = None

    def __post_init__(self) -> None:
        self.world = World(config=config(self.rule))
        self.world.clock.at = NOON
        self.world.clusters.put(cluster("shop-prod", pool("user1"), pool("user2"), env="prod"))
        (only,) = self.world.clusters.fleet.values()
        signal = Signal("node-image", only.id, only.name, "2026-w47", NOON, self.source, self.by)
        self.run_id = start(self.world.context, signal)[0].id
        self.go_on()

    @property
    def run(self) -> Run:
        """The run as it is recorded."""
        return runs(self.world.store).must_get(self.run_id).value

    @property
    def approvals(self) -> list[Approval]:
        """Every request, the oldest first."""
        return sorted((stored.value for stored in approvals(self.world.store).scan()), key=lambda a: a.id)

    @property
    def approval(self) -> Approval:
        """The last request."""
        return self.approvals[-1]

    def go_on(self, turns: int = 60) -> None:
        """The engine's part: activities until the run sleeps, begins its first step, or has ended."""
        for _ in range(turns):
            if self._position is None or self._position.activity == "begin":
                return
            if self._until is not None and self.world.clock.at < self._until:
                return
            answer = Answer.read(
                invoke(self._position.activity, self.world.context, self._position.payload(self.run_id))
            )
            self._position, self._until = after(self._position, answer), answer.until
        raise AssertionError(f"{self.run_id} turns without end at {self._position}")

    @property
    def begins(self) -> bool:
        """Whether the run has come to its first step."""
        return self._position is not None and self._position.activity == "begin"

    def hint(self) -> None:
        """The engine wakes what was hinted."""
        if self.run_id in self.world.engine.hinted:
            self.world.engine.hinted.clear()
            self._until = None
        self.go_on()

    # What a move may do.

    def press(self, person: str, choice: str, event: str = "", reason: str = "") -> None:
        """Presses the button of the request as it is now."""
        self._press(person, choice, self.approval.token, event, reason)

    def press_old(self, person: str, choice: str) -> None:
        """Presses a button as it was when it was remembered."""
        self._press(person, choice, self.seen["token"], "", "")

    def _press(self, person: str, choice: str, token: str, event: str, reason: str) -> None:
        name = event or f"event-{len(self.told)}"
        self.told.append(self.door.press(self.world, Pressed(person, Choice(choice), token, name, reason)))
        self.hint()

    def remember(self) -> None:
        """Somebody looks at the request, and presses later."""
        self.seen["token"] = self.approval.token

    def pass_(self, **delta: float) -> None:
        """Time passes, with every timer on the way."""
        end = self.world.clock.at + timedelta(**delta)
        while self._until is not None and self._until <= end and self._position is not None and not self.begins:
            self.world.clock.at = max(self.world.clock.at, self._until)
            self.go_on()
        self.world.clock.at = end

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
        controls(self.world.store).change(self.run_id, lambda _: Control(cancelled_by="ben"))
        self.world.engine.hint(self.run_id)
        self.hint()

    def look(self) -> None:
        """A hint from anywhere: the run looks again."""
        self.world.engine.hint(self.run_id)
        self.hint()


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
