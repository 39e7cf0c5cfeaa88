"""The compute provider's representation of scale sets, instances and single VMs. Its shapes were recorded from the real service."""

from simulator.azure.arm_request import ArmRequest
from simulator.azure.documents import etag, machine_id, zulu
from simulator.azure.errors import ArmError
from simulator.http_types import JsonObject
from simulator.world.nodes import ZONES, node_resource_group
from simulator.world.state import Cluster, Node, Pool
from simulator.world.world import World


def cluster_of_group(world: World, request: ArmRequest) -> Cluster:
    """Return the cluster whose machines are in the resource group of the path.

    Raises:
        ArmError: 404, there is none.
    """
    names = request.names
    for cluster in world.clusters.values():
        here = cluster.spec.subscription == names["subscription"].lower()
        if here and node_resource_group(cluster).lower() == names["group"].lower():
            return cluster
    raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{names['group']}' could not be found.")


def scale_set_name(cluster: Cluster, pool: Pool) -> str:
    """Return the name of the scale set for a pool."""
    return f"aks-{pool.name}-{cluster.number}-vmss"


def scale_set_id(cluster: Cluster, pool: Pool) -> str:
    """Return a scale set's id."""
    return (
        f"/subscriptions/{cluster.spec.subscription}/resourceGroups/{node_resource_group(cluster)}"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/{scale_set_name(cluster, pool)}"
    )


def instance_id(node: Node) -> str:
    """Return an instance's number within its scale set."""
    return node.provider_id.rpartition("/")[2]


def is_instance(node: Node) -> bool:
    """Whether a node's machine is an instance of a scale set, and not a single VM."""
    return "/virtualMachineScaleSets/" in node.provider_id


def virtual_machine_document(cluster: Cluster, node: Node) -> JsonObject:
    """Return a single VM."""
    return {
        "name": node.name,
        "id": machine_id(cluster, node),
        "type": "Microsoft.Compute/virtualMachines",
        "location": cluster.spec.region,
        "properties": {
            "provisioningState": "Succeeded",
            "vmId": etag("vm", node.provider_id),
            "osProfile": {"computerName": node.name, "adminUsername": "azureuser", "secrets": []},
            "timeCreated": zulu(node.created),
        },
    }


def scale_set_document(cluster: Cluster, pool: Pool) -> JsonObject:
    """Return a scale set as a resource."""
    name = scale_set_name(cluster, pool)
    profile: JsonObject = {
        "osProfile": {"computerNamePrefix": name, "adminUsername": "azureuser", "secrets": []},
        "storageProfile": {"osDisk": _os_disk(pool)},
    }
    if pool.spec.priority == "Spot":
        profile |= {"priority": "Spot", "evictionPolicy": "Delete", "billingProfile": {"maxPrice": -1.0}}
    return {
        "name": name,
        "id": scale_set_id(cluster, pool),
        "type": "Microsoft.Compute/virtualMachineScaleSets",
        "location": cluster.spec.region,
        "tags": {
            "aks-managed-poolName": pool.name,
            "aks-managed-cluster-name": cluster.name,
            **cluster.tags,
        },
        "sku": {"name": pool.spec.vm_size, "tier": "Standard", "capacity": len(cluster.nodes_of(pool.name))},
        "zones": list(ZONES),
        "etag": f'"{pool.revision}"',
        "properties": {
            "singlePlacementGroup": False,
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": profile,
            "provisioningState": "Succeeded",
            "overprovision": False,
            "doNotRunExtensionsOnOverprovisionedVMs": False,
            "uniqueId": etag("scale-set", cluster.name, pool.name),
            "platformFaultDomainCount": 1,
            "timeCreated": "2026-01-05T08:00:00Z",
        },
    }


def machine_document(cluster: Cluster, pool: Pool, node: Node, *, with_view: bool = False) -> JsonObject:
    """Return one instance, including its instance view if requested."""
    number = instance_id(node)
    properties: JsonObject = {
        "latestModelApplied": True,
        "modelDefinitionApplied": "VirtualMachineScaleSet",
        "provisioningState": "Succeeded",
        "hardwareProfile": {"vmSize": pool.spec.vm_size},
        "resilientVMDeletionStatus": "Disabled",
        "vmId": etag("vm", node.provider_id),
        "storageProfile": {"osDisk": _os_disk(pool), "dataDisks": []},
        "osProfile": {"computerName": node.name, "adminUsername": "azureuser", "secrets": []},
        "timeCreated": zulu(node.created),
    }
    if with_view:
        properties["instanceView"] = instance_view(cluster, node)
    return {
        "name": f"{scale_set_name(cluster, pool)}_{number}",
        "id": f"{scale_set_id(cluster, pool)}/virtualMachines/{number}",
        "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        "location": cluster.spec.region,
        "instanceId": number,
        "sku": {"name": pool.spec.vm_size, "tier": "Standard"},
        "zones": [node.zone.rpartition("-")[2]],
        "properties": properties,
        "etag": f'"{node.version}"',
    }


def instance_view(cluster: Cluster, node: Node) -> JsonObject:
    """Return the instance view of an instance."""
    runs = cluster.power_state == "Running"
    power = ("PowerState/running", "VM running") if runs else ("PowerState/deallocated", "VM deallocated")
    since = zulu(node.ready_since or node.created)
    statuses: list[JsonObject] = [
        {
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Provisioning succeeded",
            "time": since,
        },
        {"code": power[0], "level": "Info", "displayStatus": power[1]},
    ]
    return {
        "placementGroupId": etag("placement", cluster.name, node.pool),
        "platformUpdateDomain": 0,
        "platformFaultDomain": 0,
        "computerName": node.name,
        "hyperVGeneration": "V2",
        "statuses": statuses,
    }


def _os_disk(pool: Pool) -> JsonObject:
    return {
        "osType": pool.spec.os_type,
        "createOption": "FromImage",
        "caching": "ReadOnly",
        "managedDisk": {"storageAccountType": "Premium_LRS"},
        "diskSizeGB": 128,
    }
