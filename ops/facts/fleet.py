"""All clusters in the configured subscriptions, as Azure lists them, with the tags that apply: the list can be slightly outdated."""

from ops.facts import FactQuery
from ops.facts.effective_tags import readable_clusters
from ops.model.arm_actions import LIST_FLEET
from ops.model.fleet import Cluster, Unknown
from ops.ports.bundle import Ports
from ops.ports.errors import OutsideError
from ops.settings import Settings

ACTIONS = frozenset({LIST_FLEET})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> tuple[Cluster, ...] | Unknown:
    """Returns the fleet; Unknown if it cannot be listed now."""
    try:
        return list_fleet(question.ports, question.settings)
    except OutsideError as error:
        return Unknown(str(error))


def list_fleet(ports: Ports, settings: Settings) -> tuple[Cluster, ...]:
    """Returns every cluster in the configured subscriptions, except those whose accepted tags cannot be read.

    Raises:
        OutsideError: a subscription could not be listed; a partial fleet is never returned.
    """
    listed = [
        cluster
        for subscription in settings.fleet.subscriptions
        for cluster in ports.clusters.list_clusters(subscription)
    ]
    return tuple(readable_clusters(ports.store, settings, listed))
