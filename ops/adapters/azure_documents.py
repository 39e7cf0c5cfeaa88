"""Converts Azure's JSON to the model; Resource Manager and Resource Graph use the same shape."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ops.adapters.azure_errors import UNREADABLE
from ops.model.azure_names import azure_key
from ops.model.fleet import Cluster, Pool, Power, Unknown, UnreadableCluster
from ops.model.machine import ListedMachine, parse_machine_id

type Document = Mapping[str, Any]

_ID_PARTS = 8  # subscriptions/S/resourceGroups/G/providers/P/managedClusters/N
_LONGEST_WHY = 200
_NO_COUNT = Unknown("Azure does not report how many nodes it has")


def listed_cluster(document: object) -> Cluster | UnreadableCluster:
    """Converts a cluster in a list. One that is malformed does not lose the others."""
    try:
        return cluster_of(document)
    except UNREADABLE as error:
        identity = document.get("id") if isinstance(document, Mapping) else None
        why = f"its document is malformed: {type(error).__name__}: {str(error)[:_LONGEST_WHY]}"
        return UnreadableCluster(str(identity or "a cluster without an id")[:_LONGEST_WHY], why)


def cluster_of(document: Any) -> Cluster:
    """Converts a managed cluster. Azure is inconsistent about the case of ids, so `azure_key` gives them one spelling.

    Raises:
        ValueError: its id is not that of a managed cluster. A malformed document raises any of `UNREADABLE`.
    """
    properties: Document = document.get("properties") or {}
    identity = str(document["id"])
    parts = identity.strip("/").split("/")
    if len(parts) != _ID_PARTS:
        raise ValueError("its id is not that of a managed cluster")
    channel = (properties.get("autoUpgradeProfile") or {}).get("nodeOSUpgradeChannel") or ""
    provisioning = (properties.get("nodeProvisioningProfile") or {}).get("mode") or ""
    restriction = (properties.get("nodeResourceGroupProfile") or {}).get("restrictionLevel") or ""
    return Cluster(
        id=azure_key(identity),
        name=str(document["name"]),
        subscription=parts[1],
        resource_group=parts[3],
        region=str(document.get("location", "")),
        tags={str(key): str(value) for key, value in (document.get("tags") or {}).items()},
        kubernetes_version=str(properties.get("currentKubernetesVersion") or properties.get("kubernetesVersion") or ""),
        power=_power(properties),
        provisioning_state=str(properties.get("provisioningState") or ""),
        node_os_channel=str(channel),
        automatic=str((document.get("sku") or {}).get("name", "")).casefold() == "automatic",
        node_auto_provisioning=str(provisioning).casefold() == "auto",
        node_resource_group=str(properties.get("nodeResourceGroup") or ""),
        resource_uid=str(properties.get("resourceUID") or "").casefold(),
        machines_locked=str(restriction).casefold() == "readonly",
        forced_until=_forced_until(properties),
        hosted_system_pools=(properties.get("hostedSystemProfile") or {}).get("enabled") is True,
        pools=tuple(_pool_of(profile) for profile in properties.get("agentPoolProfiles") or ()),
    )


def _forced_until(properties: Document) -> datetime | Unknown | None:
    """Returns until when upgrades are forced. `forceUpgrade` takes effect only with `until`, says the model of the API."""
    override = (properties.get("upgradeSettings") or {}).get("overrideSettings") or {}
    until = override.get("until")
    if override.get("forceUpgrade") is not True or until is None:
        return None
    try:
        end = datetime.fromisoformat(str(until))
    except ValueError:
        end = None
    return (
        end if end is not None and end.tzinfo is not None else Unknown(f"its end cannot be read: {str(until)[:50]!r}")
    )


def _pool_of(profile: Document) -> Pool:
    upgrade = profile.get("upgradeSettings") or {}
    error = (profile.get("status") or {}).get("provisioningError") or {}
    return Pool(
        name=str(profile["name"]),
        mode=str(profile.get("mode") or "User"),
        os_sku=str(profile.get("osSKU") or profile.get("osType") or ""),
        kubernetes_version=str(profile.get("currentOrchestratorVersion") or profile.get("orchestratorVersion") or ""),
        image=str(profile.get("nodeImageVersion") or ""),
        count=_count(profile),
        provisioning_state=str(profile.get("provisioningState") or ""),
        power=_power(profile),
        spot=str(profile.get("scaleSetPriority") or "").casefold() == "spot",
        from_snapshot=bool((profile.get("creationData") or {}).get("sourceResourceId")),
        max_surge=str(upgrade.get("maxSurge") or ""),
        node_soak_min=int(upgrade.get("nodeSoakDurationInMinutes") or 0),
        error_code=str(error.get("code") or ""),
        error=str(error.get("message") or ""),
        type=str(profile.get("type") or ""),
        autoscaled=profile.get("enableAutoScaling") is True or bool(_scale(profile).get("autoscale")),
    )


def machine_listed(document: Any) -> ListedMachine | None:
    """Converts a machine of a pool; returns None if ARM reports no virtual machine for it (yet)."""
    machine = parse_machine_id(str((document.get("properties") or {}).get("resourceId") or ""))
    return None if machine is None else ListedMachine(azure_key(str(document.get("name") or "")), machine)


def _count(profile: Document) -> int | Unknown:
    """Returns the number of machines. A pool of type VirtualMachines has them by size; there, `count` is null or outdated."""
    if str(profile.get("type") or "").casefold() != "virtualmachines":
        return _number(profile.get("count"))
    sizes = profile.get("virtualMachineNodesStatus") or _scale(profile).get("manual")
    counts = [_number(size.get("count")) for size in sizes or ()]
    unknown = next((count for count in counts if isinstance(count, Unknown)), None)
    if unknown is not None or not counts:
        return _NO_COUNT
    return sum(count for count in counts if not isinstance(count, Unknown))


def _scale(profile: Document) -> Document:
    return (profile.get("virtualMachinesProfile") or {}).get("scale") or {}


def _number(value: object) -> int | Unknown:
    return value if isinstance(value, int) and not isinstance(value, bool) else _NO_COUNT


def _power(part: Document) -> Power:
    """Returns the power state. A stopped cluster also reports `Succeeded`; a state that is absent or new is unknown."""
    match str((part.get("powerState") or {}).get("code") or "").casefold():
        case "running":
            return Power.RUNNING
        case "stopped":
            return Power.STOPPED
        case _:
            return Power.UNKNOWN
