"""Fields of Azure's JSON that depend on the type of a pool."""

from typing import Any

import pytest

from ops.adapters.azure_documents import cluster_of, listed_cluster, machine_listed
from ops.model.fleet import Cluster, Pool, Power, Unknown, UnreadableCluster
from ops.model.machine import Machine

ID = "/subscriptions/0/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/shop-dev"
VM = "/subscriptions/S1/resourceGroups/MC_rg/providers/Microsoft.Compute/virtualMachines/aks-np1-1-vms3"


def pool(**profile: Any) -> Pool:
    document = {"id": ID, "name": "shop-dev", "properties": {"agentPoolProfiles": [{"name": "np1", **profile}]}}
    return cluster_of(document).pools[0]


@pytest.mark.parametrize(
    ("profile", "count"),
    [
        ({"type": "VirtualMachineScaleSets", "count": 3}, 3),
        ({"type": "VirtualMachines", "count": None, "virtualMachineNodesStatus": [{"count": 3}, {"count": 1}]}, 4),
        ({"type": "virtualmachines", "count": 9, "virtualMachineNodesStatus": [{"count": 3}]}, 3),
        ({"type": "VirtualMachines", "virtualMachinesProfile": {"scale": {"manual": [{"size": "x", "count": 2}]}}}, 2),
    ],
)
def test_a_vm_pool_has_its_machines_by_size(profile: dict[str, Any], count: int) -> None:
    assert pool(**profile).count == count


RECORDED = {"scale": {"autoscale": [{"size": "standard_d2s_v3", "minCount": 1, "maxCount": 3}]}}


@pytest.mark.parametrize(
    "profile",
    [
        {"type": "VirtualMachines"},
        {"type": "VirtualMachines", "count": None, "virtualMachinesProfile": RECORDED},
        {"type": "VirtualMachines", "count": 4, "virtualMachineNodesStatus": [{"count": 3}, {"count": None}]},
        {"type": "VirtualMachineScaleSets", "count": None},
        {"type": "VirtualMachineScaleSets"},
    ],
)
def test_a_count_that_azure_does_not_report_is_unknown_and_never_zero(profile: dict[str, Any]) -> None:
    assert pool(**profile).count == Unknown("Azure does not report how many nodes it has")


@pytest.mark.parametrize(
    ("profile", "autoscaled"),
    [
        ({"enableAutoScaling": True}, True),
        ({"enableAutoScaling": None}, False),
        ({"type": "VirtualMachines", "virtualMachinesProfile": RECORDED}, True),
        ({"type": "VirtualMachines", "virtualMachinesProfile": {"scale": {"manual": [{"count": 1}]}}}, False),
    ],
)
def test_a_pool_is_autoscaled_as_a_whole_or_by_size(profile: dict[str, Any], *, autoscaled: bool) -> None:
    assert pool(**profile).autoscaled is autoscaled


@pytest.mark.parametrize(
    ("state", "power"),
    [
        ({"code": "Running"}, Power.RUNNING),
        ({"code": "stopped"}, Power.STOPPED),
        ({"code": "Hibernated"}, Power.UNKNOWN),
        ({"code": None}, Power.UNKNOWN),
        ({}, Power.UNKNOWN),
        (None, Power.UNKNOWN),
    ],
)
def test_a_power_state_that_azure_does_not_report_is_unknown(state: dict[str, str] | None, power: Power) -> None:
    found = cluster_of({"id": ID, "name": "shop-dev", "properties": {"powerState": state}})
    assert (found.power, pool(powerState=state).power) == (power, power)
    assert cluster_of({"id": ID, "name": "shop-dev"}).power is Power.UNKNOWN


def test_a_power_state_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="compare it"):
        assert Power.UNKNOWN


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        ({"type": "VirtualMachineScaleSets", "mode": "System"}, ""),
        ({"type": "VirtualMachines", "mode": "Gateway"}, ""),
        ({"type": "FlexNodes", "mode": "User"}, "Daytwo does not know pools of type FlexNodes"),
        ({"mode": "User"}, "Daytwo does not know pools of type (not reported)"),
        ({"type": "VirtualMachines", "mode": "Turbo"}, "Daytwo does not act on pools with mode Turbo"),
        (
            {"type": "AvailabilitySet", "mode": "User"},
            "availability sets were retired on 2025-09-30: move its workload to a pool of type VirtualMachines",
        ),
        (
            {"type": "VirtualMachines", "mode": "Machines"},
            "AKS creates and replaces its machines itself (mode Machines)",
        ),
        ({"mode": "ManagedSystem"}, "AKS creates and replaces its machines itself (mode ManagedSystem)"),
    ],
)
def test_a_pool_of_an_unknown_type_or_mode_is_not_supported(profile: dict[str, Any], why: str) -> None:
    assert pool(**profile).unsupported == why


def test_a_listed_machine_without_a_virtual_machine_does_not_count() -> None:
    found = machine_listed({"name": "AKS-np1-1-vms3", "properties": {"resourceId": VM}})
    assert found is not None
    assert (found.name, found.machine) == ("aks-np1-1-vms3", Machine("s1", "mc_rg", "aks-np1-1-vms3"))
    assert machine_listed({"name": "x", "properties": {"resourceId": None}}) is None
    assert machine_listed({"name": "x"}) is None


@pytest.mark.parametrize(("profile", "locked"), [({"restrictionLevel": "ReadOnly"}, True), ({}, False), (None, False)])
def test_a_locked_node_resource_group_is_recognized(profile: dict[str, str] | None, *, locked: bool) -> None:
    document = {"id": ID, "name": "shop-dev", "properties": {"nodeResourceGroupProfile": profile}}
    assert cluster_of(document).machines_locked is locked


def test_a_malformed_cluster_in_a_list_is_named_with_the_reason() -> None:
    good = {"id": ID, "name": "shop-dev", "properties": {}}
    assert isinstance(listed_cluster(good), Cluster)
    found = listed_cluster({**good, "properties": {"agentPoolProfiles": [{"count": 3}]}})
    assert found == UnreadableCluster(ID, "its document is malformed: KeyError: 'name'")
    assert listed_cluster(None) == UnreadableCluster(
        "a cluster without an id", "its document is malformed: AttributeError: 'NoneType' object has no attribute 'get'"
    )
    assert listed_cluster({**good, "id": "x"}) == UnreadableCluster(
        "x", "its document is malformed: ValueError: its id is not that of a managed cluster"
    )
