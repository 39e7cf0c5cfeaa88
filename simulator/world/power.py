"""Stops and starts clusters and pools, and scales pools."""

from simulator.world import nodes, pods
from simulator.world.core import Core, RefusedError
from simulator.world.journal import Kind
from simulator.world.operations import begin, end, refuse, require_free, require_power, set_states
from simulator.world.scheduler import Process
from simulator.world.state import Cluster, Operation, OperationKind, Pool

STOP_MINUTES = (3.0, 8.0)
START_MINUTES = (4.0, 10.0)
SCALE_MINUTES = (2.0, 4.0)
_KEEPS_NAMES_PERCENT = 50


def stop(core: Core, cluster: Cluster, who: str) -> Operation:
    """Stop a cluster.

    Raises:
        RefusedError: an operation is in progress, the cluster is stopped, or node auto-provisioning forbids it.
    """
    require_free(core, cluster, None, who)
    require_power(core, cluster, None, who, ("Running", "stopping"))
    if cluster.spec.provisions_nodes:
        # https://github.com/MicrosoftDocs/azure-docs/issues/118661
        message = (
            "Unable to perform 'stopping' operation since the cluster enables "
            ".properties.nodeProvisioningProfile.mode 'Auto'"
        )
        raise refuse(core, cluster, None, who, RefusedError(400, "OperationNotAllowed", message))
    operation = begin(core, cluster, None, OperationKind.STOP, who)
    set_states(cluster, "Stopping")

    def process() -> Process:
        yield core.minutes(*STOP_MINUTES, "stop", cluster.name, operation.id)
        _power(core, cluster, "Stopped")
        pods.cluster_stopped(core, cluster)
        end(core, cluster, operation)

    operation.running.append(core.scheduler.spawn(process()))
    return operation


def start(core: Core, cluster: Cluster, who: str) -> Operation:
    """Start a stopped cluster. Its machines then boot.

    Raises:
        RefusedError: an operation is in progress, or the cluster is not stopped.
    """
    require_free(core, cluster, None, who)
    require_power(core, cluster, None, who, ("Stopped", "starting"))
    operation = begin(core, cluster, None, OperationKind.START, who)
    set_states(cluster, "Starting")

    def process() -> Process:
        yield core.minutes(*START_MINUTES, "start", cluster.name, operation.id)
        failure = core.take_start_failure(cluster.name)
        if failure is not None:
            message = f"Allocation failed. We do not have sufficient capacity in {cluster.spec.region} for this size."
            if failure.leaves_running:
                for node in cluster.nodes.values():
                    nodes.set_ready(core, cluster, node, ready=False)
                _power(core, cluster, "Running")
            end(core, cluster, operation, code=failure.code, message=message)
            return
        _power(core, cluster, "Running")
        _recreate_instances(core, cluster, operation)
        pods.reconcile(core, cluster)
        end(core, cluster, operation)

    operation.running.append(core.scheduler.spawn(process()))
    return operation


def _recreate_instances(core: Core, cluster: Cluster, operation: Operation) -> None:
    """Replace all nodes, because a stop deletes the instances. The new ones have the image of their pool, and often other names."""
    for node in list(cluster.nodes.values()):
        nodes.leave(core, cluster, node, nodes.INVOLUNTARY)
    for pool in cluster.pools.values():
        if core.chance(_KEEPS_NAMES_PERCENT, "names", cluster.name, pool.name, operation.id):
            pool.next_index = 0
        for _ in range(pool.count if pool.power_state == "Running" else 0):
            nodes.join(core, cluster, pool, pool.image)


def _power(core: Core, cluster: Cluster, state: str) -> None:
    cluster.power_state = state
    core.journal.write(Kind.POWER, cluster.name, power=state)


def stop_pool(core: Core, cluster: Cluster, pool: Pool, who: str) -> Operation:
    """Stop a pool in a free, running cluster. ARM shows it as stopped with a count of zero at once, while its nodes are removed."""
    operation = begin(core, cluster, pool, OperationKind.STOP_POOL, who)
    set_states(cluster, "Updating", pool, "Stopping")
    pool.count, pool.count_if_started = 0, pool.count
    pool.power_state = "Stopped"
    core.journal.write(Kind.POWER, cluster.name, pool.name, power="Stopped")

    def process() -> Process:
        yield core.minutes(*SCALE_MINUTES, "stop-pool", cluster.name, pool.name, operation.id)
        for node in cluster.nodes_of(pool.name):
            nodes.leave(core, cluster, node)
        end(core, cluster, operation)

    operation.running.append(core.scheduler.spawn(process()))
    return operation


def start_pool(core: Core, cluster: Cluster, pool: Pool, who: str) -> Operation:
    """Start a pool in a free, running cluster."""
    operation = begin(core, cluster, pool, OperationKind.START_POOL, who)
    set_states(cluster, "Updating", pool, "Starting")
    pool.count = pool.count_if_started

    def process() -> Process:
        yield core.minutes(*SCALE_MINUTES, "start-pool", cluster.name, pool.name, operation.id)
        for _ in range(pool.count):
            nodes.join(core, cluster, pool, pool.image)
        pool.power_state = "Running"
        core.journal.write(Kind.POWER, cluster.name, pool.name, power="Running")
        end(core, cluster, operation)

    operation.running.append(core.scheduler.spawn(process()))
    return operation


def resize_pool(core: Core, cluster: Cluster, pool: Pool, who: str, count: int) -> Operation:
    """Scale a pool. With the current count this is a reconcile, which repairs a Failed pool."""
    operation = begin(core, cluster, pool, OperationKind.UPDATE_POOL, who, count=str(count))
    set_states(cluster, "Updating", pool, "Scaling" if count != pool.count else "Updating")
    pool.count = count

    def process() -> Process:
        yield core.minutes(*SCALE_MINUTES, "update-pool", cluster.name, pool.name, operation.id)
        if pool.power_state == "Running":
            present = cluster.nodes_of(pool.name)
            for node in present[count:]:
                nodes.leave(core, cluster, node)
            for _ in range(count - len(present)):
                nodes.join(core, cluster, pool, pool.image)
        end(core, cluster, operation)

    operation.running.append(core.scheduler.spawn(process()))
    return operation
