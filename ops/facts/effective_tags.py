"""Clusters as the core may see them: with the tags that apply, not with those that someone has just changed (docs/tags.md)."""

import logging
from collections.abc import Iterator, Sequence

from ops.model.fleet import Cluster
from ops.policy.accepted_tags import with_effective_tags
from ops.ports.bundle import Ports
from ops.ports.errors import UnreadableError
from ops.ports.store import Store
from ops.settings import Settings
from ops.tables.accepted_tags import accepted_tags_of

_LOG = logging.getLogger(__name__)


def read_cluster(ports: Ports, settings: Settings, cluster_id: str) -> Cluster:
    """Reads one cluster from Azure.

    Raises:
        NotFoundError: the cluster does not exist.
        UnreadableError: its accepted tags cannot be read, so nothing may be done with it.
        OutsideError: Azure or the store does not answer.
    """
    return _settled(ports.store, settings, ports.clusters.cluster(cluster_id))


def readable_clusters(store: Store, settings: Settings, clusters: Sequence[Cluster]) -> Iterator[Cluster]:
    """Returns clusters that were read from Azure, without those whose accepted tags cannot be read."""
    for cluster in clusters:
        try:
            yield _settled(store, settings, cluster)
        except UnreadableError as error:
            _LOG.error("%s is left alone, because its accepted tags cannot be read: %s", cluster.name, error)


def _settled(store: Store, settings: Settings, cluster: Cluster) -> Cluster:
    stored = accepted_tags_of(store, cluster.id)
    return with_effective_tags(cluster, stored.value if stored else None, settings)
