"""The newest image that Azure now offers each pool in its region."""

from collections.abc import Mapping
from functools import partial

from ops.facts import FactQuery
from ops.facts.query import query
from ops.model.fleet import Cluster, Unknown
from ops.model.image import NodeImage
from ops.ports.azure import Clusters

ACTIONS = frozenset({"Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read"})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, str | Unknown]:
    """Returns the newest image by pool; empty if the cluster is unknown."""
    cluster = question.cluster
    return {} if isinstance(cluster, Unknown) else newest_images(question.ports.clusters, cluster)


def newest_images(clusters: Clusters, cluster: Cluster) -> Mapping[str, str | Unknown]:
    """Returns the newest image by pool, with one request per OS SKU and Kubernetes minor: the answer is the same within a region.

    A pool for which Azure reports no image has a request of its own, because its VM generation and architecture are unknown.
    """
    answers: dict[tuple[str, ...], str | Unknown] = {}
    newest: dict[str, str | Unknown] = {}
    for pool in cluster.pools:
        image = NodeImage.parse(pool.image)
        family = image.family if image is not None else f"of pool {pool.name}"
        key = (pool.os_sku, family, pool.kubernetes_minor)
        if key not in answers:
            answers[key] = query(partial(clusters.newest_image, cluster.id, pool.name))
        newest[pool.name] = answers[key]
    return newest
