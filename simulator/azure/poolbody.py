"""Parses the body of a pool PUT and determines which changes it makes and whether they are allowed and supported."""

from typing import cast

from simulator.azure.documents import minor_version, pool_properties
from simulator.azure.errors import ArmError
from simulator.http_types import JsonObject
from simulator.world.state import Cluster, Pool
from simulator.world.world import PoolChange

TOP_FIELDS = {"id", "name", "type", "properties", "systemData"}
CHANGEABLE = {
    "count",
    "powerState",
    "nodeImageVersion",
    "upgradeSettings",
    "nodeLabels",
    "nodeTaints",
    "tags",
}
# Read-only fields, which a client is allowed to send back unchanged.
READ_ONLY = {"eTag", "provisioningState", "currentOrchestratorVersion", "status"}
# Fields in AgentPool that a client is allowed to send, but whose values this world cannot change.
KNOWN = {
    "artifactStreamingProfile", "availabilityZones", "capacityReservationGroupID", "creationData",
    "enableAutoScaling", "enableEncryptionAtHost", "enableFIPS", "enableNodePublicIP", "enableUltraSSD",
    "gatewayProfile", "gpuInstanceProfile", "gpuProfile", "hostGroupID", "kubeletConfig", "kubeletDiskType",
    "linuxOSConfig", "localDNSProfile", "maxCount", "maxPods", "messageOfTheDay", "minCount", "mode",
    "networkProfile", "nodePublicIPPrefixID", "orchestratorVersion", "osDiskSizeGB", "osDiskType", "osSKU",
    "osType", "podIPAllocationMode", "podSubnetID", "proximityPlacementGroupID", "scaleDownMode",
    "scaleSetEvictionPolicy", "scaleSetPriority", "securityProfile", "spotMaxPrice", "type",
    "virtualMachineNodesStatus", "virtualMachinesProfile", "vmSize", "vnetSubnetID", "windowsProfile",
    "workloadRuntime",
}  # fmt: skip
SETTINGS = {
    "maxSurge",
    "maxUnavailable",
    "drainTimeoutInMinutes",
    "nodeSoakDurationInMinutes",
    "undrainableNodeBehavior",
    "maxBlockedNodes",
}
MAX_POOL = 1000


def read_change(cluster: Cluster, pool: Pool, body: JsonObject) -> PoolChange:
    """Return the changes that a PUT makes.

    Raises:
        ArmError: 400 for an unknown field, a wrong type, or a field that cannot be changed.
    """
    _known(body, TOP_FIELDS, "")
    properties = _object(body.get("properties"), "properties")
    _known(properties, CHANGEABLE | READ_ONLY | KNOWN, "properties.")
    present = pool_properties(cluster, pool)
    if properties.get("orchestratorVersion") in _versions(pool, properties.get("nodeImageVersion")):
        present["orchestratorVersion"] = properties["orchestratorVersion"]
    for name in KNOWN & properties.keys():
        sent = properties[name]
        if sent is not None and sent != present.get(name):
            raise ArmError(
                400,
                "PropertyChangeNotAllowed",
                f"Changing property 'properties.{name}' is not allowed (from {present.get(name)!r} to {sent!r}).",
            )
    settings = _object(properties.get("upgradeSettings") or {}, "upgradeSettings")
    _known(settings, SETTINGS, "properties.upgradeSettings.")
    power = _object(properties.get("powerState") or {}, "powerState").get("code")
    return PoolChange(
        count=_count(properties.get("count")),
        power_state=_text(power, "powerState.code"),
        image=_image(pool, properties.get("nodeImageVersion")),
        max_surge=_text(settings.get("maxSurge"), "maxSurge"),
        max_unavailable=_text(settings.get("maxUnavailable"), "maxUnavailable"),
        drain_timeout_minutes=_number(settings.get("drainTimeoutInMinutes"), "drainTimeoutInMinutes"),
        node_soak_minutes=_number(settings.get("nodeSoakDurationInMinutes"), "nodeSoakDurationInMinutes"),
        node_labels=_texts(properties.get("nodeLabels"), "nodeLabels"),
        node_taints=_list(properties.get("nodeTaints"), "nodeTaints"),
        tags=_texts(properties.get("tags"), "tags"),
    )


def _versions(pool: Pool, image: object) -> set[str]:
    """Return the Kubernetes versions that a PUT can name: the current one, or for a rollback the one of its image."""
    known = {used.kubernetes_version for used in pool.used if used.image == image}
    return {pool.kubernetes_version, minor_version(pool.kubernetes_version), *known}


def _image(pool: Pool, sent: object) -> str | None:
    """Return the image for the rollback, or None if the client sent the pool's current image."""
    image = _text(sent, "nodeImageVersion")
    if image is None or image == pool.image:
        return None
    if image not in {used.image for used in pool.used}:
        raise ArmError(
            400,
            "InvalidParameter",
            f"The node image version {image!r} is not among the recently used versions of pool {pool.name}.",
        )
    return image


def _known(document: JsonObject, names: set[str], where: str) -> None:
    unknown = sorted(document.keys() - names)
    if unknown:
        raise ArmError(
            400, "UnmarshalError", f"UnmarshalEntity encountered error: json: unknown field {where}{unknown[0]}"
        )


def _object(value: object, name: str) -> JsonObject:
    if isinstance(value, dict):
        return cast("JsonObject", value)
    raise ArmError(400, "InvalidParameter", f"'{name}' must be an object.")


def _count(value: object) -> int | None:
    count = _number(value, "count")
    if count is not None and not 0 <= count <= MAX_POOL:
        raise ArmError(400, "InvalidParameter", f"The value of parameter count is invalid: {count}.")
    return count


def _number(value: object, name: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ArmError(400, "InvalidParameter", f"'{name}' must be a whole number.")


def _text(value: object, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ArmError(400, "InvalidParameter", f"'{name}' must be text.")


def _texts(value: object, name: str) -> dict[str, str] | None:
    if value is None:
        return None
    return {key: str(item) for key, item in _object(value, name).items()}


def _list(value: object, name: str) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, list):
        return [str(item) for item in value]
    raise ArmError(400, "InvalidParameter", f"'{name}' must be a list.")
