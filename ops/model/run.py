"""The records of runs and rollouts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ops.model.outcome import Progress
from ops.model.plan import Plan, Skip


class State(StrEnum):
    """The state of a run or rollout. Messages, pages, the command line and the API use the same words."""

    WAITING = "waiting"
    NEEDS_YOU = "needs you"
    RUNNING = "running"
    DONE = "done"
    HALTED = "halted"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self in (State.DONE, State.HALTED, State.FAILED, State.SKIPPED)


class StepState(StrEnum):
    """The state of a step."""

    PLANNED = "planned"
    INTENDED = "intended"  # recorded before the first call; after a crash, the call may or may not have been made
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LEFT = "left"  # never begun: the run ended or yielded first
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The record of one step. `token` is secret."""

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
    """One execution of a runbook on one target, with one message and one id.

    `channels` lists where its messages are posted, as `chat|channel`; a chat without an entry uses its default channel.
    `approval` is the id of the request that the run waits for or that approved it; `approved` says who approved it, and when.
    `obstacle` is why its last attempt to begin a step was given up, as the system that refused it wrote; empty once a step is done.
    `ring` is empty if the cluster is not in a ring, or if the run does not concern a cluster. `batch` is as in `RunRequest`.
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
    batch: str = ""
    channels: tuple[str, ...] = ()
    approval: str = ""
    approved: str = ""
    acted: bool = False
    began: datetime | None = None
    ended: datetime | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    obstacle: str = ""

    @property
    def shares_request_with(self) -> str:
        """The batch or the rollout whose runs share a request for approval; empty if the run has a request of its own."""
        return self.batch or self.rollout

    def step(self, step_id: str) -> StepRecord:
        """Returns the record of a step in the current plan.

        Raises:
            KeyError: the plan has no such step.
        """
        for record in self.steps:
            if record.id == step_id:
                return record
        raise KeyError(step_id)


@dataclass(frozen=True, slots=True)
class RingTargets:
    """A ring of a rollout: its targets (id, name), and the time after which it no longer delays the next ring."""

    name: str
    targets: tuple[tuple[str, str], ...]
    open_until: datetime | None


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """The targets of a rollout, their order, its end, and how many of its runs can fail without halting it."""

    runbook: str
    period: str
    rings: tuple[RingTargets, ...]
    failure_budget: int
    ends: datetime
    watched: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rollout:
    """One runbook's runs across rings."""

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
    """A run as shown by its rollout and in lists."""

    id: str
    target: str
    target_name: str
    state: State
    acted: bool
    why: str
    code: str
