"""Runs, rollouts and their controls."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.run import Rollout, Run, StepState
from ops.model.run_request import short_hash
from ops.ports.store import Store
from ops.tables.base import Table, marked

# An index of unfinished runs, so that a chat command does not read every run that was ever recorded.
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Control:
    """What people (or a halted rollout) have requested for a run. Each step reads it first, so a lost event never loses a request.

    `commands` are the last chat commands that were applied, so that one that is delivered again has no effect.
    """

    cancelled_by: str = ""
    paused_by: str = ""
    why: str = ""
    at: datetime | None = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnpublishedEnd:
    """The end of a run that has not been published as an event yet, and the time since which it has been waiting."""

    target: str
    runbook: str
    state: str
    why: str
    since: datetime


def unpublished_ends(store: Store) -> Table[UnpublishedEnd]:
    """Ends of runs that have not been published yet, by run."""
    return Table(store, "unpublished-end", UnpublishedEnd)


def runs(store: Store) -> Table[Run]:
    """All runs, by id."""
    return Table(store, "run", Run)


def rollouts(store: Store) -> Table[Rollout]:
    """All rollouts, by id."""
    return Table(store, "rollout", Rollout)


def controls(store: Store) -> Table[Control]:
    """The controls of runs and rollouts, by id."""
    return Table(store, "control", Control)


# States in which a temporary step has an effect that its run still has to undo.
_IN_EFFECT = (StepState.INTENDED, StepState.RUNNING, StepState.DONE, StepState.UNDOING)


def temporary_holder(store: Store, target: str) -> str:
    """Returns the id of a run that has not ended and must still undo something on the cluster; empty if there is none.

    It counts even if its lease has expired: the engine may have lost it, and it continues once it is recovered.

    Raises:
        UnreadableError: a run on this cluster that has not ended cannot be read, so it is unknown whether it holds anything.
    """
    of_target = f"-{short_hash(target)}."
    for key in marked(store, LIVE):
        stored = runs(store).get(key) if of_target in key else None
        if stored is not None and _holds_temporarily(stored.value):
            return key
    return ""


def _holds_temporarily(run: Run) -> bool:
    steps = run.plan.steps if run.plan is not None else ()
    return not run.state.is_final and any(step.temporary and run.step(step.id).state in _IN_EFFECT for step in steps)
