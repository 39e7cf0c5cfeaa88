"""All pods of the cluster, as its API server shows them."""

from ops.facts import Question
from ops.facts.asking import API_SERVER_ACTIONS, ask_api_server
from ops.model.fleet import Unknown
from ops.model.workload import Pod

ACTIONS = API_SERVER_ACTIONS
KUBERNETES = frozenset({"list pods"})


def gather(question: Question) -> tuple[Pod, ...] | Unknown:
    """The pods; Unknown where the cluster is stopped or we may not look."""
    return ask_api_server(question, question.ports.nodes.pods)
