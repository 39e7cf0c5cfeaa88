"""Who approves a runbook's plans (docs/approvals.md, rules 1 to 5): the key `approval` of a runbook's section."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Annotated, ClassVar, Literal, Self, get_args

from msgspec import Meta, convert, field

from ops.settings.fields import Duration, FieldType, Names, People, RingName, Schema, WindowRef, read_field
from ops.settings.part import Finding, Part

Risk = Literal["surge", "in-place", "forced", "drain"]
RISKS: tuple[str, ...] = get_args(Risk)


class ApprovalRule(Part, frozen=True):
    """One rule: which plans it applies to, who approves them, and how long they have."""

    approvers: Annotated[
        People,
        Meta(
            description="Who can approve: a group, a person, or a list of both. With an empty list, no one can approve.",
        ),
    ] = field(name="from")
    rings: Annotated[
        frozenset[RingName],
        Meta(
            min_length=1,
            description="The rings to which the rule applies. Default: all rings, and clusters that are not in a ring.",
            examples=[["production"]],
        ),
    ] = frozenset()
    risks: Annotated[
        frozenset[Risk],
        Meta(
            min_length=1,
            description=(
                "The risks to which the rule applies: `surge` (AKS adds a node before it replaces one), `in-place` (a pool in "
                "the plan is upgraded without an extra node: a spot pool, or maxSurge 0), `forced` (AKS drains through PDBs, because "
                "`forceUpgrade` is set on the cluster), `drain` (a node is drained and restarted). A plan that is `forced` also needs "
                "the approval of a rule for `surge` or `in-place`, unless a rule names `forced`. "
                "Default: all."
            ),
            examples=[["drain"]],
        ),
    ] = field(name="risk", default=frozenset())
    of: Annotated[
        int,
        Meta(
            ge=1,
            le=20,
            description="How many different people must approve. Default: 1, so that a night does not depend on two people.",
            examples=[2],
        ),
    ] = 1
    own_runs: Annotated[
        Literal["allow", "deny"] | None,
        Meta(
            description=(
                "Whether the person who requested a run can approve it. Default: `deny` in the last ring, which is production, "
                "`allow` elsewhere."
            ),
            examples=["deny"],
        ),
    ] = field(name="self", default=None)
    hours: Annotated[
        WindowRef | None,
        Meta(
            description="The name of the window in which requests are sent. Default: requests are sent at any time.",
            examples=["office"],
        ),
    ] = None
    expires_after: Annotated[
        Duration,
        Meta(
            description=(
                "How long after the request people can approve. Default: 24h, because a plan is outdated after a day and should "
                "be made again."
            ),
            examples=["12h"],
        ),
    ] = field(default_factory=partial(Duration.of, "24h"))
    remind_before: Annotated[
        Duration,
        Meta(
            description="How long before the request expires a reminder is sent. Default: 1h, which leaves time to find someone.",
            examples=["30m"],
        ),
    ] = field(default_factory=partial(Duration.of, "1h"))
    escalate_to: Annotated[
        People,
        Meta(
            description="Who else can approve after `escalate-after`. Default: no escalation.",
            examples=["leads"],
        ),
    ] = field(default_factory=People)
    escalates: Annotated[
        Duration | None,
        Meta(
            description="How long after the request these people are asked. Default: half of `expires-after`.",
            examples=["4h"],
        ),
    ] = field(name="escalate-after", default=None)
    example: ClassVar[Mapping[str, object]] = {"rings": ["production"], "from": "platform"}

    @property
    def label(self) -> str:
        """The approvers, as written in the file."""
        return self.approvers.label

    @property
    def self_approval(self) -> bool | None:
        """Whether requesters can approve their own runs; None if the ring decides."""
        return None if self.own_runs is None else self.own_runs == "allow"

    @property
    def escalate_after(self) -> timedelta:
        """The time from the request to its escalation."""
        return self.expires_after / 2 if self.escalates is None else self.escalates

    def findings(self) -> Iterator[Finding]:
        """Reports rules that need more approvals than there are approvers, and reminders that would come too late."""
        most = len({*self.approvers, *self.escalate_to})
        if self.approvers and self.of > most:
            wrong, remedy = f"{most} can approve, fewer than are needed", f"write {most} or less, or name more people"
            yield Finding(("of",), None, wrong, remedy)
        for key, length in (("remind-before", self.remind_before), ("escalate-after", self.escalate_after)):
            if length >= self.expires_after:
                yield Finding((key,), None, "the request has expired by then", "write a shorter time")


class Approvals(FieldType, tuple[ApprovalRule, ...]):
    """One rule, or a list of rules; the first matching rule applies."""

    __slots__ = ()
    format_name = "daytwo-approvals"

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        rules = written if isinstance(written, list) else [written]
        hook = partial(_read_field, names)
        return cls(convert(rules, Annotated[tuple[ApprovalRule, ...], Meta(min_length=1)], dec_hook=hook))

    @classmethod
    def schema(cls, names: Names) -> Schema:
        rule = {"$ref": "#/$defs/ApprovalRule"}
        return {
            "if": {"type": "array"},
            "then": {"minItems": 1, "items": rule, "examples": [[ApprovalRule.example]]},
            "else": rule,
            "examples": [ApprovalRule.example, [ApprovalRule.example]],
        }

    @classmethod
    def stand_in(cls) -> Self:
        return cls()


class Approvable(Part, frozen=True, kw_only=True):
    """The section of a runbook whose plans can need approval.

    If it `inherits_approval` and has no rule of its own, the rules of the other runbooks apply, whatever the risk.
    """

    inherits_approval: ClassVar[bool] = False
    approval: Annotated[
        Approvals,
        Meta(
            description=(
                "Who approves before anything is executed (docs/approvals.md): one rule, or a list of rules; the first "
                "matching rule applies. Default: no approval."
            ),
        ),
    ] = field(default_factory=Approvals)


def _read_field(names: Names, kind: type[FieldType], written: object) -> object:
    return read_field(kind, written, names)
