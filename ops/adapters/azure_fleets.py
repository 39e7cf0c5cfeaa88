"""Azure Kubernetes Fleet Manager, read through Resource Graph and Resource Manager. Each call is one attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.adapters.azure_endpoint import AzureEndpoint, ClientCache
from ops.adapters.azure_errors import refusals
from ops.adapters.azure_fleet_documents import auto_upgrade_of, fleet_id_of, member_of, run_of
from ops.adapters.azure_graph import graph_rows
from ops.adapters.azure_lists import Send, arm_list, arm_object
from ops.model.azure_names import azure_key
from ops.model.update_runs import FleetMembership
from ops.ports.errors import DeniedError, NotFoundError, OutsideError, RejectedError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.containerservice import ContainerServiceClient
    from azure.mgmt.resourcegraph import ResourceGraphClient

_FLEETS = "Resources | where type =~ 'microsoft.containerservice/fleets' | project id"
_VERSION = "api-version=2026-06-01"
# Resource Graph, from which the fleets come, is minutes behind anyway.
_KEPT_FOR = timedelta(minutes=5)
_SUBSCRIPTION = 2  # /subscriptions/S/…


@dataclass(frozen=True, slots=True)
class _Members:
    """The members of all fleets that the identity sees: fleet and group by cluster. `unreadable` are the refusals of the others."""

    at: datetime
    fleets: Mapping[str, tuple[str, str]]
    unreadable: tuple[OutsideError, ...] = ()


@dataclass
class AzureFleets:
    """Implements `Fleets`."""

    credential: "TokenCredential"
    endpoint: AzureEndpoint = field(default_factory=AzureEndpoint)
    _known: _Members | None = None

    def membership(self, cluster_id: str, now: datetime) -> FleetMembership | None:
        """Reads the update runs and profiles of the cluster's fleet; the members of all fleets are read every five minutes."""
        members = self._members(now)
        found = members.fleets.get(cluster_id)
        if found is None and members.unreadable:
            raise members.unreadable[0]
        if found is None:
            return None
        fleet, group = found
        name = fleet.rsplit("/", 1)[-1]
        runs = self._list(f"{fleet}/updateRuns", f"listing the update runs of the fleet {name}")
        profiles = self._list(f"{fleet}/autoUpgradeProfiles", f"listing the auto-upgrade profiles of the fleet {name}")
        with refusals(f"reading the update runs of the fleet {name}"):
            own = (run_of(each, cluster_id, group) for each in runs)
            upgrades = tuple(text for each in profiles if (text := auto_upgrade_of(each)))
            return FleetMembership(
                name, group, tuple(run for run in own if run is not None and not run.has_ended), upgrades
            )

    def _members(self, now: datetime) -> _Members:
        """Lists the members of every fleet. A refusal that a retry may lift is not kept."""
        if self._known is None or not timedelta() <= now - self._known.at < _KEPT_FOR:
            members = self._read_members(now)
            lasting = all(isinstance(error, DeniedError | RejectedError) for error in members.unreadable)
            self._known = members if lasting else None
            return members
        return self._known

    def _read_members(self, now: datetime) -> _Members:
        doing = "listing the fleets of Azure Kubernetes Fleet Manager"
        fleets: dict[str, tuple[str, str]] = {}
        unreadable: list[OutsideError] = []
        for row in graph_rows(self._graph, _FLEETS, doing):
            with refusals(doing):
                fleet = fleet_id_of(row)
            try:
                fleets |= {cluster: (fleet, group) for cluster, group in self._members_of(fleet)}
            except NotFoundError:
                continue  # Resource Graph still lists a fleet that was deleted
            except OutsideError as error:
                unreadable.append(error)
        return _Members(now, fleets, tuple(unreadable))

    def _members_of(self, fleet: str) -> list[tuple[str, str]]:
        doing = f"listing the members of the fleet {fleet.rsplit('/', 1)[-1]}"
        with refusals(doing):
            arm_object(self._send(fleet), self.endpoint, fleet, _VERSION)
        found = self._list(f"{fleet}/members", doing)
        with refusals(doing):
            return [(azure_key(cluster), group) for cluster, group in map(member_of, found)]

    def _list(self, path: str, doing: str) -> list[Any]:
        return arm_list(self._send(path), self.endpoint, path, _VERSION, doing)

    def _send(self, path: str) -> Send:
        return self._clients.of(path.split("/")[_SUBSCRIPTION]).send_request

    @cached_property
    def _clients(self) -> "ClientCache[ContainerServiceClient]":
        from azure.mgmt.containerservice import ContainerServiceClient

        return ClientCache(lambda name: ContainerServiceClient(self.credential, name, **self.endpoint.options()))

    @cached_property
    def _graph(self) -> "ResourceGraphClient":
        from azure.mgmt.resourcegraph import ResourceGraphClient

        return ResourceGraphClient(self.credential, **self.endpoint.options())
