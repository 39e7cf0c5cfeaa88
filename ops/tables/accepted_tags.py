"""The tags under which each cluster is accepted (docs/tags.md)."""

from collections.abc import Callable

from ops.model.tags import AcceptedTags
from ops.ports.store import Store
from ops.tables.base import Stored, Table, store_key


def accepted_tags(store: Store) -> Table[AcceptedTags]:
    """The accepted tags, by cluster."""
    return Table(store, "accepted-tags", AcceptedTags)


def accepted_tags_of(store: Store, cluster_id: str) -> Stored[AcceptedTags] | None:
    """Returns the record of one cluster; None if it has not been seen before.

    Raises:
        UnreadableError: the record cannot be read, so nothing may be done with the cluster.
    """
    return accepted_tags(store).get(store_key(cluster_id))


def accepted_tags_lookup(store: Store) -> Callable[[str], Stored[AcceptedTags] | None]:
    """Reads all records at once, for a whole fleet. Returns `accepted_tags_of` for a cluster id, with the same error.

    A record that is missing among all of them is read by itself: if it cannot be read, the cluster must not count as new.
    """
    records = {stored.key: stored for stored in accepted_tags(store).scan()}
    return lambda cluster_id: records.get(store_key(cluster_id)) or accepted_tags_of(store, cluster_id)
