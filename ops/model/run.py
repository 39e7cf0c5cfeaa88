"""Runs and rollouts: what is recorded of them, in the words that people read everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ops.model.outcome import Progress
from ops.model.plan import Plan, Skip


class State(StrEnum):
    """The same word everywhere: message, page, command line, API."""

    WAITING = "waiting"
    NEEDS_YOU = "needs you"
    RUNNING = "running"
    DONE = "done"
    HALTED = "halted"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows."""
        return self in (State.DONE, State.HALTED, State.FAILED, State.SKIPPED)


class StepState(StrEnum):
    """Where a step is."""

    PLANNED = "planned"
    INTENDED = "intended"  # recorded before the first call, so that a killed process knows that it may have happened
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LEFT = "left"  # not begun: the run ended or yielded before it
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What happened to one step. `token` is secret."""

    id: str
    title: str
    state: StepState = StepState.PLANNED
    token: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    progress: Progress | None = None
    expected_end: datetime | None = None
    evidence: str = ""
    why: str = ""
    verifying_since: datetime | None = None
    undo_failed: bool = False
    failed: bool = False
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a runbook on one target; it has one message, one page, one id.

    `channels` are where its messages go, as `chat|channel`; where a chat has none of them, to its own. `approval` is the
    id of the request that it waits for or goes on by, `approved` says by whom and when. `ring` is empty where its cluster
    is in none, or where it is about none.
    """

    id: str
    runbook: str
    target: str
    target_name: str
    period: str
    created: datetime
    source: str
    by: str
    rollout: str = ""
    state: State = State.WAITING
    headline: str = ""
    why: str = ""
    code: str = ""
    remedy: str = ""
    lines: tuple[str, ...] = ()
    notify: bool = False
    until: datetime | None = None
    plan: Plan | None = None
    plan_hash: str = ""
    steps: tuple[StepRecord, ...] = ()
    finished: tuple[StepRecord, ...] = ()
    skips: tuple[Skip, ...] = ()
    facts_ref: str = ""
    config_hash: str = ""
    version: int = 1
    dry_run: bool = False
    ring: str = ""
    channels: tuple[str, ...] = ()
    approval: str = ""
    approved: str = ""
    acted: bool = False
    began: datetime | None = None
    ended: datetime | None = None
    params: Mapping[str, str] = field(default_factory=dict)

    def step(self, step_id: str) -> StepRecord:
        """The record of a step of today's plan. Raises KeyError."""
        for record in self.steps:
            if record.id == step_id:
                return record
        raise KeyError(step_id)


@dataclass(frozen=True, slots=True)
class RingTargets:
    """A ring of a rollout: its targets (id, name) and the instant at which it no longer holds up the next ring."""

    name: str
    targets: tuple[tuple[str, str], ...]
    open_until: datetime | None


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """Which targets, in which order, until when, with how many failures allowed."""

    runbook: str
    period: str
    rings: tuple[RingTargets, ...]
    failure_budget: int
    ends: datetime
    watched: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rollout:
    """Runs of one runbook across rings."""

    id: str
    plan: RolloutPlan
    created: datetime
    state: State = State.RUNNING
    rings_begun: int = 0
    why: str = ""
    until: datetime | None = None
    ended: datetime | None = None
    config_hash: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as the rollout and the lists see it."""

    id: str
    target: str
    target_name: str
    state: State
    acted: bool
    why: str
    code: str
