"""Keeps the record of each cluster's accepted tags, and reports the changes that are held (docs/tags.md, rules 2, 5 and 6)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ops.context import Context
from ops.messaging.conditions import HELD, report_condition
from ops.model.arm_actions import READ_CLUSTER
from ops.model.azure_names import azure_key
from ops.model.fleet import Cluster
from ops.model.ledger import Entry
from ops.model.run_request import short_hash
from ops.model.tags import AcceptedTags, TagChange, changed_tags
from ops.policy.accepted_tags import identify, next_record, with_effective_tags
from ops.policy.approvers import rule_for
from ops.policy.placement import differences, held_changes, placement_of, selected_tags, stricter_ring
from ops.policy.routes import channels_of
from ops.render.conditions import held_tags_message
from ops.render.phrases import plural
from ops.settings import Settings
from ops.settings.tags import RISK, TAGS
from ops.tables.accepted_tags import accepted_tags, accepted_tags_lookup
from ops.tables.base import Stored, marked, store_key
from ops.tables.runs import LIVE
from ops.tables.set_aside import each

# The scan's own call, for the bot's custom role; facts and verbs declare theirs.
ACTIONS = frozenset({READ_CLUSTER})


def record_tags(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Records the tags of every cluster. A cluster that fails does not stop the others."""
    record_of = accepted_tags_lookup(context.ports.store)
    each(
        context.ports.store,
        "tags",
        fleet,
        lambda cluster: _record(context, settings, record_of(cluster.id), cluster, now),
        lambda cluster: cluster.id,
    )


def _record(
    context: Context, settings: Settings, stored: Stored[AcceptedTags] | None, listed: Cluster, now: datetime
) -> None:
    before, cluster = stored.value if stored else None, listed
    after = next_record(before, listed, settings, now)
    if before is not None and after != before and _matters(before, after, listed, settings):
        # The list can be outdated, and then an old value would be accepted, or a new one held, again.
        cluster = context.ports.clusters.cluster(listed.id)
        after = next_record(before, cluster, settings, now)
    if after.held or (before is not None and before.held):
        _report(context, settings, with_effective_tags(_as_read(cluster), after, settings), now)
    if after == before:
        return
    # The ledger is first: if the process is killed in between, the next scan writes the same entry, which counts once.
    context.ports.ledger.append(_entry(before, after, settings, now, cluster.id))
    if stored is None:
        accepted_tags(context.ports.store).insert(store_key(cluster.id), after)
        return
    accepted_tags(context.ports.store).replace(stored, after)
    if before is not None and before.held != after.held:
        _wake_run(context, cluster)


def _matters(before: AcceptedTags, after: AcceptedTags, cluster: Cluster, settings: Settings) -> bool:
    """Whether a new record changes what applies to the cluster, or what is held."""
    old, new = (placement_of(replace(cluster, tags=record.tags), settings) for record in (before, after))
    return old != new or before.held != after.held


def _wake_run(context: Context, cluster: Cluster) -> None:
    """Wakes the run that asks for approval of an earlier change of this cluster, so that its request does not stay open."""
    of_cluster = f"-{short_hash(cluster.id)}."
    live = [key for key in marked(context.ports.store, LIVE, f"{TAGS.name}.") if of_cluster in key]
    for key in live:
        context.engine.wake(key)


def _as_read(cluster: Cluster) -> Cluster:
    return replace(cluster, tags=cluster.tags_now, held_tags=None)


def _report(context: Context, settings: Settings, cluster: Cluster, now: datetime) -> None:
    """Opens the condition in the channels of the old rules, or resolves it."""
    old, new = placement_of(cluster, settings), placement_of(_as_read(cluster), settings)
    effects = [each.text for each in differences(old, new)]
    ring = stricter_ring(cluster, settings)
    message = held_tags_message(
        f"tags.{short_hash(cluster.id)}{HELD}",
        cluster.name,
        held_changes(cluster),
        effects,
        ring,
        is_asked=rule_for(settings, TAGS.name, ring, RISK) is not None,
    )
    report_condition(context.ports, message, now, channels=channels_of(cluster, settings), target=cluster.id)


def _entry(
    before: AcceptedTags | None, after: AcceptedTags, settings: Settings, now: datetime, cluster_id: str
) -> Entry:
    """Says what the scan has recorded about a cluster's tags."""
    content = identify(changed_tags({}, after.tags)) + after.held + after.resource_uid
    key = f"tags|{store_key(cluster_id)}|{before.at.isoformat() if before else 'first'}|{content}"
    return Entry(key, now, "tags", cluster_id, _text(before, after, settings))


def _text(before: AcceptedTags | None, after: AcceptedTags, settings: Settings) -> str:
    if before is None:
        return f"first seen with {plural(len(after.tags), 'tag')}, accepted as they are"
    if not before.is_of(after.resource_uid):
        return f"created again with {plural(len(after.tags), 'tag')}, accepted as they are"
    accepted = _listed(changed_tags(before.tags, after.tags), settings)
    parts = [f"accepted, because nothing is loosened: {accepted}"] if accepted else []
    if after.held != before.held:
        parts.append("a change is held" if after.held else "no change is held anymore")
    return "; ".join(parts) or "recorded again"


def _listed(changes: Sequence[TagChange], settings: Settings) -> str:
    """Lists the changes of tags that the configuration reads, and counts the others, whose values may be confidential."""
    read = selected_tags({}, settings)
    shown = [str(change) for change in changes if azure_key(change.key) in read]
    others = len(changes) - len(shown)
    return ", ".join([*shown, *([plural(others, "other tag")] if others else [])])
