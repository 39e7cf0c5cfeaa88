"""The section `commands` (docs/approvals.md)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from ops.settings.fields import People, RingName, RunbookName
from ops.settings.part import Part, Section


class CommandRule(Part, frozen=True):
    """Who can use which commands, for which clusters and runbooks."""

    people: Annotated[People, Meta(description="A group, a person, or a list of both.")] = field(name="from")
    allow: Annotated[
        frozenset[Literal["run", "awake", "skip", "pause", "resume", "cancel"]],
        Meta(min_length=1, description="The commands that these people can use.", examples=[["awake", "skip"]]),
    ]
    rings: Annotated[
        frozenset[RingName],
        Meta(
            min_length=1,
            description="The rule applies only to clusters in these rings. Default: to every cluster, even one that is not in a ring.",
            examples=[["pre-production"]],
        ),
    ] = frozenset()
    runbooks: Annotated[
        frozenset[RunbookName],
        Meta(
            min_length=1,
            description="The rule applies only to these runbooks. Default: to all.",
            examples=[["node-image"]],
        ),
    ] = frozenset()
    example: ClassVar[Mapping[str, object]] = {"from": "platform", "allow": ["awake", "skip"]}


COMMANDS: Section[tuple[CommandRule, ...]] = Section(
    "commands",
    tuple[CommandRule, ...],
    (
        "Who can use which commands in a chat. Everyone under `people` can use plan, why, status and help. "
        "Without a rule, the other commands are refused."
    ),
    docs="approvals.md",
    absent=(),
    renamed={"[].may": "allow"},
)
