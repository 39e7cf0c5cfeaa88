"""The channels that a cluster's messages go to."""

from ops.policy.select import Selectable, matches
from ops.settings import Settings
from ops.settings.chat import Routed


def channels_of(cluster: Selectable, settings: Settings) -> tuple[str, ...]:
    """Returns the channels of every route that selects the cluster, as `chat|channel`, without duplicates.

    Empty if no route selects the cluster: its messages go to the default channels.
    """
    channels = [
        f"{chat}|{route.channel}"
        for chat, section in settings.chat.sections.items()
        if isinstance(section, Routed)
        for route in section.routes
        if matches(route.select, cluster)
    ]
    return tuple(dict.fromkeys(channels))
