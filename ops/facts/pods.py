"""All pods of the cluster, as its API server shows them."""

from ops.facts import Question
from ops.facts.asking import ask_api_server
from ops.model.actions import ASK_API_SERVER
from ops.model.fleet import Unknown
from ops.model.workload import Pod

ACTIONS = frozenset({ASK_API_SERVER})
KUBERNETES = frozenset({"list pods"})


def gather(question: Question) -> tuple[Pod, ...] | Unknown:
    """The pods; Unknown where the cluster is stopped or we may not look, for a while where it does not answer."""
    return ask_api_server(question, question.ports.nodes.pods)
