"""Posts the week's digest, once, with its picture."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.model.calendar import Span
from ops.model.message import Picture
from ops.model.run import Run
from ops.policy.calendar import frozen, occurrences
from ops.policy.digest import coming, due
from ops.policy.select import ring_of, ring_window
from ops.ports import RejectedError
from ops.records import KnownCluster, approvals, known_clusters, runs
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.workflows.activities.context import Context
from ops.workflows.reporting import reconcile

if TYPE_CHECKING:
    from ops.render.timeline import Lane

_LOG = logging.getLogger(__name__)
_KIND = "digest"


def post_digest(context: Context, settings: Settings, now: datetime) -> None:
    """Where one is due and was not posted: what ended in the week, who decided, what comes next."""
    span = due(settings.chat.digest, now) if settings.chat.digest else None
    if span is None:
        return
    identity = f"digest.{span.end:%Y-%m-%d}"
    store = context.ports.store
    if store.get(_KIND, identity) is not None:
        return
    from ops.render.digest import Coming, Digest, digest_message

    own = [stored.value for stored in runs(store).scan()]
    if all(run.created >= span.end for run in own):
        return  # a bot that has just been installed has no week to tell
    ended = [run for run in own if run.ended is not None and run.ended in span]
    decided = [
        each.value
        for each in approvals(store).scan()
        if each.value.decided_at is not None and each.value.decided_at in span
    ]
    titles = {name: book.title for name, book in runbooks().items()}
    following = [Coming(what, at) for what, at in sorted(coming(settings, now), key=lambda pair: pair[1])]
    picture = _picture(context, settings, span, own)
    reconcile(context.ports, digest_message(Digest(identity, span, titles, ended, decided, following, picture)))
    # Marked once it is wanted of every chat: the outbox does the rest, and a second post would be an edit.
    store.insert(_KIND, identity, {})


def _picture(context: Context, settings: Settings, span: Span, own: Sequence[Run]) -> Picture | None:
    """The week's timeline of every cluster that is in a ring; a digest without one is better than none."""
    from ops.render.timeline import Week
    from ops.render.week_picture import picture, words

    paint = context.ports.paint
    lanes = tuple(_lanes(context, settings, span, own))
    if paint is None or not lanes:
        return None
    zone = next((window.zone for window in settings.windows.values()), "UTC")
    week = Week(span, zone, span.end, lanes)
    try:
        png = paint(picture(week, f"{span.start:%-d %B} to {span.end - timedelta(seconds=1):%-d %B %Y}"))
    except RejectedError as error:
        _LOG.warning("the digest goes without its picture: %s", error)
        return None
    return Picture(context.ports.store.put_content(png), words(week))


def _lanes(context: Context, settings: Settings, span: Span, own: Sequence[Run]) -> "list[Lane]":
    """A lane for each cluster, ring by ring."""
    from ops.render.bars import bars_of
    from ops.render.timeline import Lane

    known = [stored.value for stored in known_clusters(context.ports.store).scan()]
    rings = settings.fleet.rings
    found = []
    for ring in rings if settings.node_image else ():
        whole = tuple(occurrences(ring_window(settings, ring), span.start, span.end))
        zone = ring_window(settings, ring).zone
        taken = tuple(part for each in whole for part in frozen(each, settings.freezes, zone))
        for cluster in sorted(known, key=lambda each: each.name):
            if _ring(cluster, settings) == ring.name:
                bars = tuple(bar for run in own if run.target == cluster.id for bar in bars_of(run))
                found.append(Lane(cluster.name, whole, taken, bars))
    return found


def _ring(cluster: KnownCluster, settings: Settings) -> str:
    ring = ring_of(settings.fleet.rings, cluster.name, cluster.region, cluster.tags)
    return ring.name if ring else ""
