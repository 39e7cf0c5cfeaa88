"""The whole configuration as the code uses it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from ops.model.calendar import Freeze, Window
from ops.model.people import Person
from ops.settings.approval import Approvable, ApprovalRule
from ops.settings.chat import Route
from ops.settings.fleet import FleetSettings
from ops.settings.part import Section
from ops.settings.people import CommandRule
from ops.settings.slack import SLACK
from ops.settings.teams import TEAMS, TEAMS_BOT, TeamsBotSettings

_NONE: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """Who may act. With an empty tenant or team, its ids identify no one."""

    entra_tenant: str = ""
    slack_team: str = ""
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Where messages go: the section of each chat that is configured, and when the weekly digest is posted."""

    sections: Mapping[str, object] = field(default=_NONE)
    digest: Window | None = None

    def get[T](self, section: Section[T]) -> T:
        """A chat's section, or its value if it is left out."""
        return cast("T", self.sections.get(section.name, section.absent))

    @property
    def slack_channel(self) -> str | None:
        """The Slack channel; None without Slack."""
        slack = self.get(SLACK)
        return None if slack is None else slack.channel

    @property
    def slack_routes(self) -> tuple[Route, ...]:
        """The Slack channels of some clusters."""
        slack = self.get(SLACK)
        return () if slack is None else slack.routes

    @property
    def teams_envelope(self) -> str | None:
        """What the Teams workflow expects; None without one."""
        teams = self.get(TEAMS)
        return None if teams is None else teams.envelope

    @property
    def teams_bot(self) -> TeamsBotSettings | None:
        """The Teams bot."""
        return self.get(TEAMS_BOT)


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. `sections` holds the runbooks' sections by name; without its section a runbook is off.

    `hash` identifies the content: the first 12 hexadecimal digits of its SHA-256, equal for documents that say the same.
    """

    fleet: FleetSettings
    windows: Mapping[str, Window] = field(default_factory=dict)
    freezes: tuple[Freeze, ...] = ()
    chat: ChatSettings = field(default_factory=ChatSettings)
    people: PeopleSettings = field(default_factory=PeopleSettings)
    commands: tuple[CommandRule, ...] = ()
    sections: Mapping[str, object] = field(default=_NONE)
    hash: str = ""

    def get[T](self, section: Section[T]) -> T:
        """A runbook's section, or its value if it is left out."""
        return cast("T", self.sections.get(section.name, section.absent))

    def approval_rules(self, runbook: str) -> tuple[ApprovalRule, ...]:
        """A runbook's approval rules, in their order."""
        section = self.sections.get(runbook)
        return section.approval if isinstance(section, Approvable) else ()

    @property
    def has_approvals(self) -> bool:
        """Whether a plan of any runbook may need approval."""
        return any(self.approval_rules(runbook) for runbook in self.sections)
