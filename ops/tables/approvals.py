"""Approval requests, their tokens and the votes that were delivered."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.approval import Approval
from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class RequestToken:
    """The request that a button or link belongs to."""

    approval: str


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """The id of a request."""

    approval: str


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """The answer to one delivered vote."""

    result: str
    text: str
    at: datetime


def approvals(store: Store) -> Table[Approval]:
    """Requests for approval, by id."""
    return Table(store, "approval", Approval)


def request_tokens(store: Store) -> Table[RequestToken]:
    """Request tokens: what the random strings in buttons and links refer to."""
    return Table(store, "request-token", RequestToken)


def open_requests(store: Store) -> Table[OpenRequest]:
    """The request that the next run of a ring may join, by `rollout|ring`."""
    return Table(store, "open-request", OpenRequest)


def attempts(store: Store) -> Table[AttemptRecord]:
    """The answer to each delivered vote, by the hash of its event: a repeated delivery gets the same answer."""
    return Table(store, "attempt", AttemptRecord)
