"""Converts the JSON of Azure Kubernetes Fleet Manager to the model. A malformed document raises any of `UNREADABLE`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ops.model.azure_names import azure_key
from ops.model.update_runs import UpdateRun

_ID_PARTS = 8  # subscriptions/S/resourceGroups/G/providers/P/fleets/N


def fleet_id_of(row: Any) -> str:
    """Returns the id of a fleet in a row of Resource Graph.

    Raises:
        ValueError: it is not that of a fleet.
    """
    identity = azure_key(str(row["id"])).rstrip("/")
    parts = identity.strip("/").split("/")
    if not identity.startswith("/subscriptions/") or len(parts) != _ID_PARTS or parts[-2] != "fleets":
        raise ValueError("its id is not that of a fleet")
    return identity


def member_of(document: Any) -> tuple[str, str]:
    """Returns the ARM id and the update group of a member.

    Raises:
        ValueError: it does not name its cluster.
    """
    properties = document["properties"]
    cluster = properties["clusterResourceId"]
    if not isinstance(cluster, str) or not cluster.startswith("/"):
        raise ValueError("a member does not name its cluster")
    return cluster, str(properties.get("group") or "")


def run_of(document: Any, cluster_id: str, group: str) -> UpdateRun | None:
    """Converts an update run that contains the cluster; returns None if the run does not contain it.

    A run lists its members by stage and group as soon as it is created. If this one lists none, its strategy decides by group;
    without a strategy, a run contains every member of the fleet.
    """
    properties: Mapping[str, Any] = document["properties"]
    status: Mapping[str, Any] = properties.get("status") or {}
    stages: Sequence[Mapping[str, Any]] = status.get("stages") or ()
    listed = [(stage, member) for stage in stages for member in _members(stage)]
    if listed:
        own = next((stage for stage, member in listed if _is_of(member, cluster_id)), None)
    else:
        planned = (properties.get("strategy") or {}).get("stages") or stages
        own = next((stage for stage in planned if group in _groups(stage)), None) if planned else {}
    if own is None:
        return None
    state = str((status.get("status") or {}).get("state") or "not reported")
    return UpdateRun(str(document["id"]), str(document["name"]), state, str(own.get("name") or ""))


def auto_upgrade_of(document: Any) -> str:
    """Returns an auto-upgrade profile as `name (channel)`; empty if it is disabled."""
    properties = document["properties"]
    if properties.get("disabled") is True:
        return ""
    return f"{document['name']} ({properties.get('channel') or 'no channel'})"


def _members(stage: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (member for group in stage.get("groups") or () for member in group.get("members") or ())


def _groups(stage: Mapping[str, Any]) -> list[str]:
    return [str(group.get("name") or "") for group in stage.get("groups") or ()]


def _is_of(member: Mapping[str, Any], cluster_id: str) -> bool:
    return azure_key(str(member.get("clusterResourceId") or "")) == cluster_id
