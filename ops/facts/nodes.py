"""The nodes as the cluster's API server shows them: the only witness of what they run."""

from ops.facts import Question
from ops.model.fleet import Node, Unknown
from ops.ports import DeniedError, NotFoundError, RejectedError, TryLaterError

ACTIONS = frozenset({"Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"})
KUBERNETES = frozenset({"list nodes"})


def gather(question: Question) -> tuple[Node, ...] | Unknown:
    """All nodes; Unknown where the cluster is stopped or we may not look."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return cluster
    if not cluster.running:
        return Unknown("the cluster is stopped")
    try:
        return question.ports.nodes.nodes(cluster)
    except (DeniedError, NotFoundError, RejectedError) as error:
        return Unknown(str(error))
    except TryLaterError as error:
        return Unknown(str(error), passing=True)
