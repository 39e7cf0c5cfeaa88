"""The channels that a cluster's messages go to."""

from collections.abc import Mapping

from ops.model.fleet import Cluster
from ops.policy.select import matches
from ops.settings import Settings
from ops.settings.chat import Routed


def channels_of(cluster: Cluster, settings: Settings) -> tuple[str, ...]:
    """Returns the channels of every route that selects the cluster, as `chat|channel`, without duplicates.

    Empty if no route selects the cluster: its messages go to the default channels.
    """
    return channels_for(cluster.name, cluster.region, cluster.tags, settings)


def channels_for(name: str, region: str, tags: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    """Like `channels_of`, for a cluster about which only the name, region and tags are known."""
    channels = [
        f"{chat}|{route.channel}"
        for chat, section in settings.chat.sections.items()
        if isinstance(section, Routed)
        for route in section.routes
        if matches(route.select, name, region, tags)
    ]
    return tuple(dict.fromkeys(channels))
