"""ARM's representation of clusters, pools and operations. Its shapes were recorded from the real service."""

import hashlib
from datetime import datetime

from simulator.http_types import JsonObject
from simulator.world.aks import maintenance_of
from simulator.world.core import Core
from simulator.world.nodes import ZONES, node_resource_group
from simulator.world.specs import PRINCIPAL, TENANT
from simulator.world.state import Cluster, Node, Operation, Pool, Status

PROVIDER = "providers/Microsoft.ContainerService"
NODE_OS_SCHEDULE = "aksManagedNodeOSUpgradeSchedule"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def cluster_id(cluster: Cluster) -> str:
    """Return a cluster's id. Unlike ARM, AKS spells ``resourcegroups`` in lower case."""
    spec = cluster.spec
    return (
        f"/subscriptions/{spec.subscription}/resourcegroups/{spec.resource_group}"
        f"/{PROVIDER}/managedClusters/{spec.name}"
    )


def etag(*parts: object) -> str:
    """Return an ETag in the form of a GUID."""
    digest = hashlib.md5("/".join(str(part) for part in parts).encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def pool_etag(cluster: Cluster, pool: Pool) -> str:
    """Return a pool's ETag, which changes whenever the pool changes."""
    return etag(cluster.name, pool.name, pool.revision)


def pool_properties(cluster: Cluster, pool: Pool) -> JsonObject:
    """Return a pool's ``properties``, which also form the cluster's agent pool profile."""
    spec = pool.spec
    properties: JsonObject = {
        "eTag": pool_etag(cluster, pool),
        "count": pool.count,
        "vmSize": spec.vm_size,
        "osDiskSizeGB": 128,
        "osDiskType": "Managed",
        "kubeletDiskType": "OS",
        "maxPods": 250,
        "type": spec.type,
        "availabilityZones": list(ZONES),
        "enableAutoScaling": spec.autoscaled,
        "scaleDownMode": "Delete",
        "provisioningState": pool.provisioning_state,
        "powerState": {"code": pool.power_state},
        "orchestratorVersion": pool.kubernetes_version if spec.full_version else minor_version(pool.kubernetes_version),
        "currentOrchestratorVersion": pool.kubernetes_version,
        "enableNodePublicIP": False,
        "nodeLabels": dict(pool.node_labels),
        "nodeTaints": list(pool.node_taints),
        "tags": dict(pool.tags),
        "mode": spec.mode,
        "osType": spec.os_type,
        "osSKU": spec.os_sku,
        "nodeImageVersion": pool.image,
        "upgradeSettings": {
            "maxSurge": pool.max_surge,
            "maxUnavailable": pool.max_unavailable,
            "drainTimeoutInMinutes": pool.drain_timeout_minutes,
            "nodeSoakDurationInMinutes": pool.node_soak_minutes,
            "undrainableNodeBehavior": "Cordon",
        },
        "enableFIPS": False,
        "securityProfile": {"enableVTPM": False, "enableSecureBoot": False},
    }
    if spec.autoscaled:
        properties |= {"minCount": 0, "maxCount": max(spec.nodes, 1)}
    if spec.type == "VirtualMachines":
        # Such a pool has its machines by size, and no zones.
        sizes: list[JsonObject] = [{"size": spec.vm_size, "count": pool.count}]
        properties |= {
            "count": None,
            "vmSize": None,
            "availabilityZones": None,
            "virtualMachinesProfile": {"scale": {"manual": sizes}},
            "virtualMachineNodesStatus": [{"size": spec.vm_size, "count": len(cluster.nodes_of(pool.name))}],
        }
    if spec.priority == "Spot":
        properties |= {"scaleSetPriority": "Spot", "scaleSetEvictionPolicy": "Delete", "spotMaxPrice": -1.0}
        properties["upgradeSettings"] = {}
    if spec.without_upgrade_settings:
        properties["upgradeSettings"] = {}
    if spec.from_snapshot:
        group = cluster_id(cluster).rpartition("/managedClusters/")[0]
        properties["creationData"] = {"sourceResourceId": f"{group}/snapshots/{pool.name}"}
    if pool.error_code:
        error = {"code": pool.error_code, "message": pool.error_message}
        properties["status"] = {"provisioningError": error}
    return properties | dict.fromkeys(pool.hidden)


def pool_document(cluster: Cluster, pool: Pool) -> JsonObject:
    """Return a pool as a resource."""
    return {
        "id": f"{cluster_id(cluster)}/agentPools/{pool.name}",
        "name": pool.name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "properties": pool_properties(cluster, pool),
    }


def pool_machine_document(cluster: Cluster, pool: Pool, node: Node) -> JsonObject:
    """Return a machine of a pool. Its name is that of its node, and its resource id is that of its virtual machine."""
    suffix = hashlib.md5(node.name.encode(), usedforsecurity=False).digest()
    return {
        "id": f"{cluster_id(cluster)}/agentPools/{pool.name}/machines/{node.name}",
        "name": node.name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools/machines",
        "zones": [] if pool.spec.type == "VirtualMachines" else [node.zone.rpartition("-")[2]],
        "properties": {
            "network": {"ipAddresses": [{"family": "IPv4", "ip": f"10.9.{suffix[0]}.{suffix[1]}"}]},
            "resourceId": machine_id(cluster, node),
        },
    }


def machine_id(cluster: Cluster, node: Node) -> str:
    """Return the id of a node's virtual machine, in which, unlike in provider ids, the resource group has its own spelling."""
    path = node.provider_id.partition("/providers/")[2]
    return f"/subscriptions/{cluster.spec.subscription}/resourceGroups/{node_resource_group(cluster)}/providers/{path}"


def cluster_document(cluster: Cluster) -> JsonObject:
    """Return a cluster as a resource."""
    spec = cluster.spec
    host = f"{spec.name}-{cluster.number}.hcp.{spec.region}.azmk8s.io"
    return {
        "id": cluster_id(cluster),
        "location": spec.region,
        "name": spec.name,
        "tags": dict(cluster.tags),
        "type": "Microsoft.ContainerService/ManagedClusters",
        "eTag": etag(spec.name, cluster.revision),
        "properties": {
            "provisioningState": cluster.provisioning_state,
            "powerState": {"code": cluster.power_state},
            "kubernetesVersion": spec.kubernetes_version.rpartition(".")[0],
            "currentKubernetesVersion": spec.kubernetes_version,
            "dnsPrefix": spec.name,
            "fqdn": host,
            "azurePortalFQDN": host.replace(".hcp.", ".portal.hcp."),
            "agentPoolProfiles": [
                {"name": pool.name, **pool_properties(cluster, pool)} for pool in cluster.pools.values()
            ]
            or None,
            "servicePrincipalProfile": {"clientId": "msi"},
            "nodeResourceGroup": node_resource_group(cluster),
            **_override(spec.forced_until),
            **({"hostedSystemProfile": {"enabled": True}} if spec.hosted_system else {}),
            **({"nodeResourceGroupProfile": {"restrictionLevel": "ReadOnly"}} if spec.machines_locked else {}),
            "enableRBAC": True,
            "disableLocalAccounts": True,
            "supportPlan": "KubernetesOfficial",
            "networkProfile": {
                "networkPlugin": "azure",
                "networkPluginMode": "overlay",
                "networkPolicy": "none",
                "loadBalancerSku": "standard",
                "podCidr": "10.244.0.0/16",
                "serviceCidr": "10.0.0.0/16",
                "outboundType": "loadBalancer",
            },
            "aadProfile": {"managed": True, "enableAzureRBAC": True, "tenantID": TENANT},
            "identityProfile": {
                "kubeletidentity": {
                    "resourceId": (
                        f"/subscriptions/{spec.subscription}/resourcegroups/{node_resource_group(cluster)}/providers/"
                        f"Microsoft.ManagedIdentity/userAssignedIdentities/{spec.name}-agentpool"
                    ),
                    "clientId": etag("client", spec.name),
                    "objectId": etag("object", spec.name),
                }
            },
            "maxAgentPools": 100,
            "autoUpgradeProfile": {"upgradeChannel": "none", "nodeOSUpgradeChannel": spec.node_os_channel},
            "securityProfile": {},
            "nodeProvisioningProfile": {
                "mode": "Auto" if spec.provisions_nodes else "Manual",
                "defaultNodePools": "Auto" if spec.provisions_nodes else "None",
            },
            "oidcIssuerProfile": {"enabled": False},
            "resourceUID": etag("uid", spec.name, cluster.creation).replace("-", "")[:24],
            **dict.fromkeys(cluster.hidden),
        },
        "identity": {"type": "SystemAssigned", "principalId": PRINCIPAL, "tenantId": TENANT},
        "sku": {"name": spec.sku, "tier": "Standard"},
    }


def _override(forced_until: datetime | None) -> JsonObject:
    if forced_until is None:
        return {}
    return {"upgradeSettings": {"overrideSettings": {"forceUpgrade": True, "until": zulu(forced_until)}}}


def pool_upgrade_profile(core: Core, cluster: Cluster, pool: Pool) -> JsonObject:
    """Return a pool's upgrade profile: the newest image in its region, and the images that the pool ran earlier."""
    return {
        "id": f"{cluster_id(cluster)}/agentPools/{pool.name}/upgradeProfiles/default",
        "name": "default",
        "type": "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles",
        "properties": {
            "kubernetesVersion": pool.kubernetes_version,
            "osType": pool.spec.os_type,
            "latestNodeImageVersion": core.newest_image(cluster, pool),
            "recentlyUsedVersions": [
                {
                    "orchestratorVersion": used.kubernetes_version,
                    "nodeImageVersion": used.image,
                    "timestamp": zulu(used.until),
                }
                for used in pool.used
            ],
        },
    }


def cluster_upgrade_profile(core: Core, cluster: Cluster) -> JsonObject:
    """Return a cluster's upgrade profile: the Kubernetes versions that follow its current one."""
    upgrades = [{"kubernetesVersion": core.kubernetes_latest, "isPreview": False}]
    return {
        "id": f"{cluster_id(cluster)}/upgradeProfiles/default",
        "name": "default",
        "type": "Microsoft.ContainerService/managedClusters/upgradeProfiles",
        "properties": {
            "controlPlaneProfile": {
                "kubernetesVersion": cluster.spec.kubernetes_version,
                "osType": "Linux",
                "upgrades": upgrades,
            },
            "agentPoolProfiles": [
                {"kubernetesVersion": pool.kubernetes_version, "name": pool.name, "osType": pool.spec.os_type}
                for pool in cluster.pools.values()
            ],
        },
    }


def available_versions(core: Core, cluster: Cluster) -> JsonObject:
    """Return the Kubernetes versions that a cluster's pools can use."""
    versions = sorted({cluster.spec.kubernetes_version, core.kubernetes_latest})
    return {
        "id": f"{cluster_id(cluster)}/availableAgentPoolVersions",
        "name": "default",
        "type": "Microsoft.ContainerService/managedClusters/availableAgentpoolVersions",
        "properties": {"agentPoolVersions": [{"kubernetesVersion": v, "isPreview": False} for v in versions]},
    }


def maintenance_document(core: Core, cluster: Cluster) -> JsonObject:
    """Return a cluster's maintenance configuration for node OS upgrades."""
    spec = maintenance_of(core, cluster)
    offset_m = int(spec.utc_offset.total_seconds() // 60)
    sign = "-" if offset_m < 0 else "+"
    window: JsonObject = {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": WEEKDAYS[spec.weekday]}},
        "durationHours": spec.duration_hours,
        "utcOffset": f"{sign}{abs(offset_m) // 60:02d}:{abs(offset_m) % 60:02d}",
        "startDate": "2026-01-01",
        "startTime": f"{spec.start:%H:%M}",
    }
    if spec.not_allowed:
        window["notAllowedDates"] = [{"start": str(first), "end": str(last)} for first, last in spec.not_allowed]
    return {
        "id": f"{cluster_id(cluster)}/maintenanceConfigurations/{NODE_OS_SCHEDULE}",
        "name": NODE_OS_SCHEDULE,
        "type": "Microsoft.ContainerService/managedClusters/maintenanceConfigurations",
        "properties": {"maintenanceWindow": window},
    }


def operation_document(operation: Operation) -> JsonObject:
    """Return an operation's status.

    As in the recordings, the name can differ from the id in the URL, and ``NotLatestOperation`` can be the error for
    an operation that did not fail.
    """
    drawn = int(operation.id[-2:], 16)
    document: JsonObject = {
        "name": etag(operation.id) if drawn % 4 == 0 else operation.id,
        "status": operation.phase if operation.phase and operation.ended is None else operation.status.value,
        "startTime": ticks(operation.began),
    }
    if operation.ended is not None:
        document["endTime"] = ticks(operation.ended)
    if operation.error_code:
        document["error"] = {"code": operation.error_code, "message": operation.error_message}
    elif operation.status in (Status.IN_PROGRESS, Status.SUCCEEDED) and drawn % 8 == 1:
        document["error"] = {
            "code": "NotLatestOperation",
            "message": "Expected goal state for managed cluster not saved yet.",
        }
    return document


def compute_operation_document(operation: Operation) -> JsonObject:
    """Return an operation's status in the compute provider's format."""
    document: JsonObject = {"startTime": zulu(operation.began)}
    if operation.ended is not None:
        document["endTime"] = zulu(operation.ended)
    document |= {"status": operation.status.value, "name": operation.id}
    if operation.error_code:
        document["error"] = {"code": operation.error_code, "message": operation.error_message}
    return document


def minor_version(version: str) -> str:
    """Return a version without its patch, which is how a pool shows the version that was requested for it."""
    return version.rpartition(".")[0]


def ticks(at: datetime) -> str:
    """Return a time with seven digits after the second, as AKS writes those of an operation."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}0Z"


def zulu(at: datetime) -> str:
    """Return a time in ARM's format."""
    return at.isoformat().replace("+00:00", "Z")
