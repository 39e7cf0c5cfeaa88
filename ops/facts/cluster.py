"""The cluster as Azure Resource Manager shows it now."""

from ops.facts import FactQuery
from ops.facts.query import query
from ops.model.arm_actions import READ_CLUSTER
from ops.model.fleet import Cluster, Gone, Unknown
from ops.ports.errors import NotFoundError

ACTIONS = frozenset({READ_CLUSTER})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Cluster | Unknown:
    """The cluster with its pools; Unknown where it is gone or we may not read it."""

    def read() -> Cluster | Unknown:
        try:
            return question.ports.clusters.cluster(question.run.target)
        except NotFoundError:
            return Gone("there is no such cluster (any more)")

    return query(read)
