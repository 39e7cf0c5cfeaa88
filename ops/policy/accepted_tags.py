"""The record of a cluster's accepted tags: what applies because of it, and how it continues (docs/tags.md, rules 1 to 6)."""

import hashlib
from dataclasses import replace
from datetime import datetime

from ops.model.azure_names import azure_key
from ops.model.fleet import Cluster
from ops.model.tags import AcceptedTags, HeldTags, TagChange, changed_tags
from ops.policy.placement import effective_tags
from ops.settings import Settings


def with_effective_tags(cluster: Cluster, record: AcceptedTags | None, settings: Settings) -> Cluster:
    """Returns a cluster, as read from Azure, with the tags that apply. Without a record of this cluster, its current tags do."""
    if record is None or not record.is_of(cluster.resource_uid):
        return cluster
    tags = effective_tags(record.tags, cluster.tags, cluster, settings)
    held = changed_tags(tags, cluster.tags)
    if not held:
        return cluster
    since = record.held_since if record.held == identify(held) else None
    return replace(cluster, tags=tags, held_tags=HeldTags(cluster.tags, since))


def next_record(record: AcceptedTags | None, cluster: Cluster, settings: Settings, now: datetime) -> AcceptedTags:
    """Returns the record after a scan has seen the cluster: changes that do not loosen anything are accepted, the others held."""
    seen = with_effective_tags(replace(cluster, tags=cluster.tags_now), record, settings)
    if record is None:
        return AcceptedTags(dict(seen.tags), cluster.resource_uid, now)
    held = identify(changed_tags(seen.tags, seen.tags_now))
    since = record.held_since if held == record.held else now
    following = replace(
        record,
        tags=dict(seen.tags),
        resource_uid=cluster.resource_uid or record.resource_uid,
        held=held,
        held_since=since if held else None,
    )
    return following if following == record else replace(following, at=now)


def identify(held: tuple[TagChange, ...]) -> str:
    """Returns an identifier of a held change, 16 hexadecimal digits; empty if nothing is held."""
    content = repr([(azure_key(change.key), change.old, change.new) for change in held])
    return hashlib.sha256(content.encode()).hexdigest()[:16] if held else ""
