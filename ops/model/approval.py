"""A request for approval: its parts, who can decide it, and the result (docs/approvals.md)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ops.model.plan import Plan

#: The maximum length of a reason, in characters, at every endpoint.
LONGEST_REASON = 300


class ApprovalState(StrEnum):
    """The state of a request."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"

    @property
    def is_decided(self) -> bool:
        """Whether the request can no longer be decided."""
        return self is not ApprovalState.PENDING


class Choice(StrEnum):
    """A person's vote."""

    APPROVE = "approve"
    REJECT = "reject"


class PartState(StrEnum):
    """The state of one run's part of a request."""

    ASKED = "asked"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Part:
    """One run's part of a request: its plan. `why` says why it was withdrawn, or what has changed since an earlier request."""

    run: str
    target: str
    target_name: str
    plan: Plan
    opens: datetime | None = None
    state: PartState = PartState.ASKED
    why: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's approval."""

    person: str
    endpoint: str
    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The reply to a vote that had an effect. `event` identifies the vote's delivery."""

    event: str
    result: str
    text: str


@dataclass(frozen=True, slots=True)
class Approval:
    """One request for approval.

    `token` is the random string in its buttons and link. `revision` counts the changes to its content. `approvers` and
    `needed` are recorded when people are asked, and are only displayed: each vote is checked against the current configuration.
    """

    id: str
    runbook: str
    ring: str
    parts: tuple[Part, ...]
    created: datetime
    asks_at: datetime
    expires: datetime
    remind_at: datetime
    token: str
    escalate_at: datetime | None = None
    requester: str = ""
    requester_known: bool = True
    rollout: str = ""
    revision: int = 1
    approvers: tuple[str, ...] = ()
    escalated_to: tuple[str, ...] = ()
    needed: int = 1
    state: ApprovalState = ApprovalState.PENDING
    votes: tuple[Vote, ...] = ()
    decided_by: str = ""
    decided_via: str = ""
    decided_at: datetime | None = None
    why: str = ""
    asked: bool = False
    reminded: bool = False
    escalated: bool = False
    channels: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()

    @property
    def active_parts(self) -> tuple[Part, ...]:
        """The parts that are neither superseded nor cancelled."""
        return tuple(part for part in self.parts if part.state is PartState.ASKED)

    def part(self, run: str) -> Part | None:
        """Returns a run's part, or None if the run is not part of the request."""
        return next((part for part in self.parts if part.run == run), None)
