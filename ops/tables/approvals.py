"""Approval requests, their tokens, and the delivered votes."""

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
    """Returns the id of a request."""

    approval: str


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """The reply to one delivered vote."""

    result: str
    text: str
    at: datetime


def approvals(store: Store) -> Table[Approval]:
    """Requests for approval, by id."""
    return Table(store, "approval", Approval)


def request_tokens(store: Store) -> Table[RequestToken]:
    """Request tokens: the random strings in buttons and links, and the requests that they refer to."""
    return Table(store, "request-token", RequestToken)


def open_requests(store: Store) -> Table[OpenRequest]:
    """The request that the ring's next run can join, by `rollout|ring`."""
    return Table(store, "open-request", OpenRequest)


def attempts(store: Store) -> Table[AttemptRecord]:
    """The reply to each delivered vote, by the hash of its event: a repeated delivery gets the same reply."""
    return Table(store, "attempt", AttemptRecord)
