"""AKS's own node OS upgrades: by channel, in maintenance windows."""

from collections.abc import Generator
from datetime import datetime, time, timedelta, timezone
from random import Random

from simulator.world.core import Core
from simulator.world.operations import begin
from simulator.world.scheduler import Process
from simulator.world.specs import MaintenanceSpec
from simulator.world.state import Cluster, OperationKind, Pool
from simulator.world.upgrade import Target, begin_upgrade

WHO = "aks"
WEEK = timedelta(days=7)
CHECKS_EVERY = timedelta(minutes=1)
BUSY_WAITS = timedelta(minutes=15)
DRIVEN = ("NodeImage", "SecurityPatch")


def maintenance_of(core: Core, cluster: Cluster) -> MaintenanceSpec:
    """Return a cluster's maintenance schedule. If there is none, AKS picks a time; here, the time is drawn from the seed."""
    if cluster.spec.maintenance is not None:
        return cluster.spec.maintenance
    drawn = Random(f"{core.seed}/window/{cluster.name}")
    return MaintenanceSpec(weekday=drawn.randrange(7), start=time(drawn.randrange(24)))


def next_window(spec: MaintenanceSpec, after: datetime) -> tuple[datetime, datetime]:
    """Return the first window that starts at or after a time, skipping days that are not allowed."""
    zone = timezone(spec.utc_offset)
    day = after.astimezone(zone).date()
    while True:
        opens = datetime.combine(day, spec.start, zone)
        forbidden = any(first <= day <= last for first, last in spec.not_allowed)
        if day.weekday() == spec.weekday and opens >= after and not forbidden:
            return opens.astimezone(after.tzinfo), (opens + timedelta(hours=spec.duration_hours)).astimezone(
                after.tzinfo
            )
        day += timedelta(days=1)


def drive(core: Core, cluster: Cluster) -> Process:
    """Upgrade a cluster in each of its windows, indefinitely."""
    spec = maintenance_of(core, cluster)
    after = core.scheduler.now
    while True:
        opens, closes = next_window(spec, after)
        yield opens - core.scheduler.now
        for pool in list(cluster.pools.values()):
            yield from _pool(core, cluster, pool, closes)
        after = max(core.scheduler.now, opens + timedelta(seconds=1))


def _pool(core: Core, cluster: Cluster, pool: Pool, closes: datetime) -> Generator[timedelta]:
    """Upgrade one pool if it is behind. Wait while the cluster is busy, but do not start after the window has closed."""
    while cluster.operation is not None and core.scheduler.now < closes:
        yield BUSY_WAITS
    if not cluster.api_responds or cluster.operation is not None or core.scheduler.now >= closes:
        return
    target = _target(core, cluster, pool)
    if pool.spec.from_snapshot or all(node.image == target.label for node in cluster.nodes_of(pool.name)):
        return
    operation = begin(core, cluster, pool, OperationKind.UPGRADE, WHO, image=target.image, label=target.label)
    begin_upgrade(core, cluster, pool, operation, target)
    while operation.ended is None:
        yield CHECKS_EVERY


def _target(core: Core, cluster: Cluster, pool: Pool) -> Target:
    image = core.newest_image(cluster, pool)
    if cluster.spec.node_os_channel == "SecurityPatch":
        # In this channel, the label consists of the image's name and the date of the patches.
        return Target(image, f"{image}-{core.scheduler.now:%Y.%m.%d}")
    return Target(image, image)
