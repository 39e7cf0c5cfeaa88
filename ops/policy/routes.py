"""Where a cluster's messages go."""

from collections.abc import Iterator, Sequence

from ops.model.fleet import Cluster
from ops.model.settings import Route, Settings
from ops.policy.select import matches


def channels_of(cluster: Cluster, settings: Settings) -> tuple[str, ...]:
    """Every channel of every route that takes the cluster in, as `chat|channel`, each once; none: where all go."""
    found = list(_matching("slack", settings.chat.slack_routes, cluster))
    if settings.chat.teams_bot is not None:
        found += _matching("teams-bot", settings.chat.teams_bot.routes, cluster)
    return tuple(dict.fromkeys(found))


def _matching(chat: str, routes: Sequence[Route], cluster: Cluster) -> Iterator[str]:
    for route in routes:
        if matches(route.select, cluster.name, cluster.region, cluster.tags):
            yield f"{chat}|{route.channel}"
