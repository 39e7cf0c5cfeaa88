"""Which clusters are the fleet's: those of the configured subscriptions. Nothing is begun on any other, whoever names it."""

from ops.settings import Settings

_SUBSCRIPTION = 2  # /subscriptions/S/…


def is_in_fleet(cluster_id: str, settings: Settings) -> bool:
    """Whether the cluster of this ARM id lies in a subscription of the fleet."""
    parts = cluster_id.casefold().split("/")
    known = {subscription.casefold() for subscription in settings.fleet.subscriptions}
    return (
        len(parts) > _SUBSCRIPTION and parts[:_SUBSCRIPTION] == ["", "subscriptions"] and parts[_SUBSCRIPTION] in known
    )
