"""The lifecycle of an operation on a cluster: it is rejected or started, and it ends or is aborted."""

from datetime import timedelta

from simulator.world.core import Core, RefusedError
from simulator.world.journal import Kind
from simulator.world.scheduler import Process
from simulator.world.scripted_faults import Refusal
from simulator.world.state import Cluster, Operation, OperationKind, Pool, Status

ABORT_TAKES = timedelta(minutes=1)


def refuse(
    core: Core, cluster: Cluster, pool: str | None, who: str, refusal: RefusedError, what: str = ""
) -> RefusedError:
    """Record a rejection and return it for the caller to raise."""
    detail = {"who": who, "code": refusal.code, "message": refusal.message, "what": what}
    core.journal.write(Kind.OPERATION_REFUSED, cluster.name, pool, **detail)
    return refusal


def refusal_of(scripted: Refusal) -> RefusedError:
    """Return the scripted answer."""
    return RefusedError(scripted.status, scripted.code, scripted.message)


def require_free(core: Core, cluster: Cluster, pool: str | None, who: str) -> None:
    """Reject the request if another operation is in progress on the cluster, or if Azure refuses all of them.

    Raises:
        RefusedError: 409 with AKS's message (https://aka.ms/aks-pending-operation), or the scripted answer.
    """
    if cluster.refusal is not None:
        raise refuse(core, cluster, pool, who, refusal_of(cluster.refusal))
    other = cluster.operation
    if other is None:
        return
    state = cluster.provisioning_state
    if other.pool is not None:
        state = f"{other.pool} - {cluster.pools[other.pool].provisioning_state}"
    message = (
        f"Operation is not allowed: Another operation ({state}) is in progress, please wait for it to finish "
        "before starting a new operation. See https://aka.ms/aks-pending-operation for more details"
    )
    raise refuse(core, cluster, pool, who, RefusedError(409, "OperationNotAllowed", message))


def require_power(core: Core, cluster: Cluster, pool: str | None, who: str, wanted: tuple[str, str]) -> None:
    """Reject a request that the cluster's power state does not allow. ``wanted`` is (state, name of the operation).

    Raises:
        RefusedError: 400 with AKS's message.
    """
    power, doing = wanted
    if cluster.power_state != power:
        message = (
            f"managed cluster is in Provisioning State({cluster.provisioning_state}) and "
            f"Power State({cluster.power_state}), {doing} cannot be performed"
        )
        raise refuse(core, cluster, pool, who, RefusedError(400, "BadRequest", message))


def begin(core: Core, cluster: Cluster, pool: Pool | None, kind: OperationKind, who: str, **detail: str) -> Operation:
    """Start an operation on a cluster that is free."""
    operation = Operation(
        id=core.new_id(),
        kind=kind,
        subscription=cluster.spec.subscription,
        region=cluster.spec.region,
        cluster=cluster.name,
        pool=pool.name if pool else None,
        who=who,
        began=core.scheduler.now,
    )
    core.operations[operation.id] = operation
    cluster.operation = cluster.last_operation = operation
    core.journal.write(
        Kind.OPERATION_BEGUN,
        cluster.name,
        operation.pool,
        operation=operation.id,
        what=kind.value,
        who=who,
        **detail,
    )
    return operation


def set_states(cluster: Cluster, cluster_state: str, pool: Pool | None = None, pool_state: str = "") -> None:
    """Set the provisioning states, which also changes the ETags."""
    cluster.provisioning_state = cluster_state
    cluster.revision += 1
    if pool is not None:
        pool.provisioning_state = pool_state
        pool.revision += 1


def end(core: Core, cluster: Cluster, operation: Operation, *, code: str = "", message: str = "") -> None:
    """End an operation. If there is an error code, the operation has failed.

    A failed pool operation leaves its cluster Succeeded. A failed cluster operation leaves the cluster Failed.
    """
    close(core, cluster, operation, Status.FAILED if code else Status.SUCCEEDED, code, message)
    pool = cluster.pools[operation.pool] if operation.pool else None
    state = str(operation.status)
    set_states(cluster, "Succeeded" if pool else state, pool, state)
    if pool is not None:
        pool.error_code, pool.error_message = code, message


def close(
    core: Core,
    cluster: Cluster,
    operation: Operation,
    status: Status,
    code: str = "",
    message: str = "",
) -> None:
    """Record an operation's end without changing states."""
    operation.status = status
    operation.ended = core.scheduler.now
    operation.error_code, operation.error_message = code, message
    if cluster.operation is operation:
        cluster.operation = None
    core.journal.write(
        Kind.OPERATION_ENDED,
        cluster.name,
        operation.pool,
        operation=operation.id,
        what=operation.kind.value,
        who=operation.who,
        status=status.value,
        code=code,
    )


def abort(core: Core, cluster: Cluster, pool: Pool | None, who: str) -> Operation:
    """Abort the operation in progress on a cluster (or on a pool). Nothing is rolled back.

    Raises:
        RefusedError: 409 if no operation is in progress there.
    """
    aborted = cluster.operation
    if aborted is None or aborted.kind is OperationKind.ABORT or (pool is not None and aborted.pool != pool.name):
        message = f"There is no operation in progress on {pool.name if pool else cluster.name} that can be aborted."
        raise refuse(core, cluster, pool.name if pool else None, who, RefusedError(409, "OperationNotAllowed", message))
    for running in aborted.running:
        running.cancel()
    hit = cluster.pools[aborted.pool] if aborted.pool else None
    close(core, cluster, aborted, Status.CANCELED, "OperationAborted", f"The operation was aborted by {who}.")
    operation = begin(core, cluster, hit, OperationKind.ABORT, who, aborted=aborted.id)
    set_states(cluster, "Updating" if hit else "Canceling", hit, "Canceling")

    def settle() -> Process:
        yield ABORT_TAKES
        close(core, cluster, operation, Status.SUCCEEDED)
        set_states(cluster, "Succeeded" if hit else "Canceled", hit, "Canceled")

    core.scheduler.spawn(settle())
    return operation
