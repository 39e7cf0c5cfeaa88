"""Runs, rollouts and their controls."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.run import Rollout, Run
from ops.ports.store import Store
from ops.tables.base import Table

# The index of runs that have not ended, so that a person's question need not read every run that ever was.
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Control:
    """What people (or a rollout that halted) want of a run; read between steps, so no event can lose it."""

    cancelled_by: str = ""
    paused_by: str = ""
    why: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnpublishedEnd:
    """The end of a run that other programs have not been told yet, since when."""

    target: str
    runbook: str
    state: str
    why: str
    since: datetime


def unpublished_ends(store: Store) -> Table[UnpublishedEnd]:
    """Ends that are still to be told, by run.

    Not under "unpublished": records of that kind, of another shape, may lie in a store since an earlier version.
    """
    return Table(store, "unpublished-end", UnpublishedEnd)


def runs(store: Store) -> Table[Run]:
    """All runs, by id."""
    return Table(store, "run", Run)


def rollouts(store: Store) -> Table[Rollout]:
    """All rollouts, by id."""
    return Table(store, "rollout", Rollout)


def controls(store: Store) -> Table[Control]:
    """What is wanted of a run or rollout, by its id."""
    return Table(store, "control", Control)
