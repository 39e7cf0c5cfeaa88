"""The channels that a cluster's messages go to."""

from collections.abc import Mapping, Sequence

from ops.model.fleet import Cluster
from ops.policy.select import matches
from ops.settings import Settings
from ops.settings.chat import Route


def channels_of(cluster: Cluster, settings: Settings) -> tuple[str, ...]:
    """The channels of every route that selects the cluster, as `chat|channel`, without duplicates; empty: the default channels."""
    return channels_for(cluster.name, cluster.region, cluster.tags, settings)


def channels_for(name: str, region: str, tags: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    """The same, given a cluster's name, region and tags."""

    def matching(chat: str, routes: Sequence[Route]) -> list[str]:
        return [f"{chat}|{route.channel}" for route in routes if matches(route.select, name, region, tags)]

    bot = settings.chat.teams_bot
    found = [*matching("slack", settings.chat.slack_routes), *(matching("teams-bot", bot.routes) if bot else ())]
    return tuple(dict.fromkeys(found))
