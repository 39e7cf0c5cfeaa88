"""The cluster as Azure Resource Manager reports it now."""

from ops.facts import FactQuery
from ops.facts.query import query
from ops.model.arm_actions import READ_CLUSTER
from ops.model.fleet import Cluster, Gone, Unknown
from ops.ports.errors import NotFoundError

ACTIONS = frozenset({READ_CLUSTER})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Cluster | Unknown:
    """Returns the cluster with its pools; Unknown if it does not exist or reading it is not permitted."""

    def read() -> Cluster | Unknown:
        try:
            return question.ports.clusters.cluster(question.run.target)
        except NotFoundError:
            return Gone("the cluster does not exist")

    return query(read)
