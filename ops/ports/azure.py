"""Azure Resource Manager, virtual machines and Cost Management."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ops.model.fleet import Cluster, Unknown, UnreadableCluster
from ops.model.machine import ListedMachine
from ops.model.money import CostReport
from ops.model.restart_right import DenyAssignment, Lock, PermissionSet
from ops.model.update_runs import FleetMembership
from ops.policy.node_identity import ConfirmedMachine


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """A long-running operation: `state` is running, succeeded or failed; `code` and `message` say why it has failed."""

    state: str
    code: str = ""
    message: str = ""


class Clusters(Protocol):
    """Managed clusters in Azure Resource Manager. Each call is one attempt, without retries or waiting."""

    def list_clusters(self, subscription: str) -> tuple[Cluster | UnreadableCluster, ...]:
        """Returns all clusters in a subscription. The list can be slightly outdated: read a cluster again before acting on it."""
        ...

    def cluster(self, cluster_id: str) -> Cluster:
        """Returns the current state of the cluster.

        Raises:
            NotFoundError: the cluster does not exist.
        """
        ...

    def newest_image(self, cluster_id: str, pool: str) -> str | Unknown:
        """Returns the newest image that Azure now offers this pool in its region."""
        ...

    def machines(self, cluster_id: str, pool: str) -> tuple[ListedMachine, ...]:
        """Returns the machines that ARM lists for one of the cluster's pools.

        Raises:
            NotFoundError: the cluster or pool does not exist.
        """
        ...

    def begin_upgrade_node_image(self, cluster_id: str, pool: str) -> str:
        """Requests an upgrade of every node in the pool to the newest image; returns a token for polling the operation.

        As for every request that begins an operation, the token is empty if Azure accepted it but named no operation.
        """
        ...

    def begin_start(self, cluster_id: str) -> str:
        """Requests a start of the cluster; returns a token."""
        ...

    def begin_stop(self, cluster_id: str) -> str:
        """Requests a stop of the cluster; returns a token."""
        ...

    def operation(self, token: str) -> OperationStatus:
        """Polls an operation once."""
        ...


class Fleets(Protocol):
    """Azure Kubernetes Fleet Manager, which can also upgrade clusters."""

    def membership(self, cluster_id: str, now: datetime) -> FleetMembership | None:
        """Returns the fleet that the cluster is a member of, with the update runs that contain it; None if none is known.

        A fleet is known only if the bot's identity can read it: an identity without rights on fleets sees none, and most
        tenants have none, so this does not stop everything else (docs/node-image.md, rule 21). If a fleet is known but its
        members cannot be read, any cluster could be one of them, so that raises an error.
        """
        ...


class Machines(Protocol):
    """The virtual machines on which nodes run: instances of scale sets, and single VMs."""

    def begin_restart(self, confirmed: ConfirmedMachine) -> str:
        """Requests a restart of a machine that ARM lists for the cluster; returns a token for `Clusters.operation`."""
        ...


class Rights(Protocol):
    """What Azure lets the bot do in a resource group, read before it is needed. Each call is one attempt."""

    def permissions(self, subscription: str, group: str) -> tuple[PermissionSet, ...]:
        """Returns what the roles of the bot's identity grant there, without deny assignments and locks.

        As for the other reads, raises:
            DeniedError: the identity may not read this.
        """
        ...

    def deny_assignments(self, subscription: str, group: str) -> tuple[DenyAssignment, ...]:
        """Returns the deny assignments at or above the resource group, whomever they apply to."""
        ...

    def locks(self, subscription: str, group: str) -> tuple[Lock, ...]:
        """Returns the management locks at or above the resource group."""
        ...

    def identity(self) -> str:
        """Returns the object ID of the bot's identity, by which deny assignments name it.

        Raises:
            RejectedError: its token does not say so.
        """
        ...


class Costs(Protocol):
    """Cost Management. Responses are cached for hours, since Azure refreshes costs every four hours and throttles requests."""

    def month_to_date(self, subscription: str, now: datetime) -> CostReport:
        """Returns this month's costs by resource group, from one grouped query."""
        ...
