"""All clusters in the configured subscriptions, as Azure lists them, with the tags that apply: the list can be slightly outdated."""

from ops.facts import FactQuery
from ops.facts.effective_tags import readable_clusters
from ops.model.arm_actions import LIST_FLEET
from ops.model.fleet import Cluster, Unknown, UnreadableCluster
from ops.ports.bundle import Ports
from ops.ports.errors import OutsideError
from ops.settings import Settings
from ops.tables.set_aside import set_aside_only

ACTIONS = frozenset({LIST_FLEET})
KUBERNETES = frozenset[str]()


# The loop under which clusters with malformed documents are set aside, by as much of their id as could be read.
MALFORMED = "fleet"


def gather(question: FactQuery) -> tuple[Cluster, ...] | Unknown:
    """Returns the fleet; Unknown if it cannot be listed now."""
    try:
        return list_fleet(question.ports, question.settings)
    except OutsideError as error:
        return Unknown(str(error))


def list_fleet(ports: Ports, settings: Settings) -> tuple[Cluster, ...]:
    """Returns every cluster in the configured subscriptions, except those that cannot be read.

    These are the clusters with malformed documents, which are set aside and reported, and those whose accepted tags cannot be read.

    Raises:
        OutsideError: a subscription could not be listed; a partial fleet is never returned.
    """
    listed = [each for name in settings.fleet.subscriptions for each in ports.clusters.list_clusters(name)]
    malformed = {each.name: each.why for each in listed if isinstance(each, UnreadableCluster)}
    set_aside_only(ports.store, MALFORMED, malformed)
    readable = [each for each in listed if isinstance(each, Cluster)]
    return tuple(readable_clusters(ports.store, settings, readable))
