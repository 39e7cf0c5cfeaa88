"""What `daytwo.yaml` says, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ops.model.calendar import Freeze, Window
from ops.model.people import Person


@dataclass(frozen=True, slots=True)
class Select:
    """Which clusters a ring takes in: every part that is said must match.

    `names` are globs; `tags` pairs each key with the values that match, any of them. Names, regions and tag keys are
    compared without regard to case, as Azure does; tag values are not.
    """

    tags: tuple[tuple[str, frozenset[str]], ...] = ()
    names: tuple[str, ...] = ()
    regions: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether it says nothing, and so matches nothing."""
        return not (self.tags or self.names or self.regions)


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring of a rollout. `window` is its own, None where the runbook's counts.

    `at_once` bounds the clusters upgraded at the same time in a pair of regions, None where nothing bounds them.
    """

    name: str
    select: Select
    window: Window | None = None
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Which subscriptions are looked after, and the rings in the order of a rollout."""

    subscriptions: tuple[str, ...]
    rings: tuple[Ring, ...]


@dataclass(frozen=True, slots=True)
class NodeImageSettings:
    """The runbook of node images (docs/node-image.md)."""

    window: Window
    proven_for: timedelta
    proven_awake: timedelta
    proven_nodes: int
    max_behind: timedelta
    wake_sleepers: bool
    failure_budget: int


@dataclass(frozen=True, slots=True)
class RebootSettings:
    """The runbook of reboots (docs/reboot.md)."""

    window: Window
    annotation: str
    drain_timeout: timedelta


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which clusters sleep (docs/power.md). `awake` is None where only the cluster's own tag says when."""

    select: Select
    awake: Window | None


@dataclass(frozen=True, slots=True)
class SpotSettings:
    """The runbook of spot evictions (docs/spot.md)."""

    group_for: timedelta


@dataclass(frozen=True, slots=True)
class Budget:
    """What is offered when this budget is exceeded (docs/budget.md)."""

    name: str
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Clusters whose messages go to a channel of their own; several routes may take one cluster in."""

    select: Select
    channel: str


@dataclass(frozen=True, slots=True)
class TeamsBotSettings:
    """Teams through a bot: the channel or chat in which it posts, and where Microsoft serves it."""

    conversation: str
    service_url: str
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Where messages go; None where there is no such chat. `digest` is when the weekly digest is posted."""

    slack_channel: str | None = None
    slack_routes: tuple[Route, ...] = ()
    teams_envelope: str | None = None
    teams_bot: TeamsBotSettings | None = None
    digest: Window | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Who has to say yes to a runbook's plans (docs/approvals.md, rules 1 to 5).

    Empty `rings` or `risks` match all. `approvers` and `escalate_to` are people's names, groups resolved; `of` is how
    many different ones are needed. `self_approval` is None where the ring decides.
    """

    runbook: str
    approvers: tuple[str, ...]
    label: str
    rings: frozenset[str] = frozenset()
    risks: frozenset[str] = frozenset()
    of: int = 1
    self_approval: bool | None = None
    hours: Window | None = None
    expires_after: timedelta = timedelta(hours=24)
    remind_before: timedelta = timedelta(hours=1)
    escalate_to: tuple[str, ...] = ()
    escalate_label: str = ""
    escalate_after: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class CommandRule:
    """Who may give which commands. Empty `rings` or `runbooks` match all; a cluster in no ring matches only those."""

    people: tuple[str, ...]
    may: frozenset[str]
    rings: frozenset[str] = frozenset()
    runbooks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """Who there is. A tenant or team that is empty makes its ids nobody's."""

    entra_tenant: str = ""
    slack_team: str = ""
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. A section that is None switches its runbook off.

    `hash` names the content: the first 12 hexadecimal digits of its SHA-256, the same for documents that say the same.
    """

    fleet: FleetSettings
    windows: Mapping[str, Window]
    freezes: tuple[Freeze, ...]
    node_image: NodeImageSettings | None
    chat: ChatSettings
    hash: str
    reboot: RebootSettings | None = None
    power: tuple[Schedule, ...] = ()
    spot: SpotSettings | None = None
    budgets: tuple[Budget, ...] = ()
    people: PeopleSettings = field(default_factory=PeopleSettings)
    approvals: tuple[ApprovalRule, ...] = ()
    commands: tuple[CommandRule, ...] = ()
