"""All pods in the cluster, as its API server reports them."""

from ops.facts import FactQuery
from ops.facts.query import query_api_server
from ops.model.arm_actions import ASK_API_SERVER
from ops.model.fleet import Unknown
from ops.model.workload import Pod

ACTIONS = frozenset({ASK_API_SERVER})
KUBERNETES = frozenset({"list pods"})


def gather(question: FactQuery) -> tuple[Pod, ...] | Unknown:
    """Returns the pods; Unknown if the cluster is stopped or denies access, transient if its API server does not answer."""
    return query_api_server(question, question.ports.nodes.pods)
