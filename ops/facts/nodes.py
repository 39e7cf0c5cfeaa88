"""The nodes as the cluster's API server shows them: the only witness of what they run."""

from ops.facts import FactQuery
from ops.facts.query import query_api_server
from ops.model.arm_actions import ASK_API_SERVER
from ops.model.fleet import Node, Unknown

ACTIONS = frozenset({ASK_API_SERVER})
KUBERNETES = frozenset({"list nodes"})


def gather(question: FactQuery) -> tuple[Node, ...] | Unknown:
    """All nodes; Unknown where the cluster is stopped or we may not look, for a while where it does not answer."""
    return query_api_server(question, question.ports.nodes.nodes)
