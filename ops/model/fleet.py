"""The fleet's clusters, pools and nodes, as Azure and Kubernetes report them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ops.model.machine import ListedMachine
from ops.model.tags import HeldTags

# The annotation that marks a cordon set by Daytwo. Daytwo never removes any other cordon. The value is the run's id.
CORDON_STAMP = "daytwo.dev/cordoned-by"

# Provisioning states are free text; these are the ones in which no operation is running (documented in the AKS API).
TERMINAL_PROVISIONING_STATES = frozenset({"succeeded", "failed", "canceled"})


class Driver(StrEnum):
    """Who upgrades a cluster's node images."""

    AKS = "aks"
    DAYTWO = "daytwo"


class Power(StrEnum):
    """A power state. It has no truth value on purpose: an unknown state is neither running nor stopped."""

    RUNNING = "running"
    STOPPED = "stopped"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        """Raises an error, because neither answer would be right for an unknown state.

        Raises:
            TypeError: always; compare with a state instead.
        """
        raise TypeError("a power state is not a truth value: compare it with Power.RUNNING or Power.STOPPED")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that could not be read, with the reason. Safety checks treat it as a refusal.

    `transient` means that a later read may succeed, `retry_after_s` how long the system asks to wait before it; 0 if it does not.
    """

    why: str
    transient: bool = False
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Gone(Unknown):
    """A value that will never be available, because its object does not exist or no longer exists."""


# Whether a cluster runs, if Azure does not say.
NO_POWER_STATE = Unknown("Azure does not report whether the cluster is running", transient=True)

# What ARM lists for one pool, or why it could not be read.
type PoolMachines = tuple[ListedMachine, ...] | Unknown

# Pools of other types or modes (Azure adds some from time to time) are reported, but Daytwo does not act on them.
_TYPES = frozenset({"virtualmachinescalesets", "virtualmachines"})
_MODES = frozenset({"system", "user", "gateway"})
_MANAGED_MODES = frozenset({"machines", "managedsystem"})


@dataclass(frozen=True, slots=True)
class Pool:
    """A node pool. `image` is what Azure reports, empty if it reports none; the nodes may still run an older image.

    `count` is the number of machines that ARM reports. `autoscaled` means that the cluster autoscaler can change it at any time.
    `error_code` and `error` say why the pool's last operation failed, if Azure still provides this (`status.provisioningError`).
    """

    name: str
    mode: str
    os_sku: str
    kubernetes_version: str
    image: str
    count: int | Unknown
    provisioning_state: str
    power: Power = Power.RUNNING
    spot: bool = False
    from_snapshot: bool = False
    max_surge: str = ""
    node_soak_min: int = 0
    error_code: str = ""
    error: str = ""
    type: str = "VirtualMachineScaleSets"
    autoscaled: bool = False

    @property
    def unsupported(self) -> str:
        """Why Daytwo does not act on the pool; empty if it does."""
        if self.is_managed_by_aks:
            return f"AKS creates and replaces its machines itself (mode {self.mode})"
        if self.type.casefold() == "availabilityset":
            return "availability sets were retired on 2025-09-30: move its workload to a pool of type VirtualMachines"
        if self.type.casefold() not in _TYPES:
            return f"Daytwo does not know pools of type {self.type or '(not reported)'}"
        if self.mode.casefold() not in _MODES:
            return f"Daytwo does not act on pools with mode {self.mode or '(not reported)'}"
        return ""

    @property
    def is_managed_by_aks(self) -> bool:
        """Whether its machines are those of node auto-provisioning, or of system pools that AKS runs itself."""
        return self.mode.casefold() in _MANAGED_MODES

    @property
    def kubernetes_minor(self) -> str:
        """The minor version, as in `1.34`."""
        return ".".join(self.kubernetes_version.split(".")[:2])

    @property
    def is_busy(self) -> bool:
        """Whether an operation is running on the pool."""
        return self.provisioning_state.casefold() not in TERMINAL_PROVISIONING_STATES


@dataclass(frozen=True, slots=True)
class Cluster:
    """A managed cluster with its pools. `id` is the ARM id as `azure_key` returns it, since Azure is inconsistent about case.

    `tags` are those that decide what is done with it; `held_tags` are set if a change of its tags is held (docs/tags.md).
    `resource_uid` differs if the cluster is deleted and created again; empty if Azure leaves it out.
    `machines_locked` means that a deny assignment protects its node resource group, so only AKS can change its machines.
    `forced_until` is set if its upgrades drain through PDBs (`upgradeSettings.overrideSettings.forceUpgrade`): an upgrade that
    starts before this time is forced. Unknown if the time cannot be read.
    `hosted_system_pools` means that AKS runs its system pools in a subscription of its own and ARM does not list them.
    """

    id: str
    name: str
    subscription: str
    resource_group: str
    region: str
    tags: Mapping[str, str]
    kubernetes_version: str
    power: Power
    provisioning_state: str
    node_os_channel: str
    automatic: bool
    node_auto_provisioning: bool
    pools: tuple[Pool, ...]
    node_resource_group: str = ""
    machines_locked: bool = False
    resource_uid: str = ""
    held_tags: HeldTags | None = None
    forced_until: datetime | Unknown | None = None
    hosted_system_pools: bool = False

    @property
    def tags_now(self) -> Mapping[str, str]:
        """The tags as Azure reports them."""
        return self.tags if self.held_tags is None else self.held_tags.now

    @property
    def is_running(self) -> bool:
        """Whether Azure reports it as running."""
        return self.power is Power.RUNNING

    @property
    def is_stopped(self) -> bool:
        """Whether Azure reports it as stopped. This is not the opposite of running: the state can be unknown."""
        return self.power is Power.STOPPED

    @property
    def listing(self) -> str:
        """How many pools Azure lists, in words: "1 pool", "3 pools", "no pools"."""
        return f"{len(self.pools) or 'no'} {'pool' if len(self.pools) == 1 else 'pools'}"

    def forces_upgrade_at(self, at: datetime) -> bool:
        """Whether AKS drains through PDBs in an upgrade that starts at this time. If the end of this is unknown, it does."""
        match self.forced_until:
            case None:
                return False
            case Unknown():
                return True
            case end:
                return at < end

    @property
    def driver(self) -> Driver:
        """Who upgrades it: AKS if its node-OS channel is active or it is AKS Automatic, otherwise Daytwo (docs/node-image.md, rule 1)."""
        if self.automatic or self.node_os_channel.casefold() not in ("", "none", "unmanaged"):
            return Driver.AKS
        return Driver.DAYTWO

    @property
    def is_busy(self) -> bool:
        """Whether an operation is running on the cluster or on any of its pools."""
        own = self.provisioning_state.casefold() not in TERMINAL_PROVISIONING_STATES
        return own or any(pool.is_busy for pool in self.pools)

    @property
    def has_failed(self) -> bool:
        """Whether the last operation on the cluster has failed or was cancelled, whatever its power state is."""
        return self.provisioning_state.casefold() in ("failed", "canceled")

    @property
    def states(self) -> str:
        """Which operations are running, by pool if Azure shows them there: "user1: Scaling", or else "Updating"."""
        busy = [f"{pool.name}: {pool.provisioning_state}" for pool in self.pools if pool.is_busy]
        return ", ".join(busy) if busy else self.provisioning_state

    def pool(self, name: str) -> Pool | None:
        """Returns the pool with this name, or None."""
        return next((pool for pool in self.pools if pool.name == name), None)


@dataclass(frozen=True, slots=True)
class UnreadableCluster:
    """A cluster in a list whose document is malformed: nothing is done with it, and it does not prevent the others from being read.

    `name` is as much of its id as could be read.
    """

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class ClusterRef:
    """A cluster's id and name, which suffice to reach its API server without reading the cluster from Azure."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Node:
    """A node as its cluster's API server reports it, which is not proof of anything: see `ops.policy.node_identity`.

    `uid` identifies it: a node registered again under the same name is another node. `pool` is empty for nodes created by
    node auto-provisioning.
    """

    name: str
    pool: str
    image_label: str
    ready: bool
    boot_id: str = ""
    unschedulable: bool = False
    provisioner: str = ""
    created: datetime | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    provider_id: str = ""
    event_scheduled: bool = False
    uid: str = ""
