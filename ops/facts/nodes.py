"""The nodes, each with the image it runs, as the cluster's API server reports them."""

from ops.facts import FactQuery
from ops.facts.query import query_api_server
from ops.model.arm_actions import ASK_API_SERVER
from ops.model.fleet import Node, Unknown

ACTIONS = frozenset({ASK_API_SERVER})
KUBERNETES = frozenset({"list nodes"})


def gather(question: FactQuery) -> tuple[Node, ...] | Unknown:
    """Returns all nodes; Unknown if the cluster is stopped or denies access, transient if its API server does not answer."""
    return query_api_server(question, question.ports.nodes.nodes)
