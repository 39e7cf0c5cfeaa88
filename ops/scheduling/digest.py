"""Posts the weekly digest once, with its picture."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops.context import Context
from ops.messaging.message_sync import reconcile
from ops.model.calendar import Span
from ops.model.message import Picture
from ops.model.run import Run
from ops.policy.calendar import frozen, next_open, occurrences
from ops.policy.digest import due
from ops.policy.rings import ring_name
from ops.ports.errors import RejectedError
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.tables.approvals import approvals
from ops.tables.conditions import open_conditions
from ops.tables.fleet import known_clusters
from ops.tables.runs import runs

if TYPE_CHECKING:
    from ops.render.digest import Coming
    from ops.render.timeline import Lane

_LOG = logging.getLogger(__name__)
_KIND = "digest"
_HORIZON = timedelta(days=14)


def post_digest(context: Context, settings: Settings, now: datetime) -> None:
    """Posts the digest if it is due and has not been posted yet: which runs ended, who decided, what comes next."""
    span = due(settings.chat.digest, now) if settings.chat.digest else None
    if span is None:
        return
    identity = f"digest.{span.end:%Y-%m-%d}"
    store = context.ports.store
    if store.get(_KIND, identity) is not None:
        return
    from ops.render.digest import Digest, digest_message

    own = [stored.value for stored in runs(store).scan()]
    if all(run.created >= span.end for run in own):
        return  # if the bot was installed after that week, there is nothing to report
    ended = [run for run in own if run.ended is not None and run.ended in span]
    decided = [
        each.value
        for each in approvals(store).scan()
        if each.value.decided_at is not None and each.value.decided_at in span
    ]
    titles = {name: book.title for name, book in runbooks().items()}
    following = sorted(_coming(settings, now), key=lambda each: each.at)
    picture = _picture(context, settings, span, own)
    needs = [f"{each.where or each.what}: {each.text}" for each in open_conditions(store)]
    digest = Digest(identity, span, titles, ended, decided, following, needs, picture)
    reconcile(context.ports, digest_message(digest))
    # Marked once every chat's outbox has the message: the outbox delivers it, and a second post would be an edit.
    store.insert(_KIND, identity, {})


def _coming(settings: Settings, now: datetime) -> "Iterator[Coming]":
    """Returns when each runbook can begin next, according to its own windows."""
    from ops.render.digest import Coming

    for runbook in runbooks().values():
        for each in runbook.openings(settings):
            opening = next_open(each.window, settings.freezes, now, _HORIZON)
            if opening is not None:
                yield Coming(each.label, opening.start)


def _picture(context: Context, settings: Settings, span: Span, own: Sequence[Run]) -> Picture | None:
    """Draws the week's timeline with every cluster in a ring. If this fails, the digest is still posted, without a picture."""
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
        _LOG.warning("The digest is posted without its picture: %s", error)
        return None
    return Picture(context.ports.store.put_content(png), words(week))


def _lanes(context: Context, settings: Settings, span: Span, own: Sequence[Run]) -> "list[Lane]":
    """Returns one lane per cluster, ring by ring."""
    from ops.render.timeline import Lane
    from ops.render.timeline_bars import bars_of

    known = [stored.value for stored in known_clusters(context.ports.store).scan()]
    lanes = []
    for opening in (each for runbook in runbooks().values() for each in runbook.openings(settings) if each.ring):
        whole = tuple(occurrences(opening.window, span.start, span.end))
        taken = tuple(part for each in whole for part in frozen(each, settings.freezes, opening.window.zone))
        for cluster in sorted(known, key=lambda each: each.name):
            if ring_name(cluster, settings) == opening.ring:
                bars = tuple(bar for run in own if run.target == cluster.id for bar in bars_of(run))
                lanes.append(Lane(cluster.name, whole, taken, bars))
    return lanes
