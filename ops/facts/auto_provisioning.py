"""What node auto-provisioning says about its nodes: its NodeClaims and AKSNodeClasses."""

from ops.facts import FactQuery
from ops.facts.query import query_api_server
from ops.model.arm_actions import ASK_API_SERVER
from ops.model.auto_provisioning import AutoProvisioning
from ops.model.fleet import Unknown

ACTIONS = frozenset({ASK_API_SERVER})
KUBERNETES = frozenset({"list nodeclaims", "list aksnodeclasses"})


def gather(question: FactQuery) -> AutoProvisioning | Unknown | None:
    """Returns both lists; None if no node belongs to node auto-provisioning, or the API server does not know these kinds."""
    nodes = question.known.get("nodes")
    if not isinstance(nodes, tuple) or not any(node.provisioner for node in nodes):
        return None
    return query_api_server(question, question.ports.nodes.auto_provisioning)
