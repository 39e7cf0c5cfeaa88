"""Approval requests, their tokens and the votes that were delivered."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.approval import Approval
from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class RequestToken:
    """The request that a button or link was made for."""

    approval: str


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """The id of a request."""

    approval: str


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """What was answered to one event."""

    result: str
    text: str
    at: datetime


def approvals(store: Store) -> Table[Approval]:
    """Requests for approval by id."""
    return Table(store, "approval", Approval)


def request_tokens(store: Store) -> Table[RequestToken]:
    """What the random words of buttons and links name."""
    return Table(store, "request-token", RequestToken)


def open_requests(store: Store) -> Table[OpenRequest]:
    """The request that a ring's next run may join, by `rollout|ring`."""
    return Table(store, "open-request", OpenRequest)


def attempts(store: Store) -> Table[AttemptRecord]:
    """What came of each delivered press, by its event's hash: the same again gets the same answer."""
    return Table(store, "attempt", AttemptRecord)
