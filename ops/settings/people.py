"""The sections `identity`, `people`, `groups` and `commands` (docs/approvals.md)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, field

from ops.model.people import Person
from ops.settings.fields import Guid, Member, People, PersonName, RingName, RunbookName
from ops.settings.part import Finding, Part, Section

# A chat's key in a person's entry, the key in `identity` that it needs, and what that key names.
_KINDS = (("slack", "slack-team", "workspace"), ("entra", "entra-tenant", "tenant"))


SlackTeam = Annotated[str, Meta(pattern="^[TE][A-Z0-9]{3,20}$")]
SlackUser = Annotated[str, Meta(pattern="^[UW][A-Z0-9]{3,20}$")]


class IdentitySettings(Part, frozen=True):
    """Where people's ids come from."""

    entra_tenant: Annotated[
        Guid | None,
        Meta(
            description="The id of the Entra tenant. Without it the ids under `entra` identify no one.",
            examples=["11111111-1111-1111-1111-111111111111"],
        ),
    ] = None
    slack_team: Annotated[
        SlackTeam | None,
        Meta(
            description="The id of the Slack workspace. Without it the ids under `slack` identify no one.",
            examples=["T0123ABCD"],
        ),
    ] = None


class PersonEntry(Part, frozen=True):
    """The ids of a person, at least one."""

    entra: Annotated[
        Guid | None,
        Meta(
            description="The object id in the tenant. An e-mail address is not accepted: it can be given to another person.",
            examples=["aaaaaaaa-0000-0000-0000-000000000001"],
        ),
    ] = None
    slack: Annotated[SlackUser | None, Meta(description="The user id in the workspace.", examples=["U0123ABCD"])] = None
    example: ClassVar[Mapping[str, object]] = {"entra": "aaaaaaaa-0000-0000-0000-000000000001", "slack": "U0123ABCD"}
    constraints: ClassVar[Mapping[str, object]] = {"minProperties": 1}

    def person(self, name: str) -> Person:
        """The person of this name."""
        return Person(name, self.slack or "", (self.entra or "").casefold())

    def findings(self) -> Iterator[Finding]:
        """Reports a person without an id."""
        if self.entra is None and self.slack is None:
            yield Finding((), {}, "this is empty", "write it as in {slack: U0123ABCD}")


class CommandRule(Part, frozen=True):
    """Who may give which commands, for which clusters and runbooks."""

    people: Annotated[People, Meta(description="A group, a person, or a list of both.")] = field(name="from")
    allow: Annotated[
        frozenset[Literal["run", "awake", "skip", "pause", "resume", "cancel"]],
        Meta(min_length=1, description="The commands that they may give.", examples=[["awake", "skip"]]),
    ]
    rings: Annotated[
        frozenset[RingName],
        Meta(
            min_length=1,
            description="Only for clusters of these rings. Default: every cluster, also one that is not in a ring.",
            examples=[["pre-production"]],
        ),
    ] = frozenset()
    runbooks: Annotated[
        frozenset[RunbookName],
        Meta(min_length=1, description="Only for these runbooks. Default: all.", examples=[["node-image"]]),
    ] = frozenset()
    example: ClassVar[Mapping[str, object]] = {"from": "platform", "allow": ["awake", "skip"]}


def _check_people(people: Mapping[str, PersonEntry], others: Mapping[str, Any]) -> Iterator[Finding]:
    """An id that two people share is refused: it would be unknown who decided."""
    holders: dict[str, str] = {}
    for name, entry in people.items():
        person = entry.person(name)
        for kind, own in (("slack", person.slack), ("entra", person.entra)):
            if own and holders.setdefault(own, name) != name:
                yield Finding((name, kind), own, f"{holders[own]} already has this id", "give each person their own")
    identity = others.get("identity")
    for kind, key, what in _KINDS:
        is_needed = any(getattr(entry, kind) for entry in people.values())
        if is_needed and identity is not None and getattr(identity, key.replace("-", "_")) is None:
            wrong = f"people have {kind} ids, and their {what} is not set"
            yield Finding((), "", wrong, f"add identity: {{{key}: …}}")


def _check_groups(groups: Mapping[str, tuple[str, ...]], others: Mapping[str, Any]) -> Iterator[Finding]:
    for name in groups:
        if name in others.get("people", ()):
            yield Finding((name,), name, "a person has this name", "give the group another name")


IDENTITY: Section[IdentitySettings] = Section(
    "identity",
    IdentitySettings,
    "Where people's ids come from. Without it Daytwo recognizes no one.",
    docs="approvals.md",
    absent=IdentitySettings(),
)
PEOPLE: Section[Mapping[str, PersonEntry]] = Section(
    "people",
    dict[PersonName, PersonEntry],
    "People by the one name that is used everywhere, with the ids by which the chats know them.",
    docs="approvals.md",
    absent={},
    check=_check_people,
)
GROUPS: Section[Mapping[str, tuple[str, ...]]] = Section(
    "groups",
    dict[
        PersonName,
        Annotated[
            tuple[Member, ...],
            Meta(
                description="The members; an empty list is a group without members.",
                examples=[["ana", "ben"]],
                extra_json_schema={"uniqueItems": True},
            ),
        ],
    ],
    "People by the name of a group. Rules can name a group instead of people.",
    docs="approvals.md",
    absent={},
    check=_check_groups,
)
COMMANDS: Section[tuple[CommandRule, ...]] = Section(
    "commands",
    tuple[CommandRule, ...],
    (
        "Who may give which commands in a chat. Everyone under `people` may use plan, why, status and help. "
        "Without a rule the other commands are refused."
    ),
    docs="approvals.md",
    absent=(),
    renamed={"[].may": "allow"},
)
