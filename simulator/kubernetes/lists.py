"""Lists and watches for any kind of object: selectors, pages, resource versions, timeouts."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

from simulator.http_types import HttpRequest, HttpResponse, JsonObject
from simulator.kubernetes.selectors import SelectorError, matches
from simulator.kubernetes.status import StatusError, bad, status
from simulator.world.feed import Change, ChangeKind, Feed

LIST_QUERY = {
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "includeObject",
    "labelSelector",
    "limit",
    "pretty",
    "resourceVersion",
    "resourceVersionMatch",
    "timeout",
    "timeoutSeconds",
    "watch",
}
# Without timeoutSeconds, an API server ends a watch after 30 to 60 minutes.
WATCH_ENDS_AFTER_S = 1800
POLL_S = 0.02
BOOKMARK_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Resource[T]:
    """How to represent and select objects of one kind."""

    kind: str
    api_version: str
    document: Callable[[T], JsonObject]
    labels: Callable[[T], Mapping[str, str]]
    fields: Callable[[T], Mapping[str, str]]
    within: Callable[[T], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Selection:
    """The selectors in a list or watch request."""

    labels: str
    fields: str

    def holds[T](self, resource: Resource[T], item: T) -> bool:
        """Whether an object matches the selectors."""
        if not resource.within(item):
            return False
        return matches(resource.labels(item), self.labels) and matches(resource.fields(item), self.fields)


def selection_of(request: HttpRequest, known_fields: Iterable[str]) -> Selection:
    """Parse the selectors in a request.

    Raises:
        StatusError: 400 for an unknown parameter, selector or field.
    """
    unknown = sorted(request.query.keys() - LIST_QUERY)
    if unknown:
        raise bad(f"query parameter {unknown[0]!r} is not simulated")
    selection = Selection(request.query.get("labelSelector", ""), request.query.get("fieldSelector", ""))
    try:
        matches({}, selection.labels)
        matches({}, selection.fields)
    except SelectorError as error:
        raise bad(str(error)) from error
    for part in filter(None, selection.fields.split(",")):
        name = part.partition("!=")[0].partition("=")[0].strip()
        if name not in known_fields:
            raise bad(
                f'Unable to find "v1" that match label selector "", field selector "{part}": field label not supported: {name}'
            )
    return selection


def listed[T](
    resource: Resource[T], items: list[T], selection: Selection, request: HttpRequest, version: int
) -> HttpResponse:
    """Return one page of the selected objects. ``items`` must be in order."""
    found = [item for item in items if selection.holds(resource, item)]
    first = _offset(request.query.get("continue"))
    limit = _number(request.query.get("limit")) or len(found)
    page = found[first : first + limit]
    metadata: JsonObject = {"resourceVersion": str(version)}
    rest = len(found) - first - len(page)
    if rest > 0:
        metadata["continue"] = base64.urlsafe_b64encode(str(first + limit).encode()).decode()
        metadata["remainingItemCount"] = rest
    documents = [resource.document(item) for item in page]
    document: JsonObject = {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": documents,
    }
    return HttpResponse(200, document)


@dataclass(frozen=True, slots=True)
class WatchSource[T]:
    """The source for a watch: the current objects, their changes, the server's clock, and whether the server is still running."""

    items: Callable[[], list[T]]
    feed: Feed[T]
    version: Callable[[], int]
    now: Callable[[], datetime]
    api_responds: Callable[[], bool]


def watched[T](
    resource: Resource[T], source: WatchSource[T], selection: Selection, request: HttpRequest
) -> HttpResponse:
    """Return a watch, which yields one line for each change after the given resource version, until its timeout.

    Without a version, or with "0", the watch starts with the existing objects. Its timeout is measured in real time or in
    the world's time, whichever passes faster.

    Raises:
        StatusError: 410 if the changes since that version are no longer available.
    """
    text = request.query.get("resourceVersion", "")
    since = _number(text)
    if text and since > source.version():
        message = f"Too large resource version: {since}, current: {source.version()}"
        raise StatusError(HTTPStatus.GATEWAY_TIMEOUT, "Timeout", message)
    # The timeout is at least one second, because a real server never ends a watch before it has started.
    lasts_s = _number(request.query.get("timeoutSeconds")) or WATCH_ENDS_AFTER_S
    bookmarks = request.query.get("allowWatchBookmarks") == "true"
    return HttpResponse(200, stream=_lines(resource, source, selection, (since, lasts_s, bookmarks)))


async def _lines[T](
    resource: Resource[T], source: WatchSource[T], selection: Selection, how: tuple[int, int, bool]
) -> AsyncIterator[bytes]:
    since, lasts_s, bookmarks = how
    ends, ends_wall = source.now() + timedelta(seconds=lasts_s), time.monotonic() + lasts_s
    marked = time.monotonic()
    if since == 0:
        since = source.version()
        for item in filter(partial(selection.holds, resource), source.items()):
            yield _line(ChangeKind.ADDED, resource.document(item))
    while source.api_responds():
        changes = source.feed.since(since)
        if changes is None:
            yield _line("ERROR", _gone(since))
            return
        for change in changes:
            since = change.version
            line = _change_line(resource, selection, change)
            if line is not None:
                yield line
        over = source.now() >= ends or time.monotonic() >= ends_wall
        if bookmarks and (over or time.monotonic() - marked > BOOKMARK_EVERY_S):
            marked = time.monotonic()
            yield _line("BOOKMARK", _bookmark(resource, since))
        if over:
            return
        await asyncio.sleep(POLL_S)


def _change_line[T](resource: Resource[T], selection: Selection, change: Change[T]) -> bytes | None:
    """Return a watch event for a change. A change can move an object into or out of the selection."""
    now = change.kind is not ChangeKind.DELETED and selection.holds(resource, change.now)
    before = change.before is not None and selection.holds(resource, change.before)
    if now:
        return _line(ChangeKind.MODIFIED if before else ChangeKind.ADDED, resource.document(change.now))
    return _line(ChangeKind.DELETED, resource.document(change.now)) if before else None


def _line(kind: str, document: JsonObject) -> bytes:
    return json.dumps({"type": str(kind), "object": document}).encode() + b"\n"


def _bookmark[T](resource: Resource[T], version: int) -> JsonObject:
    metadata = {"resourceVersion": str(version), "creationTimestamp": None}
    return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata, "spec": {}, "status": {}}


def _gone(since: int) -> JsonObject:
    message = f"too old resource version: {since}"
    return status("Failure", HTTPStatus.GONE, message=message, reason="Expired")


def _number(text: str | None) -> int:
    if not text:
        return 0
    if not text.isdigit():
        raise bad(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise bad("continue key is not valid") from error
