"""All pods of the cluster, as its API server shows them."""

from ops.facts import Question
from ops.model.fleet import Unknown
from ops.model.workload import Pod
from ops.ports import DeniedError, NotFoundError, RejectedError

ACTIONS = frozenset({"Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"})
KUBERNETES = frozenset({"list pods"})


def gather(question: Question) -> tuple[Pod, ...] | Unknown:
    """The pods; Unknown where the cluster is stopped or we may not look."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return cluster
    if not cluster.running:
        return Unknown("the cluster is stopped")
    try:
        return question.ports.nodes.pods(cluster)
    except (DeniedError, NotFoundError, RejectedError) as error:
        return Unknown(str(error))
