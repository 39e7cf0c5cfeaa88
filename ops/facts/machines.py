"""The machines that Azure Resource Manager lists for each node pool of the cluster."""

from collections.abc import Mapping
from functools import partial

from ops.facts import FactQuery
from ops.facts.query import query
from ops.model.arm_actions import LIST_MACHINES
from ops.model.fleet import Cluster, PoolMachines, Unknown
from ops.ports.azure import Clusters

ACTIONS = frozenset({LIST_MACHINES})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, PoolMachines]:
    """Returns the machines by pool; empty if the cluster is unknown or stopped, because then it has no nodes to match."""
    cluster = question.cluster
    if isinstance(cluster, Unknown) or not cluster.running:
        return {}
    return pool_machines(question.ports.clusters, cluster)


def pool_machines(clusters: Clusters, cluster: Cluster) -> Mapping[str, PoolMachines]:
    """Returns the machines of each pool, with one request per pool: Unknown for a pool that could not be read.

    Pools that Daytwo does not act on are left out, so that none of their nodes is matched.
    """
    names = [pool.name for pool in cluster.pools if not pool.unsupported]
    return {name: query(partial(clusters.machines, cluster.id, name)) for name in names}
