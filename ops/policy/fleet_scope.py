"""Which clusters belong to the fleet: those in the configured subscriptions. Runs never start on other clusters."""

from ops.model.azure_names import azure_key
from ops.settings import Settings

_SUBSCRIPTION = 2  # /subscriptions/S/…


def is_in_fleet(cluster_id: str, settings: Settings) -> bool:
    """Whether the cluster with this ARM id is in a configured subscription."""
    parts = azure_key(cluster_id).split("/")
    known = {azure_key(subscription) for subscription in settings.fleet.subscriptions}
    return (
        len(parts) > _SUBSCRIPTION and parts[:_SUBSCRIPTION] == ["", "subscriptions"] and parts[_SUBSCRIPTION] in known
    )
