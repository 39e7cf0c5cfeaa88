"""All clusters of the configured subscriptions, a little behind the truth."""

from ops.facts import Question
from ops.model.actions import LIST_FLEET
from ops.model.fleet import Cluster, Unknown
from ops.ports import OutsideError

ACTIONS = frozenset({LIST_FLEET})
KUBERNETES = frozenset[str]()


def gather(question: Question) -> tuple[Cluster, ...] | Unknown:
    """The fleet; Unknown where it cannot be listed now."""
    try:
        return tuple(
            cluster
            for subscription in question.settings.fleet.subscriptions
            for cluster in question.ports.clusters.list_clusters(subscription)
        )
    except OutsideError as error:
        return Unknown(str(error))
