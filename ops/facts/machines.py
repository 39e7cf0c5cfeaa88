"""The machines that Azure Resource Manager lists for each node pool of the cluster."""

from collections.abc import Mapping
from functools import partial

from ops.facts import FactQuery
from ops.facts.query import query
from ops.model.arm_actions import LIST_MACHINES
from ops.model.fleet import Cluster, PoolMachines, Unknown
from ops.ports.azure import Clusters
from ops.settings.reboot import REBOOT

ACTIONS = frozenset({LIST_MACHINES})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, PoolMachines]:
    """Returns the machines by pool; empty if no node requires a reboot, because AKS limits such requests to one per second."""
    cluster, nodes = question.cluster, question.known.get("nodes")
    policy = question.settings.get(REBOOT)
    if isinstance(cluster, Unknown) or policy is None or not isinstance(nodes, tuple):
        return {}
    if not any(policy.annotation in node.annotations for node in nodes):
        return {}
    return pool_machines(question.ports.clusters, cluster)


def pool_machines(clusters: Clusters, cluster: Cluster) -> Mapping[str, PoolMachines]:
    """Returns the machines of each pool, with one request per pool: Unknown for a pool that could not be read.

    Pools that Daytwo does not act on are left out, so that none of their nodes is matched.
    """
    names = [pool.name for pool in cluster.pools if not pool.unsupported]
    return {name: query(partial(clusters.machines, cluster.id, name)) for name in names}
