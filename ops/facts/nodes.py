"""The nodes as the cluster's API server shows them: the only witness of what they run."""

from ops.facts import Question
from ops.facts.asking import ask_api_server
from ops.model.actions import ASK_API_SERVER
from ops.model.fleet import Node, Unknown

ACTIONS = frozenset({ASK_API_SERVER})
KUBERNETES = frozenset({"list nodes"})


def gather(question: Question) -> tuple[Node, ...] | Unknown:
    """All nodes; Unknown where the cluster is stopped or we may not look, for a while where it does not answer."""
    return ask_api_server(question, question.ports.nodes.nodes)
