"""All PDBs of the cluster, with their accounting."""

from ops.facts import Question
from ops.model.fleet import Unknown
from ops.model.workload import DisruptionBudget
from ops.ports import DeniedError, NotFoundError, RejectedError

ACTIONS = frozenset({"Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"})
KUBERNETES = frozenset({"list poddisruptionbudgets"})


def gather(question: Question) -> tuple[DisruptionBudget, ...] | Unknown:
    """The PDBs; Unknown where the cluster is stopped or we may not look."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return cluster
    if not cluster.running:
        return Unknown("the cluster is stopped")
    try:
        return question.ports.nodes.budgets(cluster)
    except (DeniedError, NotFoundError, RejectedError) as error:
        return Unknown(str(error))
