"""What AKS does not allow on a cluster as a whole, known before anything is tried."""

from ops.model.fleet import Cluster


def why_no_stop(cluster: Cluster) -> str:
    """Why AKS cannot stop the cluster; empty if it can. AKS refuses a stop with `nodeProvisioningProfile.mode 'Auto'`."""
    if cluster.automatic:
        return "AKS cannot stop an AKS Automatic cluster"
    return "AKS cannot stop a cluster with node auto-provisioning" if cluster.node_auto_provisioning else ""


def why_no_restart(cluster: Cluster) -> str:
    """Why none of the cluster's nodes can be restarted; empty if some may.

    AKS Automatic locks the node resource group (`ReadOnly`), and runs managed system pools in a subscription of its own.
    """
    if not cluster.automatic:
        return ""
    return (
        "the nodes of an AKS Automatic cluster cannot be restarted: AKS locks their machines and replaces them itself"
    )
