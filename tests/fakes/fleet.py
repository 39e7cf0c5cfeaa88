"""Healthy clusters, pools, and nodes, and the images they run."""

from dataclasses import replace

from ops.model.fleet import Cluster, Node, Pool

OLD = "AKSUbuntu-2204gen2containerd-202610.29.0"
NEW = "AKSUbuntu-2204gen2containerd-202611.05.0"
NEWER = "AKSUbuntu-2204gen2containerd-202611.12.0"


def pool(name: str = "user1", image: str = OLD, **more: object) -> Pool:
    """A pool of three nodes with an old image."""
    plain = Pool(name, "User", "Ubuntu", "1.34.2", image, 3, "Succeeded", max_surge="1")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def cluster(name: str = "shop-dev", *pools: Pool, env: str = "dev", **more: object) -> Cluster:
    """A running cluster in West Europe that Daytwo upgrades."""
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
        running=True,
        provisioning_state="Succeeded",
        node_os_channel="None",
        automatic=False,
        node_auto_provisioning=False,
        pools=pools or (pool(),),
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def nodes_of(of: Cluster, **more: object) -> tuple[Node, ...]:
    """Ready nodes that run their pools' images."""
    return tuple(
        replace(Node(f"aks-{each.name}-{number}", each.name, each.image, ready=True), **more)  # type: ignore[arg-type]  # fields by name
        for each in of.pools
        for number in range(each.count)
    )
