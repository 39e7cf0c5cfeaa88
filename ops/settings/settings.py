"""The whole configuration as the code uses it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from msgspec import structs

from ops.model.calendar import Freeze, Window
from ops.model.people import Person
from ops.settings.approval import Approvable, ApprovalRule
from ops.settings.commands import CommandRule
from ops.settings.fleet import FleetSettings
from ops.settings.part import Section

_NONE: Mapping[str, object] = MappingProxyType({})
_NO_TENANTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """The known people. `tenants` holds the issuer of each kind of id; ids of a kind that has no issuer are ignored."""

    tenants: Mapping[str, str] = field(default=_NO_TENANTS)
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Where messages are posted: the section of each configured chat, and when the weekly digest is posted."""

    sections: Mapping[str, object] = field(default=_NONE)
    digest: Window | None = None

    def get[T](self, section: Section[T]) -> T:
        """Returns a chat's section, or its default if it is left out."""
        return cast("T", self.sections.get(section.name, section.absent))


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. `sections` holds the runbooks' sections by name; a runbook without its section is off.

    `hash` identifies the content: the first 12 hexadecimal digits of its SHA-256, equal for documents with the same meaning.
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
        """Returns a runbook's section, or its default if it is left out."""
        return cast("T", self.sections.get(section.name, section.absent))

    def approval_rules(self, runbook: str) -> tuple[ApprovalRule, ...]:
        """Returns a runbook's approval rules, in order; those that it inherits are ordered by how many people must approve, most first."""
        section = self.sections.get(runbook)
        if not isinstance(section, Approvable):
            return ()
        return section.approval or (self._inherited_rules() if section.inherits_approval else ())

    @property
    def own_approval_rules(self) -> Mapping[str, tuple[ApprovalRule, ...]]:
        """The rules of each runbook that has rules of its own."""
        approvable = {name: each.approval for name, each in self.sections.items() if isinstance(each, Approvable)}
        return {name: rules for name, rules in approvable.items() if rules}

    def _inherited_rules(self) -> tuple[ApprovalRule, ...]:
        rules = (rule for own in self.own_approval_rules.values() for rule in own)
        for_all_risks = (structs.replace(rule, risks=frozenset()) for rule in rules)
        return tuple(sorted(for_all_risks, key=lambda rule: rule.of, reverse=True))

    @property
    def has_approvals(self) -> bool:
        """Whether a plan of any runbook can need approval."""
        return bool(self.own_approval_rules)
