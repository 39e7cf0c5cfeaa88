"""All PodDisruptionBudgets in the cluster, with their status."""

from ops.facts import FactQuery
from ops.facts.query import query_api_server
from ops.model.arm_actions import ASK_API_SERVER
from ops.model.fleet import Unknown
from ops.model.workload import DisruptionBudget

ACTIONS = frozenset({ASK_API_SERVER})
KUBERNETES = frozenset({"list poddisruptionbudgets", "list evictionautoscalers"})


def gather(question: FactQuery) -> tuple[DisruptionBudget, ...] | Unknown:
    """Returns the PDBs; Unknown if the cluster is stopped or denies access, transient if its API server does not answer."""
    return query_api_server(question, question.ports.nodes.budgets)
