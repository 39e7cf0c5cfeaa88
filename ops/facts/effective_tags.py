"""Clusters as the core may see them: with the tags that apply, not with those that someone has just changed (docs/tags.md)."""

import logging
from collections.abc import Iterator, Sequence

from ops.model.fleet import Cluster
from ops.model.tags import AcceptedTags
from ops.policy.accepted_tags import with_effective_tags
from ops.ports.bundle import Ports
from ops.ports.errors import UnreadableError
from ops.ports.store import Store
from ops.settings import Settings
from ops.tables.accepted_tags import accepted_tags_lookup, accepted_tags_of
from ops.tables.base import Stored

_LOG = logging.getLogger(__name__)


def read_cluster(ports: Ports, settings: Settings, cluster_id: str) -> Cluster:
    """Reads one cluster from Azure.

    Raises:
        NotFoundError: the cluster does not exist.
        UnreadableError: its accepted tags cannot be read, so nothing may be done with it.
        OutsideError: Azure or the store does not answer.
    """
    cluster = ports.clusters.cluster(cluster_id)
    return _settled(cluster, accepted_tags_of(ports.store, cluster.id), settings)


def readable_clusters(store: Store, settings: Settings, clusters: Sequence[Cluster]) -> Iterator[Cluster]:
    """Returns clusters that were read from Azure, without those whose accepted tags cannot be read."""
    record_of = accepted_tags_lookup(store)
    for cluster in clusters:
        try:
            yield _settled(cluster, record_of(cluster.id), settings)
        except UnreadableError as error:
            _LOG.error("%s is left alone, because its accepted tags cannot be read: %s", cluster.name, error)


def _settled(cluster: Cluster, stored: Stored[AcceptedTags] | None, settings: Settings) -> Cluster:
    return with_effective_tags(cluster, stored.value if stored else None, settings)
