"""The immutable specification of a simulated fleet before its clock starts. The same seed gives the same specification."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from simulator.world.scripted_faults import ScriptedFault
from simulator.world.workloads import WorkloadSpec

type NodeOsChannel = Literal["None", "Unmanaged", "NodeImage", "SecurityPatch"]
type PoolType = Literal["VirtualMachineScaleSets", "VirtualMachines", "AvailabilitySet", "FlexNodes"]
type PoolMode = Literal["System", "User", "Gateway", "Machines", "ManagedSystem"]
type OsSku = Literal["Ubuntu", "AzureLinux", "Windows2022"]

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
TENANT = "11111111-1111-1111-1111-111111111111"
PRINCIPAL = "22222222-2222-2222-2222-222222222222"


@dataclass(frozen=True, slots=True)
class RegionSpec:
    """A region. ``image_delay`` is the time that a release takes to reach it (drawn from the seed if absent)."""

    name: str
    pair: str | None = None
    image_delay: timedelta | None = None


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """The initial state of a node pool. Its image is ``releases_behind`` releases older than the newest in its region."""

    name: str
    nodes: int
    mode: PoolMode = "User"
    os_sku: OsSku = "Ubuntu"
    priority: Literal["Regular", "Spot"] = "Regular"
    kubernetes_version: str | None = None
    vm_size: str = "Standard_D4s_v5"
    releases_behind: int = 1
    from_snapshot: bool = False
    stopped: bool = False
    max_surge: str = "33%"
    max_unavailable: str = "0"
    drain_timeout_minutes: int = 30
    node_soak_minutes: int = 0
    # FlexNodes stands for a type that did not exist when Daytwo was written.
    type: PoolType = "VirtualMachineScaleSets"
    autoscaled: bool = False
    # An image instead of one of the catalog, and the newest image that Azure offers for good, as for a retired OS.
    image: str | None = None
    last_image: str | None = None
    # The code and the message with which the pool's last operation has failed.
    failed: tuple[str, str] | None = None
    # Pools can show the requested Kubernetes version with or without its patch, and older ones have no upgrade settings.
    full_version: bool = False
    without_upgrade_settings: bool = False

    @property
    def os_type(self) -> str:
        """Linux or Windows, in ARM's spelling."""
        return "Windows" if self.os_sku.startswith("Windows") else "Linux"


@dataclass(frozen=True, slots=True)
class MaintenanceSpec:
    """A weekly ``aksManagedNodeOSUpgradeSchedule``. As in AKS, its offset is fixed (no daylight saving time)."""

    weekday: int
    start: time
    duration_hours: int = 4
    utc_offset: timedelta = timedelta(0)
    not_allowed: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """The initial state of a managed cluster."""

    name: str
    region: str
    pools: tuple[PoolSpec, ...]
    resource_group: str = "rg-fleet"
    subscription: str = SUBSCRIPTION
    tags: tuple[tuple[str, str], ...] = ()
    kubernetes_version: str = "1.34.4"
    node_os_channel: NodeOsChannel = "None"
    maintenance: MaintenanceSpec | None = None
    sku: Literal["Base", "Automatic"] = "Base"
    node_provisioning: Literal["Manual", "Auto"] = "Manual"
    provisioned_nodes: int = 0
    # Nodes of managed system pools, which run in a subscription of Microsoft and which ARM does not list.
    hosted_nodes: int = 0
    stopped: bool = False
    workloads: tuple[WorkloadSpec, ...] = ()
    # Node resource group lockdown: a deny assignment prevents everyone except AKS from changing the machines.
    lockdown: bool = False
    # Automatic with managed system pools: AKS runs them itself, and ARM does not list them.
    hosted_system: bool = False
    # Upgrades that start before this time drain through budgets (forceUpgrade).
    forced_until: datetime | None = None

    @property
    def provisions_nodes(self) -> bool:
        """Whether node auto-provisioning is on, as always in AKS Automatic."""
        return self.node_provisioning == "Auto" or self.sku == "Automatic"

    @property
    def machines_locked(self) -> bool:
        """Whether only AKS can change the machines: with a lockdown, and always in AKS Automatic."""
        return self.lockdown or self.sku == "Automatic"


@dataclass(frozen=True, slots=True)
class UpdateRunSpec:
    """An update run of a fleet manager: created ``at`` and, unless they are absent, started and ended at other times.

    ``stages`` are the names of its groups by stage; without any, it updates all members one by one. If it does not ``list`` its
    members, its status names no cluster, as before a run is computed.
    """

    name: str
    at: datetime
    starts: datetime | None = None
    ends: datetime | None = None
    outcome: Literal["Completed", "Failed", "Stopped", "Skipped"] = "Completed"
    running: Literal["Running", "Pending", "Stopping"] = "Running"
    stages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lists: bool = True

    def state(self, now: datetime) -> str:
        """Return its state at a time at or after its creation."""
        if self.starts is None or now < self.starts:
            return "NotStarted"
        return self.running if self.ends is None or now < self.ends else self.outcome


@dataclass(frozen=True, slots=True)
class FleetManagerSpec:
    """A fleet of Azure Kubernetes Fleet Manager. ``members`` are names of clusters with their update groups.

    ``auto_upgrades`` are the names and channels of its auto-upgrade profiles. If it is ``closed``, its members cannot be read.
    """

    name: str
    region: str
    members: tuple[tuple[str, str], ...] = ()
    runs: tuple[UpdateRunSpec, ...] = ()
    auto_upgrades: tuple[tuple[str, str], ...] = ()
    resource_group: str = "rg-fleets"
    subscription: str = SUBSCRIPTION
    closed: bool = False


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """A whole fleet with its start time and its scripted faults."""

    name: str
    start: datetime
    regions: tuple[RegionSpec, ...]
    clusters: tuple[ClusterSpec, ...]
    scripted_faults: tuple[ScriptedFault, ...] = ()
    kubernetes_releases: tuple[tuple[datetime, str], ...] = ()
    # The start of Cost Management's billing data. From then on, the fleet is assumed to have run unchanged.
    billed_since: datetime | None = None
    managers: tuple[FleetManagerSpec, ...] = ()
    channels: tuple[str, ...] = field(default=("C0123", "C0456", "C0789"))

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Every subscription that has a cluster, in the order of the clusters."""
        return tuple(dict.fromkeys(cluster.subscription for cluster in self.clusters))
