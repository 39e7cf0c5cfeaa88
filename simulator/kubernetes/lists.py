"""Lists and watches of any kind of objects: selectors, pages, versions, timeouts."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

from simulator.http_types import Answer, Call, JsonObject
from simulator.kubernetes.selectors import SelectorError, matches
from simulator.kubernetes.status import StatusError, bad, status
from simulator.world.feed import Change, ChangeKind, Feed

LIST_QUERY = {
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "pretty",
    "resourceVersion",
    "resourceVersionMatch",
    "timeoutSeconds",
    "watch",
}
# Without timeoutSeconds an API server ends a watch after 30 to 60 minutes.
WATCH_ENDS_AFTER_S = 1800
LOOKS_EVERY_S = 0.02
BOOKMARK_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Resource[T]:
    """How objects of a kind are shown and found."""

    kind: str
    api_version: str
    document: Callable[[T], JsonObject]
    labels: Callable[[T], Mapping[str, str]]
    fields: Callable[[T], Mapping[str, str]]
    within: Callable[[T], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list or watch asks for."""

    labels: str
    fields: str

    def holds[T](self, resource: Resource[T], item: T) -> bool:
        """Whether an object is meant."""
        if not resource.within(item):
            return False
        return matches(resource.labels(item), self.labels) and matches(resource.fields(item), self.fields)


def selection_of(call: Call, known_fields: Iterable[str]) -> Selection:
    """Read the selectors of a request.

    Raises:
        StatusError: 400, a parameter, selector or field is not known.
    """
    unknown = sorted(call.query.keys() - LIST_QUERY)
    if unknown:
        raise bad(f"query parameter {unknown[0]!r} is not simulated")
    selection = Selection(call.query.get("labelSelector", ""), call.query.get("fieldSelector", ""))
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


def listed[T](resource: Resource[T], items: list[T], selection: Selection, call: Call, version: int) -> Answer:
    """Return one page of the objects that are meant; ``items`` come in their order."""
    found = [item for item in items if selection.holds(resource, item)]
    first = _offset(call.query.get("continue"))
    limit = _number(call.query.get("limit")) or len(found)
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
    return Answer(200, document)


@dataclass(frozen=True, slots=True)
class Watched[T]:
    """What a watch looks at: the present objects, their changes, the server's clock and whether it still runs."""

    items: Callable[[], list[T]]
    feed: Feed[T]
    version: Callable[[], int]
    now: Callable[[], datetime]
    answers: Callable[[], bool]


def watched[T](resource: Resource[T], source: Watched[T], selection: Selection, call: Call) -> Answer:
    """Return a watch: a line for each change after the given version, until its time is over.

    Without a version, or with "0", it begins with the objects that are there. Its time passes on the wall's clock and on
    the world's, whichever is faster.

    Raises:
        StatusError: 410, changes since that version are not kept any more.
    """
    text = call.query.get("resourceVersion", "")
    since = _number(text)
    if text and since > source.version():
        message = f"Too large resource version: {since}, current: {source.version()}"
        raise StatusError(HTTPStatus.GATEWAY_TIMEOUT, "Timeout", message)
    # One second is the least: a real server never ends a watch before it began.
    lasts_s = _number(call.query.get("timeoutSeconds")) or WATCH_ENDS_AFTER_S
    bookmarks = call.query.get("allowWatchBookmarks") == "true"
    return Answer(200, stream=_lines(resource, source, selection, (since, lasts_s, bookmarks)))


async def _lines[T](
    resource: Resource[T], source: Watched[T], selection: Selection, how: tuple[int, int, bool]
) -> AsyncIterator[bytes]:
    since, lasts_s, bookmarks = how
    ends, ends_wall = source.now() + timedelta(seconds=lasts_s), time.monotonic() + lasts_s
    marked = time.monotonic()
    if since == 0:
        since = source.version()
        for item in filter(partial(selection.holds, resource), source.items()):
            yield _line(ChangeKind.ADDED, resource.document(item))
    while source.answers():
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
        await asyncio.sleep(LOOKS_EVERY_S)


def _change_line[T](resource: Resource[T], selection: Selection, change: Change[T]) -> bytes | None:
    """Return what a watcher hears of a change: an object may come into its selection, or leave it."""
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
