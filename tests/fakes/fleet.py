"""Healthy clusters, pools, and nodes, and the images they run."""

from dataclasses import replace

from ops.model.fleet import Cluster, Node, Pool, Power, Unknown
from ops.model.machine import ListedMachine, machine_of

OLD = "AKSUbuntu-2204gen2containerd-202610.29.0"
NEW = "AKSUbuntu-2204gen2containerd-202611.05.0"
NEWER = "AKSUbuntu-2204gen2containerd-202611.12.0"


def pool(name: str = "user1", image: str = OLD, **more: object) -> Pool:
    """A pool of three nodes with an old image."""
    plain = Pool(name, "User", "Ubuntu", "1.34.2", image, 3, "Succeeded", max_surge="1")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def cluster(name: str = "shop-dev", *pools: Pool, env: str = "dev", running: bool = True, **more: object) -> Cluster:
    """A cluster in West Europe that Daytwo upgrades."""
    identity = (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg"
        f"/providers/microsoft.containerservice/managedclusters/{name}"
    )
    plain = Cluster(
        id=identity,
        name=name,
        subscription="00000000-0000-0000-0000-000000000000",
        resource_group="rg",
        region="westeurope",
        tags={"env": env},
        kubernetes_version="1.34.2",
        power=Power.RUNNING if running else Power.STOPPED,
        provisioning_state="Succeeded",
        node_os_channel="None",
        automatic=False,
        node_auto_provisioning=False,
        pools=pools or (pool(),),
        node_resource_group=f"MC_rg_{name}_westeurope",
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def nodes_of(of: Cluster, **more: object) -> tuple[Node, ...]:
    """Ready nodes that run their pools' images, on the machines that `machines_of` lists."""
    return tuple(
        replace(_node(of, each, number), **more)  # type: ignore[arg-type]  # fields by name
        for each in of.pools
        for number in range(size_of(each))
    )


def size_of(pool: Pool) -> int:
    """How many nodes the pool has. If Azure does not report it, it has three."""
    return 3 if isinstance(pool.count, Unknown) else pool.count


def machines_of(of: Cluster, name: str) -> tuple[ListedMachine, ...]:
    """The machines of a pool, as ARM lists them."""
    found = next(each for each in of.pools if each.name == name)
    listed = (_node(of, found, number) for number in range(size_of(found)))
    return tuple(
        ListedMachine(node.name, machine) for node in listed if (machine := machine_of(node.provider_id)) is not None
    )


def _node(of: Cluster, pool: Pool, number: int) -> Node:
    name = f"aks-{pool.name}-{number}"
    group = f"azure:///subscriptions/{of.subscription}/resourceGroups/{of.node_resource_group}"
    machine = f"virtualMachineScaleSets/aks-{pool.name}-12345678-vmss/virtualMachines/{number}"
    return Node(
        name,
        pool.name,
        pool.image,
        ready=True,
        provider_id=f"{group}/providers/Microsoft.Compute/{machine}",
        uid=f"uid-{name}",
    )
