"""All PDBs of the cluster, with their accounting."""

from ops.facts import Question
from ops.facts.asking import ask_api_server
from ops.model.actions import ASK_API_SERVER
from ops.model.fleet import Unknown
from ops.model.workload import DisruptionBudget

ACTIONS = frozenset({ASK_API_SERVER})
KUBERNETES = frozenset({"list poddisruptionbudgets"})


def gather(question: Question) -> tuple[DisruptionBudget, ...] | Unknown:
    """The PDBs; Unknown where the cluster is stopped or we may not look, for a while where it does not answer."""
    return ask_api_server(question, question.ports.nodes.budgets)
