"""How many runs people and programs can start on one cluster, so that a caller cannot queue hundreds of them."""

from ops.context import Context
from ops.model.run_request import RunRequest, short_hash
from ops.tables.base import marked
from ops.tables.runs import LIVE, runs

# One per runbook, and some plans.
MOST_OPEN = 10
RETRY_AFTER_S = 300
_MANUAL = ("m-", "plan-m-")


def too_many(context: Context, run_request: RunRequest) -> str:
    """Returns why another manual run on this cluster is refused; empty if it is accepted. A repeated request is always accepted.

    The check and the start are two steps, so requests that arrive at the same instant can exceed the limit by a few.
    """
    if runs(context.ports.store).get(run_request.run_id) is not None:
        return ""
    of_cluster = f"-{short_hash(run_request.target)}."
    open_runs = [key for key in marked(context.ports.store, LIVE) if of_cluster in key and _is_manual(key)]
    if len(open_runs) < MOST_OPEN:
        return ""
    return (
        f"{run_request.target_name} already has {len(open_runs)} open runs that were started manually: "
        "wait until they end, or cancel some"
    )


def _is_manual(run_id: str) -> bool:
    return run_id.rsplit(".", 1)[-1].startswith(_MANUAL)
