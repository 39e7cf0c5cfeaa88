"""All clusters in the configured subscriptions, as Azure lists them: the list can be slightly outdated."""

from ops.facts import FactQuery
from ops.model.arm_actions import LIST_FLEET
from ops.model.fleet import Cluster, Unknown
from ops.ports.azure import Clusters
from ops.ports.errors import OutsideError
from ops.settings import Settings

ACTIONS = frozenset({LIST_FLEET})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> tuple[Cluster, ...] | Unknown:
    """Returns the fleet; Unknown if it cannot be listed now."""
    try:
        return list_fleet(question.ports.clusters, question.settings)
    except OutsideError as error:
        return Unknown(str(error))


def list_fleet(clusters: Clusters, settings: Settings) -> tuple[Cluster, ...]:
    """Returns every cluster in the configured subscriptions.

    Raises:
        OutsideError: a subscription could not be listed; a partial fleet is never returned.
    """
    return tuple(
        cluster for subscription in settings.fleet.subscriptions for cluster in clusters.list_clusters(subscription)
    )
