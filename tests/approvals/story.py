"""One run that needs approval, told as a sequence of moves: votes, passing time, and changes to the world and configuration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from ops.adapters.sqlite_store import SqliteStore
from ops.model.approval import Approval, Choice
from ops.tables.approvals import approvals
from tests.driving import NOON, DrivenRun, pass_time, run_request, start
from tests.fakes import CONFIG, World, cluster, pool, settings

TEAM, TENANT = "T0DAYTWO", "11111111-1111-1111-1111-111111111111"
SLACK = {"ana": "U0ANA", "ben": "U0BEN", "cleo": "U0CLEO", "eve": "U0EVE"}
ENTRA = {name: f"aaaaaaaa-0000-0000-0000-00000000000{number}" for number, name in enumerate(SLACK, start=1)}

PEOPLE = f"""
identity: {{entra-tenant: {TENANT}, slack-team: {TEAM}}}
people:
  ana: {{entra: {ENTRA["ana"]}, slack: U0ANA}}
  ben: {{entra: {ENTRA["ben"]}, slack: U0BEN}}
  cleo: {{entra: {ENTRA["cleo"]}, slack: U0CLEO}}
groups: {{platform: [ana, ben], leads: [cleo], empty: []}}
"""


def config(rule: str, people: str = PEOPLE) -> str:
    """A configuration with this approval rule for node images. Production is the only ring, so every image counts as proven."""
    plain = CONFIG.replace("start-stopped-clusters: true}", f"start-stopped-clusters: true, approval: {rule}}}")
    return plain.replace("    - {name: pre-production, select: {tags: {env: [dev, test]}}}\n", "") + people


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote: the voter, the choice, the button's token, and the event that delivers it."""

    person: str
    choice: Choice
    token: str
    event: str
    reason: str = ""


class VoteEndpoint(Protocol):
    """A way to vote."""

    def vote(self, world: World, cast_vote: CastVote) -> str:
        """Cast the vote. Return the result that the ledger shows."""
        ...


def production(rule: str, *names: str) -> World:
    """A world of production clusters with two pools each, at noon on Monday."""
    world = World(config=config(rule))
    world.clock.at = NOON
    for name in names:
        world.clusters.put(cluster(name, pool("user1"), pool("user2"), env="prod"))
    return world


@dataclass
class Story:
    """One cluster's run, from noon on Monday. `reported` holds the results of its votes."""

    endpoint: VoteEndpoint
    rule: str
    source: str = "timer"
    by: str = "daytwo"
    store: SqliteStore = field(default_factory=lambda: SqliteStore(":memory:"))
    world: World = field(init=False)
    driven: DrivenRun = field(init=False)
    reported: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = production(self.rule, "shop-prod")
        self.world.store = self.store
        self.driven = start(self.world, replace(run_request(self.world), source=self.source, by=self.by))
        self.driven.to_first_step()

    @property
    def approvals(self) -> list[Approval]:
        """Every request, oldest first."""
        return sorted((stored.value for stored in approvals(self.world.store).scan()), key=lambda a: a.id)

    @property
    def approval(self) -> Approval:
        """The latest request."""
        return self.approvals[-1]

    # The moves.

    def vote(self, person: str, choice: str, event: str = "", reason: str = "") -> None:
        """Vote with the button that is currently shown."""
        self.vote_with(person, choice, self.approval.token, event, reason)

    def vote_on_old(self, person: str, choice: str) -> None:
        """Vote with the remembered button."""
        self.vote_with(person, choice, self.seen["token"])

    def vote_with(self, person: str, choice: str, token: str, event: str = "", reason: str = "") -> None:
        """Vote with a button that has this token."""
        name = event or f"event-{len(self.reported)}"
        self.reported.append(self.endpoint.vote(self.world, CastVote(person, Choice(choice), token, name, reason)))
        self.driven.wake_if_requested()

    def remember(self) -> None:
        """Remember the button that is currently shown."""
        self.seen["token"] = self.approval.token

    def advance(self, **delta: float) -> None:
        """Move the clock forward, firing every timer that comes due."""
        pass_time(self.world, (self.driven,), timedelta(**delta))

    def configure(self, rule: str, people: str = PEOPLE) -> None:
        """Change the configuration."""
        self.world.settings = settings(config(rule, people))

    def newer_image(self, image: str) -> None:
        """Publish a newer image in Azure."""
        self.world.clusters.newest = image

    def upgraded_by_hand(self, pool_name: str) -> None:
        """Upgrade a pool manually."""
        only = self.world.clusters.only
        newest = str(self.world.clusters.newest)
        pools = tuple(replace(p, image=newest) if p.name == pool_name else p for p in only.pools)
        self.world.clusters.fleet[only.id] = replace(only, pools=pools)

    def cancel(self) -> None:
        """Cancel the run."""
        self.driven.cancel()

    def reassess(self) -> None:
        """Wake the run."""
        self.driven.reassess()


type Move = Callable[[Story], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table: the moves, the votes' results, and the final states of the requests and the run."""

    name: str
    rule: str
    moves: Sequence[Move]
    reported: Sequence[str]
    states: Sequence[str]
    run: str
    begins: bool = False
    source: str = "timer"
    by: str = "daytwo"
