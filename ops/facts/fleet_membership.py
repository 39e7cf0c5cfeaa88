"""The fleet of Azure Kubernetes Fleet Manager that the cluster is a member of, and the update runs that contain it."""

from datetime import datetime

from ops.facts import FactQuery
from ops.facts.query import query
from ops.model.arm_actions import READ_FLEETS
from ops.policy.update_runs import Membership
from ops.ports.azure import Fleets

ACTIONS = READ_FLEETS
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Membership:
    """Returns the membership; None if no fleet that the identity can read has the cluster."""
    return read_membership(question.ports.fleets, question.run.target, question.now)


def read_membership(fleets: Fleets, cluster_id: str, now: datetime) -> Membership:
    """Reads the membership of one cluster; Unknown if a fleet is known but cannot be read."""
    return query(lambda: fleets.membership(cluster_id, now))
