"""Azure Resource Manager, virtual machine scale sets and Cost Management."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ops.model.fleet import Cluster, Node, Unknown
from ops.model.money import CostReport


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """A long-running operation: `state` is running, succeeded or failed; `code` and `message` say why it failed."""

    state: str
    code: str = ""
    message: str = ""


class Clusters(Protocol):
    """Azure Resource Manager, as far as clusters go. One attempt a call: no retries, no waiting."""

    def list_clusters(self, subscription: str) -> tuple[Cluster, ...]:
        """All clusters of a subscription; a little behind the truth: look again before acting."""
        ...

    def cluster(self, cluster_id: str) -> Cluster:
        """The cluster as it is now. Raises NotFoundError."""
        ...

    def newest_image(self, cluster_id: str, pool: str) -> str | Unknown:
        """The newest image for this pool, in its region, as Azure offers it now."""
        ...

    def begin_upgrade_node_image(self, cluster_id: str, pool: str) -> str:
        """Ask for the newest image on every node of the pool; a token to follow the operation with."""
        ...

    def begin_start(self, cluster_id: str) -> str:
        """Ask for the cluster to be started; a token."""
        ...

    def begin_stop(self, cluster_id: str) -> str:
        """Ask for the cluster to be stopped; a token."""
        ...

    def operation(self, token: str) -> OperationStatus:
        """One look at a running operation."""
        ...


class Machines(Protocol):
    """The scale-set instances behind nodes."""

    def begin_restart(self, node: Node) -> str:
        """Ask for a restart; a token that `Clusters.operation` reads."""
        ...


class Costs(Protocol):
    """Cost Management. Answers are kept for hours: it refreshes every four, and throttles."""

    def month_to_date(self, subscription: str, now: datetime) -> CostReport:
        """This month's cost by resource group, from one grouped query."""
        ...
