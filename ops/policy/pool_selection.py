"""Which pools of a cluster are behind, and which are skipped for a reason that does not resolve itself (docs/node-image.md, rule 8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.model.fleet import Cluster, Node, Pool, Unknown
from ops.model.image import ImageKey, NodeImage
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.model.run import Run, StepState
from ops.policy.upgrade_duration import expected_duration, upgrade_order


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pool that is behind, with the newest image that Azure offers it."""

    pool: Pool
    newest: NodeImage

    @property
    def key(self) -> ImageKey:
        """The image that must be proven before a later ring can install it."""
        return ImageKey(str(self.newest), self.pool.kubernetes_minor)

    def behind(self, now: datetime) -> timedelta:
        """The age of the pool's current image; zero if the image's name does not contain a date."""
        image = NodeImage.parse(self.pool.image)
        return image.age(now) if image else timedelta()


@dataclass(frozen=True, slots=True)
class PoolSelection:
    """The pools to upgrade, in order, and the skipped ones."""

    candidates: tuple[Candidate, ...]
    skips: tuple[Skip, ...]


def select_pools(
    cluster: Cluster,
    newest_images: Mapping[str, str | Unknown],
    nodes: tuple[Node, ...] | Unknown,
    run: Run,
    longest_window: timedelta,
) -> PoolSelection:
    """Selects the pools of a cluster that Daytwo upgrades. Pools that this run has upgraded are neither candidates nor skipped.

    A pool whose newest image may be readable later keeps its place, and the pools that follow it wait.
    """
    candidates: list[Candidate] = []
    skips: list[Skip] = []
    unreadable = ""
    for pool in upgrade_order(cluster.pools):
        if _is_done(pool, run):
            continue
        newest = newest_images.get(pool.name)
        if isinstance(newest, Unknown) and newest.transient and not _is_left_out(pool):
            unreadable = unreadable or pool.name
        verdict = _judge(pool, newest_images.get(pool.name, Unknown("was not read")), nodes, cluster, longest_window)
        if isinstance(verdict, Candidate) and unreadable:
            why = f"it comes after {unreadable}, whose newest image could not be read"
            skips.append(Skip(pool.name, SkipReason.UNKNOWN_IMAGE, why))
        elif isinstance(verdict, Candidate):
            candidates.append(verdict)
        else:
            skips.append(verdict)
    if not isinstance(nodes, Unknown):
        provisioned = sorted({node.provisioner for node in nodes if node.provisioner})
        why = "node auto-provisioning replaces these nodes itself"
        skips += [Skip(name, SkipReason.NODE_AUTO_PROVISIONING, why) for name in provisioned]
    return PoolSelection(tuple(candidates), tuple(skips))


def unjudged_skips(
    cluster: Cluster, newest_images: Mapping[str, str | Unknown], nodes: tuple[Node, ...] | Unknown, run: Run
) -> list[tuple[str, Unknown]]:
    """For the pools that this run has not upgraded, names the data that could not be read but may be readable later."""
    open_pools = [pool for pool in cluster.pools if not _is_left_out(pool) and not _is_done(pool, run)]
    if isinstance(nodes, Unknown) and cluster.running and open_pools:
        return [("the nodes", nodes)]
    asked = ((pool, newest_images.get(pool.name)) for pool in open_pools)
    return [(f"the newest image of {pool.name}", fact) for pool, fact in asked if isinstance(fact, Unknown)]


def _is_left_out(pool: Pool) -> bool:
    """Whether the pool is never upgraded, whatever its images are."""
    return pool.from_snapshot or bool(pool.unsupported)


def _is_done(pool: Pool, run: Run) -> bool:
    return any(record.id == f"pool.{pool.name}" and record.state is StepState.DONE for record in run.finished)


def _judge(
    pool: Pool,
    newest: str | Unknown,
    nodes: tuple[Node, ...] | Unknown,
    cluster: Cluster,
    longest_window: timedelta,
) -> Candidate | Skip:
    if pool.unsupported:
        return Skip(pool.name, SkipReason.UNSUPPORTED_POOL, pool.unsupported)
    if pool.from_snapshot:
        return Skip(pool.name, SkipReason.SNAPSHOT, "the pool was created from a snapshot, which fixes its image")
    if isinstance(newest, Unknown):
        return Skip(pool.name, SkipReason.UNKNOWN_IMAGE, f"the newest image could not be read: {newest.why}")
    image = NodeImage.parse(newest)
    if image is None or NodeImage.parse(pool.image) is None:
        return Skip(
            pool.name, SkipReason.UNKNOWN_IMAGE, f"{pool.image} → {newest} is not an image name that Daytwo can parse"
        )
    if isinstance(nodes, Unknown) and cluster.running and pool.running:
        return Skip(pool.name, SkipReason.UNKNOWN_IMAGE, f"the nodes could not be read: {nodes.why}")
    if carries(pool, image, nodes):
        return Skip(pool.name, SkipReason.ALREADY_LATEST, f"already runs {image.short}")
    if pool.provisioning_state.casefold() in ("failed", "canceled"):
        because = f" with {pool.error_code}" if pool.error_code else ""
        why = f"its last operation ended {pool.provisioning_state}{because}: repair the pool before it can be upgraded"
        return Skip(pool.name, SkipReason.POOL_FAILED, why)
    expected = expected_duration(pool)
    if expected > longest_window:
        minutes = int(expected.total_seconds()) // 60
        window_minutes = int(longest_window.total_seconds()) // 60
        why = f"needs about {minutes} min, but no window is longer than {window_minutes} min: raise its surge or widen the window"
        return Skip(pool.name, SkipReason.NEVER_FITS, why)
    return Candidate(pool, image)


def carries(pool: Pool, image: NodeImage, nodes: tuple[Node, ...] | Unknown) -> bool:
    """Whether every node of the pool runs the image by its label, and Azure reports it for the pool. Neither suffices alone."""
    own = () if isinstance(nodes, Unknown) else tuple(node for node in nodes if node.pool == pool.name)
    return image.is_carried_as(pool.image) and all(image.is_carried_as(node.image_label) for node in own)
