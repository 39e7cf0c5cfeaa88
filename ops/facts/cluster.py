"""The cluster as Azure Resource Manager reports it now, with the tags that apply (docs/tags.md)."""

from ops.facts import FactQuery
from ops.facts.effective_tags import read_cluster
from ops.facts.query import query
from ops.model.arm_actions import READ_CLUSTER
from ops.model.fleet import Cluster, Gone, Unknown
from ops.ports.errors import NotFoundError

ACTIONS = frozenset({READ_CLUSTER})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Cluster | Unknown:
    """Returns the cluster with its pools; Unknown if it does not exist, or it or its accepted tags cannot be read."""

    def read() -> Cluster | Unknown:
        try:
            return read_cluster(question.ports, question.settings, question.run.target)
        except NotFoundError:
            return Gone("the cluster does not exist")

    return query(read)
