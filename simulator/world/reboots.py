"""Nodes that require a reboot, and restarts of machines through Azure."""

from functools import partial

from simulator.world import nodes
from simulator.world.budgets import disrupt
from simulator.world.core import Core, RefusedError
from simulator.world.journal import Kind
from simulator.world.operations import refusal_of, refuse
from simulator.world.pods import TerminationCause
from simulator.world.scheduler import Process
from simulator.world.scripted_faults import NodeStaysNotReady, RebootRequired, RestartFails
from simulator.world.state import Cluster, Node, Operation, OperationKind, Status

REBOOT_REQUIRED = "daytwo.dev/reboot-required"
# The in-cluster sentinel checks about once a minute.
SENTINEL_S = (10.0, 60.0)
GOES_DOWN_S = (3.0, 15.0)
BOOTS_S = (60.0, 180.0)
# A restart that fails does so before the machine goes down.
FAILS_AFTER_S = (30.0, 90.0)


def require(core: Core, fault: RebootRequired) -> None:
    """Make nodes require a reboot from now on, as reported by the sentinel."""
    cluster = core.clusters[fault.cluster]
    for node in cluster.nodes_of(fault.pool)[: fault.nodes]:
        if REBOOT_REQUIRED not in node.annotations:
            node.annotations[REBOOT_REQUIRED] = f"{core.scheduler.now:%Y-%m-%dT%H:%M:%SZ}"
            cluster.touch(node)
            core.journal.write(Kind.NODE_REBOOT_REQUIRED, cluster.name, node.pool, node.name, boot=node.boot_id)


def cleared_by_sentinel(core: Core, cluster: Cluster, node: Node) -> None:
    """Have the sentinel detect some time after a boot that the node no longer requires a reboot."""
    if REBOOT_REQUIRED in node.annotations:
        takes = core.seconds(*SENTINEL_S, "sentinel", cluster.name, node.name, node.boot_id)
        core.scheduler.after(takes, partial(_look, core, cluster, node, node.boot_id))


def _look(core: Core, cluster: Cluster, node: Node, boot_id: str) -> None:
    here = cluster.nodes.get(node.name) is node and node.boot_id == boot_id
    if here and node.ready and node.annotations.pop(REBOOT_REQUIRED, None) is not None:
        cluster.touch(node)
        core.journal.write(Kind.NODE_REBOOT_DONE, cluster.name, node.pool, node.name, boot=node.boot_id)


def restart(core: Core, cluster: Cluster, node: Node, who: str) -> Operation:
    """Start restarting a node's machine. The cluster is not notified.

    Raises:
        RefusedError: 409, the machine is deallocated with its cluster; or the scripted answer.
    """
    if cluster.refusal is not None:
        raise refuse(core, cluster, node.pool, who, refusal_of(cluster.refusal), str(OperationKind.RESTART_MACHINE))
    require_running(cluster, node)
    spec = cluster.spec
    operation = Operation(
        id=core.new_id_in("machine-operation"),
        kind=OperationKind.RESTART_MACHINE,
        subscription=spec.subscription,
        region=spec.region,
        cluster=cluster.name,
        pool=node.pool,
        who=who,
        began=core.scheduler.now,
    )
    core.operations[operation.id] = operation
    _record(core, node, operation)
    operation.running.append(core.scheduler.spawn(_restart(core, cluster, node, operation)))
    return operation


def require_running(cluster: Cluster, node: Node) -> None:
    """Reject an action on a machine that is not running.

    Raises:
        RefusedError: 409.
    """
    if cluster.power_state != "Running":
        message = f"Cannot modify the machine of {node.name} because it is deallocated: start the cluster first."
        raise RefusedError(409, "OperationNotAllowed", message)


def _restart(core: Core, cluster: Cluster, node: Node, operation: Operation) -> Process:
    pool = node.pool or ""
    key = (cluster.name, node.name, operation.id)
    fails = core.take_for_pool(RestartFails, cluster.name, pool)
    if fails is not None:
        yield core.seconds(*FAILS_AFTER_S, "restart-fails", *key)
        operation.error_message = f"VM '{node.name}' has not reported status for VM agent or extensions."
        _end(core, node, operation, Status.FAILED, fails.code)
        return
    yield core.seconds(*GOES_DOWN_S, "goes-down", *key)
    if not _there(cluster, node):
        _end(core, node, operation, Status.SUCCEEDED)
        return
    cause = TerminationCause(operation.who, "restart")
    disrupt(core, cluster, cause, lambda: nodes.set_ready(core, cluster, node, ready=False))
    takes = core.seconds(*BOOTS_S, "boots", *key)
    # Azure's operation ends when the machine is running, before the kubelet is ready.
    yield takes * 0.6
    _end(core, node, operation, Status.SUCCEEDED)
    yield takes * 0.4
    if not _there(cluster, node):
        return
    nodes.boot(core, cluster, node)
    if core.take_for_pool(NodeStaysNotReady, cluster.name, pool) is None:
        nodes.set_ready(core, cluster, node, ready=True)
        cleared_by_sentinel(core, cluster, node)


def _there(cluster: Cluster, node: Node) -> bool:
    """Whether the machine still exists and is running."""
    return cluster.nodes.get(node.name) is node and cluster.power_state == "Running"


def _end(core: Core, node: Node, operation: Operation, status: Status, code: str = "") -> None:
    operation.status, operation.error_code = status, code
    operation.ended = core.scheduler.now
    _record(core, node, operation)


def _record(core: Core, node: Node, operation: Operation) -> None:
    core.journal.write(
        Kind.MACHINE_RESTART,
        operation.cluster,
        node.pool,
        node.name,
        operation=operation.id,
        who=operation.who,
        status=operation.status.value,
        code=operation.error_code,
        boot=node.boot_id,
        machine=node.provider_id,
    )
