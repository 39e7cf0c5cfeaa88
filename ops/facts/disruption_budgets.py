"""All PDBs of the cluster, with their accounting."""

from ops.facts import Question
from ops.facts.asking import API_SERVER_ACTIONS, ask_api_server
from ops.model.fleet import Unknown
from ops.model.workload import DisruptionBudget

ACTIONS = API_SERVER_ACTIONS
KUBERNETES = frozenset({"list poddisruptionbudgets"})


def gather(question: Question) -> tuple[DisruptionBudget, ...] | Unknown:
    """The PDBs; Unknown where the cluster is stopped or we may not look."""
    return ask_api_server(question, question.ports.nodes.budgets)
