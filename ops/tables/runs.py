"""Runs, rollouts and their controls."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.run import Rollout, Run
from ops.ports.store import Store
from ops.tables.base import Table

# An index of unfinished runs, so that a chat command does not read every run that was ever recorded.
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Control:
    """What people (or a halted rollout) have requested for a run. Each step reads it first, so a lost event never loses a request."""

    cancelled_by: str = ""
    paused_by: str = ""
    why: str = ""
    at: datetime | None = None


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
