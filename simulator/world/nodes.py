"""Changes to single nodes. Each is recorded in the journal."""

from string import ascii_lowercase, digits

from simulator.world import eviction_autoscaler, pods
from simulator.world.budgets import disrupt
from simulator.world.core import Core
from simulator.world.journal import Kind
from simulator.world.pods import TerminationCause
from simulator.world.state import Cluster, Node, Pool

# Scale sets number their instances in base 36.
_BASE36 = digits + ascii_lowercase
HOSTED_SUBSCRIPTION = "99999999-0000-0000-0000-000000000000"
ZONES = ("1", "2", "3")
# Why a node leaves: it is removed by an operation, or it is lost involuntarily.
OPERATION = TerminationCause("aks", "node-removed")
INVOLUNTARY = TerminationCause("", "lost")


def instance_name(cluster: Cluster, pool: Pool, index: int) -> str:
    """Return a machine's computer name: ``aks-user1-12345678-vmss00000a``, shorter on Windows; ``aks-user1-12345678-vms10`` for a single VM."""
    if pool.spec.type == "VirtualMachines":
        return f"aks-{pool.name}-{cluster.number}-vms{index}"
    suffix = ""
    rest = index
    while rest or not suffix:
        rest, digit = divmod(rest, len(_BASE36))
        suffix = _BASE36[digit] + suffix
    suffix = suffix.rjust(6, "0")
    if pool.spec.os_type == "Windows":
        return f"aks{pool.name}{suffix}"
    return f"aks-{pool.name}-{cluster.number}-vmss{suffix}"


def join(core: Core, cluster: Cluster, pool: Pool, image: str, *, surge: bool = False) -> Node:
    """Add a new Ready instance to a pool."""
    index = pool.next_index
    pool.next_index += 1
    zone = f"{cluster.spec.region}-{ZONES[index % len(ZONES)]}"
    node = Node(
        name=instance_name(cluster, pool, index),
        pool=pool.name,
        provider_id=f"{_providers(cluster)}/{_machine_path(cluster, pool, index)}",
        image=image,
        kubernetes_version=pool.kubernetes_version,
        boot_id=core.new_id(),
        created=core.scheduler.now,
        mode=pool.spec.mode,
        zone=zone,
        ready_since=core.scheduler.now,
        surge=surge,
    )
    add(core, cluster, node)
    return node


def join_provisioned(core: Core, cluster: Cluster, index: int, image: str) -> Node:
    """Add a node from node auto-provisioning. It belongs to a Karpenter node pool, not to an agent pool."""
    name = f"aks-default-{core.new_id()[:5]}{index}"
    node = Node(
        name=name,
        pool=None,
        provider_id=f"{_providers(cluster)}/virtualMachines/{name}",
        image=image,
        kubernetes_version=cluster.spec.kubernetes_version,
        boot_id=core.new_id(),
        created=core.scheduler.now,
        mode="user",
        zone=f"{cluster.spec.region}-{ZONES[index % len(ZONES)]}",
        ready_since=core.scheduler.now,
    )
    add(core, cluster, node)
    return node


def join_hosted(core: Core, cluster: Cluster, index: int, image: str) -> Node:
    """Add a node of a managed system pool, whose machine is in a subscription of Microsoft."""
    name = f"aks-hostedpool-{cluster.number}-vms{index}"
    providers = f"{HOSTED_SUBSCRIPTION}/resourceGroups/hosted-{cluster.number}/providers/Microsoft.Compute"
    node = Node(
        name=name,
        pool=None,
        provider_id=f"azure:///subscriptions/{providers}/virtualMachines/{name}",
        image=image,
        kubernetes_version=cluster.spec.kubernetes_version,
        boot_id=core.new_id(),
        created=core.scheduler.now,
        mode="system",
        zone=f"{cluster.spec.region}-{ZONES[index % len(ZONES)]}",
        ready_since=core.scheduler.now,
        hosted=True,
    )
    add(core, cluster, node)
    return node


def _providers(cluster: Cluster) -> str:
    """Return the first part of the provider ids of a cluster's nodes, in which Azure writes the resource group in lower case."""
    group = node_resource_group(cluster).lower()
    return f"azure:///subscriptions/{cluster.spec.subscription}/resourceGroups/{group}/providers/Microsoft.Compute"


def _machine_path(cluster: Cluster, pool: Pool, index: int) -> str:
    if pool.spec.type == "VirtualMachines":
        return f"virtualMachines/{instance_name(cluster, pool, index)}"
    return f"virtualMachineScaleSets/aks-{pool.name}-{cluster.number}-vmss/virtualMachines/{index}"


def add(core: Core, cluster: Cluster, node: Node) -> None:
    """Register a new node."""
    cluster.nodes[node.name] = node
    cluster.touch(node)
    core.journal.write(
        Kind.NODE_JOINED, cluster.name, node.pool, node.name, image=node.image, boot=node.boot_id, ready=node.ready
    )
    pods.reconcile(core, cluster)


def leave(core: Core, cluster: Cluster, node: Node, cause: TerminationCause = OPERATION) -> None:
    """Remove a node object and its machine. An involuntary loss does not count as a budget violation."""
    if cluster.nodes.pop(node.name, None) is None:
        return
    cluster.touch(node, gone=True)
    core.journal.write(Kind.NODE_LEFT, cluster.name, node.pool, node.name, image=node.image)
    if cause is INVOLUNTARY:
        pods.node_left(core, cluster, node)
    else:
        disrupt(core, cluster, cause, lambda: pods.node_left(core, cluster, node))


def cordon(core: Core, cluster: Cluster, node: Node, who: str = "aks") -> None:
    """Make a node unschedulable."""
    if not node.unschedulable:
        node.unschedulable = True
        cluster.touch(node)
        core.journal.write(Kind.NODE_CORDONED, cluster.name, node.pool, node.name, who=who)
        eviction_autoscaler.cordoned(core, cluster, node)


def uncordon(core: Core, cluster: Cluster, node: Node, who: str = "aks") -> None:
    """Make a node schedulable."""
    if node.unschedulable:
        node.unschedulable = False
        cluster.touch(node)
        core.journal.write(Kind.NODE_UNCORDONED, cluster.name, node.pool, node.name, who=who)
        pods.reconcile(core, cluster)
        eviction_autoscaler.uncordoned(core, cluster)


def set_ready(core: Core, cluster: Cluster, node: Node, *, ready: bool) -> None:
    """Change the Ready condition of a node."""
    if node.ready == ready:
        return
    node.ready = ready
    node.ready_since = core.scheduler.now
    cluster.touch(node)
    core.journal.write(Kind.NODE_READY if ready else Kind.NODE_NOT_READY, cluster.name, node.pool, node.name)
    if ready:
        pods.node_ready(core, cluster, node)
    else:
        pods.node_not_ready(core, cluster, node)


def boot(core: Core, cluster: Cluster, node: Node) -> None:
    """Give a node a new boot id."""
    node.boot_id = core.new_id()
    cluster.touch(node)
    core.journal.write(Kind.NODE_BOOTED, cluster.name, node.pool, node.name, boot=node.boot_id)
    pods.node_booted(core, cluster, node)


def relabel(core: Core, cluster: Cluster, node: Node, image: str) -> None:
    """Set a node's image."""
    before, node.image = node.image, image
    cluster.touch(node)
    core.journal.write(Kind.NODE_LABEL, cluster.name, node.pool, node.name, image=image, before=before)


def node_resource_group(cluster: Cluster) -> str:
    """Return the resource group that contains a cluster's machines."""
    return f"MC_{cluster.spec.resource_group}_{cluster.name}_{cluster.spec.region}"
