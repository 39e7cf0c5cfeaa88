"""Private answers: one attempt at once; what the chat does not take then, a later tick sends while the address is good."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.model.json import Json
from ops.ports.bundle import Ports
from ops.ports.errors import OutsideError, TryLaterError
from ops.tables.base import Table

_LOG = logging.getLogger(__name__)
# Slack's response_url serves for 30 minutes from the press.
_GOOD_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class PendingReply:
    """An answer that nobody has heard yet, as JSON. The address is a secret: who has it may answer."""

    address: str
    content: str
    until: datetime


def reply_now(ports: Ports, event: str, address: str, content: Mapping[str, Json]) -> None:
    """Sends it, or keeps it for later under the event's name. Never raises: what was decided stays decided."""
    if not address:
        return
    try:
        ports.answers.answer(address, content)
    except TryLaterError as error:
        _LOG.warning("an answer is kept for later: %s", error)
        reply_later(ports, event, address, content)
    except OutsideError as error:
        _LOG.warning("an answer could not be given: %s", error)


def reply_later(ports: Ports, event: str, address: str, content: Mapping[str, Json]) -> None:
    """Keeps it for the next tick, for a chat that has just shown that it does not answer. Never raises."""
    if address:
        _keep(ports, event, PendingReply(address, json.dumps(content), ports.clock.now() + _GOOD_FOR))


def flush_replies(ports: Ports) -> int:
    """Sends what was kept, and forgets what is too late or refused; how many still wait."""
    waiting = 0
    table = _pending(ports)
    for stored in list(table.scan()):
        if ports.clock.now() < stored.value.until and not _sent(ports, stored.value):
            waiting += 1
        else:
            table.delete(stored.key)
    return waiting


def _sent(ports: Ports, pending: PendingReply) -> bool:
    try:
        ports.answers.answer(pending.address, json.loads(pending.content))
    except TryLaterError:
        return False
    except OutsideError as error:
        _LOG.warning("an answer could not be given: %s", error)
    return True


def _keep(ports: Ports, event: str, pending: PendingReply) -> None:
    try:
        _pending(ports).insert(event, pending)
    except OutsideError as error:
        _LOG.warning("an answer could not be kept: %s", error)


def _pending(ports: Ports) -> Table[PendingReply]:
    return Table(ports.store, "answer", PendingReply)
