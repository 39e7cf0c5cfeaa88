"""Where a cluster's messages go."""

from collections.abc import Mapping, Sequence

from ops.model.fleet import Cluster
from ops.policy.select import matches
from ops.settings import Settings
from ops.settings.chat import Route


def channels_of(cluster: Cluster, settings: Settings) -> tuple[str, ...]:
    """Every channel of every route that takes the cluster in, as `chat|channel`, each once; none: where all go."""
    return channels_for(cluster.name, cluster.region, cluster.tags, settings)


def channels_for(name: str, region: str, tags: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    """The same, for what is known of a cluster."""

    def matching(chat: str, routes: Sequence[Route]) -> list[str]:
        return [f"{chat}|{route.channel}" for route in routes if matches(route.select, name, region, tags)]

    bot = settings.chat.teams_bot
    found = [*matching("slack", settings.chat.slack_routes), *(matching("teams-bot", bot.routes) if bot else ())]
    return tuple(dict.fromkeys(found))
