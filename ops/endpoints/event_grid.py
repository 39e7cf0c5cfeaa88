"""Receives events from Event Grid, in either schema. An event is only a hint: the resource is read before anything is done."""

import hashlib
import json
import reprlib
from collections.abc import Mapping
from datetime import datetime

from ops.context import Context
from ops.endpoints.cloud_events import CloudNotice, read_event
from ops.endpoints.eviction_notices import EvictionNotice, is_eviction, read_notice
from ops.endpoints.evictions import take_notice
from ops.endpoints.json_reader import NotJsonError, clean_json
from ops.model.azure_names import azure_key
from ops.model.ledger import Entry
from ops.model.run_request import short_hash, slug
from ops.runbooks import runbooks
from ops.tables.runs import runs

_ROLLING = "microsoft.containerservice.nodepoolrolling"
_KEPT_CHARACTERS = 4_000
_LONGEST = 1_000
_IDENTIFYING = ("id", "type", "eventType", "source", "topic", "subject")
# For events that JSON tools cannot process, for example because of a thousand levels.
_BOUNDED = reprlib.Repr(maxlevel=4, maxdict=20, maxlist=20, maxstring=_LONGEST)


def take_event(context: Context, raw: object) -> None:
    """Handles one event once. An unknown event is recorded and accepted, so that Event Grid stops delivering it."""
    now = context.ports.clock.now()
    event, content = _read(raw)
    if isinstance(event, str):
        key = hashlib.sha256(f"{event}|{content}".encode()).hexdigest()[:16]
        text = f"an event could not be read: {event}"
        excerpt = {"event": content[:_KEPT_CHARACTERS]}
        context.ports.ledger.append(
            Entry(f"unreadable|{key}", now, "unreadable", "event-grid", text, "event-grid", excerpt)
        )
        return
    key = hashlib.sha256(f"{event.source}|{event.id}".encode()).hexdigest()[:32]
    if context.ports.store.get("event", key) is not None:
        return
    _handle(context, event, key, now)
    # Marked only after handling, so that the next delivery is handled if the process dies before that.
    context.ports.store.insert("event", key, {"type": event.type, "at": now.isoformat()})


def _read(raw: object) -> tuple[CloudNotice | str, str]:
    """Returns the event, or why it cannot be read; and then its content, which differs from that of any other event."""
    try:
        cleaned = clean_json(raw)
    except NotJsonError as error:
        return f"{error}", f"{_BOUNDED.repr(raw)} {_identifying(raw)!a}"
    event = read_event(cleaned) if isinstance(cleaned, Mapping) else "it is not an object"
    return event, json.dumps(cleaned, sort_keys=True) if isinstance(event, str) else ""


def _identifying(raw: object) -> dict[str, str]:
    """Returns the texts that identify an event, complete."""
    found = {name: raw.get(name) for name in _IDENTIFYING} if isinstance(raw, Mapping) else {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _handle(context: Context, event: CloudNotice, key: str, now: datetime) -> None:
    if is_eviction(event.type, event.data):
        notice = read_notice(context, event, now)
        if isinstance(notice, EvictionNotice):
            take_notice(context, notice, now)
            return
        text = f"an eviction does not concern the fleet: {notice}"
        context.ports.ledger.append(
            Entry(f"event|{key}", now, "event", event.subject or event.source, text, "event-grid")
        )
        return
    if event.type.casefold().startswith(_ROLLING):
        _wake_runs(context, event)
        return
    text = f"Daytwo does not act on {event.type}"
    context.ports.ledger.append(Entry(f"event|{key}", now, "event", event.subject or event.source, text, "event-grid"))


def _wake_runs(context: Context, event: CloudNotice) -> None:
    """Wakes the runs that are waiting for a pool of this cluster; they check its state themselves."""
    cluster = event.source if "/managedclusters/" in azure_key(event.source) else event.subject
    cluster = azure_key(cluster)
    name = cluster.rsplit("/", 1)[-1]
    table = runs(context.ports.store)
    woken = [book for book, each in runbooks().items() if each.woken_by_pool_events]
    of_cluster = [run for book in woken for run in table.scan(f"{book}.{slug(name)}-{short_hash(cluster)}.")]
    for run in of_cluster:
        if not run.value.state.is_final:
            context.engine.wake(run.key)
