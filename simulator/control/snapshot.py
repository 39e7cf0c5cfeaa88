"""The current state of the world as JSON, for viewers and tests."""

from simulator.http_types import JsonObject
from simulator.world.budgets import status_of
from simulator.world.kube import Pdb, Workload
from simulator.world.reboots import REBOOT_REQUIRED
from simulator.world.state import Cluster, Node, Operation, Pool
from simulator.world.world import World


def snapshot(world: World) -> JsonObject:
    """Return every cluster with its pools and nodes as JSON."""
    return {
        "now": world.now.isoformat(),
        "fleet": world.core.spec.name,
        "clusters": [_cluster(world, cluster) for cluster in world.clusters.values()],
    }


def _cluster(world: World, cluster: Cluster) -> JsonObject:
    spec = cluster.spec
    return {
        "name": spec.name,
        "region": spec.region,
        "resourceGroup": spec.resource_group,
        "subscription": spec.subscription,
        "tags": dict(cluster.tags),
        "sku": spec.sku,
        "channel": spec.node_os_channel,
        "kubernetesVersion": spec.kubernetes_version,
        "powerState": cluster.power_state,
        "provisioningState": cluster.provisioning_state,
        "operation": _operation(cluster.operation) if cluster.operation else None,
        "pools": [_pool(world, cluster, pool) for pool in cluster.pools.values()],
        "provisionedNodes": [_node(cluster, node) for node in cluster.provisioned],
        "workloads": [_workload(cluster, workload) for workload in cluster.kube.workloads],
        "budgets": [_budget(cluster, pdb) for pdb in cluster.kube.pdbs],
    }


def _pool(world: World, cluster: Cluster, pool: Pool) -> JsonObject:
    return {
        "name": pool.name,
        "mode": pool.spec.mode,
        "osSku": pool.spec.os_sku,
        "priority": pool.spec.priority,
        "count": pool.count,
        "image": pool.image,
        "newestImage": world.newest_image(cluster, pool),
        "powerState": pool.power_state,
        "provisioningState": pool.provisioning_state,
        "nodes": [_node(cluster, node) for node in cluster.nodes_of(pool.name)],
    }


def _workload(cluster: Cluster, workload: Workload) -> JsonObject:
    pods = cluster.kube.pods_of(workload)
    return {
        "namespace": workload.spec.namespace,
        "name": workload.spec.name,
        "kind": workload.spec.kind.value,
        "replicas": workload.spec.replicas,
        "pods": len(pods),
        "ready": sum(pod.healthy for pod in pods),
    }


def _budget(cluster: Cluster, pdb: Pdb) -> JsonObject:
    status = status_of(cluster, pdb)
    return {
        "namespace": pdb.namespace,
        "name": pdb.name,
        "healthy": status.current_healthy,
        "desired": status.desired_healthy,
        "allowed": status.allowed,
    }


def _node(cluster: Cluster, node: Node) -> JsonObject:
    return {
        "name": node.name,
        "image": node.image,
        "ready": node.ready,
        "unschedulable": node.unschedulable,
        "bootId": node.boot_id,
        "created": node.created.isoformat(),
        "rebootRequired": node.annotations.get(REBOOT_REQUIRED),
        "pods": len(cluster.kube.pods_on(node.name)),
    }


def _operation(operation: Operation) -> JsonObject:
    return {
        "id": operation.id,
        "kind": operation.kind.value,
        "pool": operation.pool,
        "who": operation.who,
        "began": operation.began.isoformat(),
    }
