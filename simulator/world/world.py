"""The world's interface: a world is created from a fleet and a seed, advanced by its clock, and changed by its callers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial

from simulator.world import aks, fault_injection, karpenter, nodes, power
from simulator.world.core import Core, Event, RefusedError
from simulator.world.images import RELEASE_EVERY, Catalog, family_of, released_families, releases
from simulator.world.journal import Journal, Kind
from simulator.world.operations import abort, begin, refuse, require_free, require_power
from simulator.world.populate import populate
from simulator.world.scheduler import Process, Scheduler
from simulator.world.scripted_faults import ScriptedFault
from simulator.world.specs import ClusterSpec, FleetSpec
from simulator.world.state import Cluster, Karpenter, Operation, OperationKind, Pool, pool_of
from simulator.world.tags import change_tags
from simulator.world.upgrade import Target, begin_upgrade


@dataclass(frozen=True, slots=True)
class PoolChange:
    """The changes in a pool PUT. None keeps the current value."""

    count: int | None = None
    power_state: str | None = None
    image: str | None = None
    max_surge: str | None = None
    max_unavailable: str | None = None
    drain_timeout_minutes: int | None = None
    node_soak_minutes: int | None = None
    node_labels: dict[str, str] | None = None
    node_taints: list[str] | None = None
    tags: dict[str, str] | None = field(default=None)


class World:
    """A running fleet. The same fleet, seed and calls always produce the same journal."""

    def __init__(self, fleet: FleetSpec, seed: int = 0, start: datetime | None = None) -> None:
        begins = start or fleet.start
        scheduler = Scheduler(begins)
        self.core = Core(
            spec=fleet,
            seed=seed,
            scheduler=scheduler,
            journal=Journal(lambda: scheduler.now),
            catalog=Catalog(fleet.regions, seed, begins),
        )
        for number, cluster in enumerate(fleet.clusters):
            self._build(cluster, number)
        scheduler.spawn(self._release_images(releases(begins)))
        for at, version in fleet.kubernetes_releases:
            scheduler.at(at, partial(self._release_kubernetes, version))
        for built in self.clusters.values():
            if built.spec.node_os_channel in aks.DRIVEN:
                scheduler.spawn(aks.drive(self.core, built))
            if built.karpenter is not None:
                scheduler.spawn(karpenter.control(self.core, built, built.karpenter))
        for fault in fleet.scripted_faults:
            self.arm(fault)

    @property
    def now(self) -> datetime:
        """The virtual time."""
        return self.core.scheduler.now

    @property
    def clusters(self) -> dict[str, Cluster]:
        """Clusters by name. Names are unique across the fleet."""
        return self.core.clusters

    @property
    def journal(self) -> Journal:
        """The journal, which records everything that happened."""
        return self.core.journal

    @property
    def events(self) -> list[Event]:
        """The events that AKS has sent to its subscribers."""
        return self.core.events

    def advance(self, to: datetime) -> None:
        """Run everything that is scheduled up to and including a given time."""
        while self.core.scheduler.step(to):
            pass

    def step(self, to: datetime) -> bool:
        """Run everything that is scheduled for the next time. Return False if nothing is scheduled up to ``to``."""
        return self.core.scheduler.step(to)

    def arm(self, fault: ScriptedFault) -> None:
        """Schedule a fault.

        Raises:
            KeyError: the fleet does not have the fault's cluster, pool or region.
        """
        fault_injection.arm(self.core, fault)

    def newest_image(self, cluster: Cluster, pool: Pool) -> str:
        """Return the newest image in a pool's region for its family."""
        return self.core.newest_image(cluster, pool)

    def upgrade(self, cluster: Cluster, pool: Pool, who: str, image: str | None = None) -> Operation:
        """Start an upgrade to the region's newest image, or a rollback to an image that the pool ran earlier.

        Raises:
            RefusedError: the cluster is stopped or busy, or the pool was created from a snapshot.
        """
        core = self.core
        require_free(core, cluster, pool.name, who)
        require_power(core, cluster, pool.name, who, ("Running", "upgrading node image"))
        if pool.spec.from_snapshot:
            message = f"Node pool {pool.name} was created from a snapshot; its node image version cannot be upgraded."
            raise refuse(core, cluster, pool.name, who, RefusedError(400, "OperationNotAllowed", message))
        if pool.spec.type == "AvailabilitySet" or pool.spec.mode in ("Machines", "ManagedSystem"):
            message = f"Node image upgrade is not supported for agent pool {pool.name} of type {pool.spec.type}, mode {pool.spec.mode}."
            raise refuse(core, cluster, pool.name, who, RefusedError(400, "InvalidParameter", message))
        target = image or self.newest_image(cluster, pool)
        operation = begin(core, cluster, pool, OperationKind.UPGRADE, who, image=target, label=target)
        begin_upgrade(core, cluster, pool, operation, Target(target, target))
        return operation

    def stop(self, cluster: Cluster, who: str) -> Operation:
        """Stop a cluster.

        Raises:
            RefusedError: the state of the cluster does not allow it.
        """
        return power.stop(self.core, cluster, who)

    def start(self, cluster: Cluster, who: str) -> Operation:
        """Start a cluster.

        Raises:
            RefusedError: the state of the cluster does not allow it.
        """
        return power.start(self.core, cluster, who)

    def abort(self, cluster: Cluster, pool: Pool | None, who: str) -> Operation:
        """Abort the operation in progress.

        Raises:
            RefusedError: no operation is in progress.
        """
        return abort(self.core, cluster, pool, who)

    def change_pool(self, cluster: Cluster, pool: Pool, change: PoolChange, who: str) -> Operation:
        """Start the operation that a pool PUT requests. Without changes, it is a reconcile.

        Raises:
            RefusedError: the cluster is stopped or busy.
        """
        if change.image is not None and change.image != pool.image:
            return self.upgrade(cluster, pool, who, change.image)
        require_free(self.core, cluster, pool.name, who)
        require_power(self.core, cluster, pool.name, who, ("Running", "updating agent pool"))
        _apply_settings(pool, change)
        for node in cluster.nodes_of(pool.name):
            cluster.touch(node)
        if change.power_state == "Stopped" and pool.power_state == "Running":
            return power.stop_pool(self.core, cluster, pool, who)
        if change.power_state == "Running" and pool.power_state == "Stopped":
            return power.start_pool(self.core, cluster, pool, who)
        count = pool.count if change.count is None else change.count
        return power.resize_pool(self.core, cluster, pool, who, count)

    def change_tags(self, cluster: Cluster, tags: Mapping[str, str], who: str, *, created_again: bool = False) -> None:
        """Replace a cluster's tags at once. Optionally, the cluster is deleted and created again with these tags."""
        change_tags(self.core, cluster, tags, who, created_again=created_again)

    def _build(self, spec: ClusterSpec, number: int) -> None:
        cluster = Cluster(spec=spec, number=f"{10000000 + 7919 * (number + 1) + self.core.seed % 7919:08d}")
        cluster.power_state = "Stopped" if spec.stopped else "Running"
        cluster.tags = dict(spec.tags)
        self.clusters[spec.name] = cluster
        self.journal.write(
            Kind.CLUSTER_KNOWN, spec.name, region=spec.region, power=cluster.power_state, channel=spec.node_os_channel
        )
        for pool_spec in spec.pools:
            family = family_of(pool_spec.os_sku, pool_spec.kubernetes_version or spec.kubernetes_version)
            image = pool_spec.image or self.core.catalog.behind(spec.region, family, pool_spec.releases_behind)
            pool = pool_of(spec, pool_spec, image)
            cluster.pools[pool.name] = pool
            self.journal.write(Kind.POOL_KNOWN, spec.name, pool.name, image=image, power=pool.power_state)
            for _ in range(0 if pool_spec.stopped else pool_spec.nodes):
                nodes.join(self.core, cluster, pool, image)
        family = family_of("Ubuntu", spec.kubernetes_version)
        image = self.core.catalog.behind(spec.region, family, 1)
        if spec.node_provisioning == "Auto":
            cluster.karpenter = Karpenter(image, self.now)
        for index in range(spec.provisioned_nodes):
            nodes.join_provisioned(self.core, cluster, index, image)
        for index in range(spec.hosted_nodes):
            nodes.join_hosted(self.core, cluster, index, image)
        populate(self.core, cluster)

    def _release_images(self, known: list[date]) -> Process:
        """Deliver each release to each region on time, including those that are already being rolled out at the start."""
        for day in known:
            self._send(day)
        day = known[-1]
        while True:
            day += RELEASE_EVERY
            yield datetime.combine(day, time(), self.now.tzinfo) - self.now
            for family in released_families(day):
                self.journal.write(Kind.IMAGE_RELEASED, image=family.version(day))
            self._send(day)

    def _send(self, day: date) -> None:
        for region in self.core.spec.regions:
            at = self.core.catalog.lands_at(day, region.name)
            if at > self.now or (at == self.now and self.now.date() == day):
                self.core.scheduler.at(at, partial(self._arrive, day, region.name))

    def _arrive(self, day: date, region: str) -> None:
        for family in released_families(day):
            landed = self.core.catalog.land(day, region, family)
            fault_injection.land(self.core, family.version(day), region, landed=landed)

    def _release_kubernetes(self, version: str) -> None:
        self.core.kubernetes_latest = version
        self.journal.write(Kind.KUBERNETES_RELEASED, version=version)
        for name in self.clusters:
            data = {
                "latestSupportedKubernetesVersion": version,
                "latestStableKubernetesVersion": "1.34.4",
                "lowestMinorKubernetesVersion": "1.33.0",
            }
            self.core.emit("NewKubernetesVersionAvailable", name, data)


def _apply_settings(pool: Pool, change: PoolChange) -> None:
    """Apply the settings that a PUT changes immediately."""
    for name in ("max_surge", "max_unavailable", "drain_timeout_minutes", "node_soak_minutes"):
        value = getattr(change, name)
        if value is not None:
            setattr(pool, name, value)
    for name in ("node_labels", "node_taints", "tags"):
        value = getattr(change, name)
        if value is not None:
            setattr(pool, name, value)
