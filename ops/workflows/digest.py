"""Posts the week's digest, once."""

from datetime import datetime

from ops.model.settings import Settings
from ops.policy.digest import coming, due
from ops.records import approvals, runs
from ops.render.digest import Coming, Digest, digest_message
from ops.runbooks import runbooks
from ops.workflows.activities.context import Context
from ops.workflows.reporting import reconcile

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
    ended = [each.value for each in runs(store).scan() if each.value.ended is not None and each.value.ended in span]
    decided = [
        each.value
        for each in approvals(store).scan()
        if each.value.decided_at is not None and each.value.decided_at in span
    ]
    titles = {name: book.title for name, book in runbooks().items()}
    following = [Coming(what, at) for what, at in sorted(coming(settings, now), key=lambda pair: pair[1])]
    reconcile(context.ports, digest_message(Digest(identity, span, titles, ended, decided, following)))
    # Marked once it is wanted of every chat: the outbox does the rest, and a second post would be an edit.
    store.insert(_KIND, identity, {})
