"""Evictions of spot nodes: one record per eviction, one run per group (docs/spot.md)."""

from dataclasses import replace
from datetime import datetime, timedelta

from ops.context import Context
from ops.endpoints.eviction_notices import EvictionNotice
from ops.engine.run_starter import start_run
from ops.messaging.message_sync import report_run
from ops.model.ledger import Entry
from ops.model.run import Run
from ops.model.run_request import RunRequest
from ops.model.wording import instant
from ops.model.workload import Eviction
from ops.render.phrases import listed, plural
from ops.settings.spot import SPOT
from ops.tables.base import store_key
from ops.tables.evictions import EvictionGroup, eviction_groups, evictions
from ops.tables.runs import runs
from ops.tables.set_aside import each

# An event can arrive a day later; after this time, the record of an eviction is not needed.
_FORGET = timedelta(days=2)
# Azure's own time and the node's differ by some minutes, because a notice precedes the eviction.
_SAME_WITHIN = timedelta(minutes=30)
# Reports that arrive after their run has ended are listed up to this number.
_MOST_LATE = 100
_MOST_GROUPS = 20
_LATE_LINE = "reported after this run had ended, and not checked: "
_LONGEST_NAMES = 300


def take_notice(context: Context, notice: EvictionNotice, now: datetime) -> None:
    """Records the eviction once, adds it to its group, and starts or wakes the group's run.

    Each step is idempotent, so an event that is delivered again, even after a crash, has the same result. What happened is
    decided by the event's own time: a report that arrives after the run of its group has ended is added to that run's message.
    """
    settings = context.config.settings
    policy = settings.get(SPOT) if settings else None
    if policy is None:
        return
    table = evictions(context.ports.store)
    key, known = _known_eviction(context, notice, now)
    run_id = known.run if known else _join(context, notice, now, policy.group_within)

    def merge(old: Eviction | None) -> Eviction:
        said_by_azure = notice.source == "azure"
        if old is not None:
            confirmed_at = old.confirmed_at or (notice.at if said_by_azure else None)
            return replace(old, confirmed=old.confirmed or said_by_azure, confirmed_at=confirmed_at)
        confirmed_at = notice.at if said_by_azure else None
        return Eviction(
            notice.cluster, notice.node, notice.pool, now, said_by_azure, notice.source, run_id, notice.at, confirmed_at
        )

    eviction = table.change(key, merge)
    end = _end_of(context, eviction.run)
    if end is not None:
        if eviction.first_seen > end:
            _add_to_ended(context, eviction)
        return
    period = eviction.run.rsplit(".", 1)[1]
    run_request = RunRequest("spot", notice.cluster, notice.cluster_name, period, now, "event", notice.source)
    run, is_new = start_run(context, run_request)
    if not is_new and known is None:
        context.engine.wake(run.id)


def _known_eviction(context: Context, notice: EvictionNotice, now: datetime) -> tuple[str, Eviction | None]:
    """Returns the key and the record of the eviction that the notice is about. Evictions of the node that are over are forgotten."""
    table = evictions(context.ports.store)
    prefix = f"{store_key(notice.cluster)}|{notice.node}"
    of_node = [
        (stored.key, stored.value, _end_of(context, stored.value.run))
        for stored in table.scan(prefix)
        if stored.value.node == notice.node
    ]
    over = [key for key, eviction, end in of_node if end is not None and now - max(eviction.at, end) > _FORGET]
    same = next(((key, eviction) for key, eviction, end in of_node if _is_same(eviction, notice, end)), None)
    if same is not None:
        return same
    each(context.ports.store, "evictions", over, table.delete)
    return f"{prefix}|{notice.at:%Y%m%dt%H%M%S}", None


def _is_same(eviction: Eviction, notice: EvictionNotice, end: datetime | None) -> bool:
    """Whether the notice is about a known eviction, whose run ended at `end`. What happened after that is another eviction.

    The exception is Azure's first report, which is about the notice that preceded it.
    """
    if notice.at in (eviction.at, eviction.confirmed_at):
        return True
    if notice.source == "azure" and not eviction.confirmed and abs(notice.at - eviction.at) <= _SAME_WITHIN:
        return True
    return eviction.at - _SAME_WITHIN < notice.at and (end is None or notice.at <= end)


def _join(context: Context, notice: EvictionNotice, now: datetime, group_within: timedelta) -> str:
    """Returns the run of the eviction's group: of evictions in the pool at about the same time, unless its run had ended by then."""
    request = RunRequest(
        "spot", notice.cluster, notice.cluster_name, f"{notice.pool}-{notice.at:%Y%m%dt%H%M%S}", now, "event", ""
    )

    def found(group: EvictionGroup) -> str | None:
        near = (run for run, began in group.all if run == request.run_id or abs(notice.at - began) < group_within)
        return next((run for run in near if (end := _end_of(context, run)) is None or notice.at <= end), None)

    def grow(old: EvictionGroup | None) -> EvictionGroup:
        if old is None:
            return EvictionGroup(request.run_id, notice.at, now)
        if found(old) is not None:
            return replace(old, last=now)
        groups = sorted([(request.run_id, notice.at), *old.all], key=lambda group: group[1], reverse=True)[
            :_MOST_GROUPS
        ]
        (run, began), *earlier = groups
        return EvictionGroup(run, began, now, tuple(earlier))

    key = f"{store_key(notice.cluster)}|{notice.pool}"
    return found(eviction_groups(context.ports.store).change(key, grow)) or request.run_id


def _end_of(context: Context, run: str) -> datetime | None:
    """Returns when a run ended; None if it has not ended."""
    stored = runs(context.ports.store).get(run)
    return stored.value.ended or stored.value.created if stored is not None and stored.value.state.is_final else None


def _add_to_ended(context: Context, eviction: Eviction) -> None:
    """Adds a late report to the message of its run, which has ended and does not check nodes again."""
    table = runs(context.ports.store)
    found = evictions(context.ports.store).scan(store_key(eviction.cluster))
    of_run = [stored.value for stored in found if stored.value.run == eviction.run]

    def change(old: Run | None) -> Run:
        run = old or table.must_get(eviction.run).value
        late = sorted({one.node for one in of_run if run.ended is not None and one.first_seen > run.ended})
        if len(late) > _MOST_LATE:
            return run
        lines = [line for line in run.lines if not line.startswith(_LATE_LINE)]
        late_line = f"{_LATE_LINE}{plural(len(late), 'node')}: {listed(late, _LONGEST_NAMES)}"
        return replace(run, lines=(*lines, late_line))

    report_run(context.ports, table.change(eviction.run, change))
    text = f"the eviction of {eviction.node} on {instant(eviction.at)} was reported after its run had ended"
    key = f"late|{store_key(eviction.cluster)}|{eviction.node}|{eviction.at:%Y%m%dT%H%M%S}"
    context.ports.ledger.append(Entry(key, eviction.first_seen, "event", eviction.cluster, text, "event-grid"))
