"""Replies that only one person sees. Each is sent immediately; if that fails, timers retry for as long as the address is valid."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from ops.model.json import Json
from ops.model.message import Message
from ops.ports.bundle import Ports
from ops.ports.chat import Replies
from ops.ports.errors import OutsideError, RejectedError, TryLaterError
from ops.tables.base import Stored, Table
from ops.tables.set_aside import each

_LOG = logging.getLogger(__name__)
# The shortest lifetime of an address that a chat issues, counted from the vote or command.
_GOOD_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class PendingReply:
    """A reply that has not been delivered yet, as JSON. The address is a secret: anyone who has it can reply."""

    address: str
    content: str
    until: datetime


def reply_now(ports: Ports, event: str, address: str, content: Mapping[str, Json]) -> None:
    """Sends the reply, or stores it under the event's name for a later attempt. Never raises: a failed reply must not undo a decision."""
    if not address:
        return
    try:
        _replies(ports, address).send(address, content)
    except TryLaterError as error:
        _LOG.warning("A reply could not be sent and is kept for later: %s", error)
        reply_later(ports, event, address, content)
    except OutsideError as error:
        _LOG.warning("A reply could not be sent: %s", error)


def reply_later(ports: Ports, event: str, address: str, content: Mapping[str, Json]) -> None:
    """Stores the reply for the next timer after the chat has failed to respond. Never raises."""
    if address:
        _keep(ports, event, PendingReply(address, json.dumps(content), ports.clock.now() + _GOOD_FOR))


def send_reply(ports: Ports, address: str, message: Message) -> None:
    """Sends the reply once, in the format of the chat that issued the address. Raises the same errors as `Replies.send`."""
    replies = _replies(ports, address)
    replies.send(address, replies.render(message))


def flush_replies(ports: Ports) -> int:
    """Sends the stored replies, and deletes those that have expired or were refused; returns the number still waiting."""
    table = _pending(ports)
    pending, done = list(table.scan()), []

    silent: set[str] = set()

    def flush(stored: Stored[PendingReply]) -> None:
        host = urlsplit(stored.value.address).netloc
        is_over = ports.clock.now() >= stored.value.until
        if not is_over and host in silent:
            return  # each attempt takes seconds, and hundreds may be waiting for the same host
        if is_over or _sent(ports, stored.value):
            table.delete(stored.key)
            done.append(stored.key)
        else:
            silent.add(host)

    each(ports.store, "replies", pending, flush, lambda stored: stored.key)
    return len(pending) - len(done)


def _replies(ports: Ports, address: str) -> Replies:
    """Returns the way to reply to this address.

    Raises:
        RejectedError: no chat accepts it.
    """
    for replies in ports.replies:
        if replies.accepts(address):
            return replies
    raise RejectedError("ForeignAddress", "replying: the address does not belong to a connected chat")


def _sent(ports: Ports, pending: PendingReply) -> bool:
    try:
        _replies(ports, pending.address).send(pending.address, json.loads(pending.content))
    except TryLaterError:
        return False
    except OutsideError as error:
        _LOG.warning("A reply could not be sent: %s", error)
    return True


def _keep(ports: Ports, event: str, pending: PendingReply) -> None:
    try:
        _pending(ports).insert(event, pending)
    except OutsideError as error:
        _LOG.warning("A reply could not be kept: %s", error)


def _pending(ports: Ports) -> Table[PendingReply]:
    return Table(ports.store, "answer", PendingReply)
