"""Which pools of a cluster are behind, and which are skipped for a reason that does not resolve itself (docs/node-image.md, rule 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ops.model.fleet import Cluster, Node, Pool, Power, Unknown
from ops.model.image import ImageKey, NodeImage
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.model.run import Run, StepState
from ops.policy.failed_pools import blocking_failure, requires_upgrade
from ops.policy.image_support import ended, is_removed, no_newer_image
from ops.policy.upgrade_duration import expected_duration, upgrade_order

NO_IMAGE = Unknown("Azure does not report its image", transient=True)
_OTHER_OS = "Move its workload to a pool with an OS SKU that AKS supports"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pool that is behind, with the newest image that Azure offers it, and how many nodes it has.

    `is_repair` means that its last operation failed, and its error says to upgrade the node image.
    """

    pool: Pool
    newest: NodeImage
    nodes: int
    is_repair: bool = False

    @property
    def key(self) -> ImageKey:
        """The image that must be proven before a later ring can install it."""
        return ImageKey(str(self.newest), self.pool.kubernetes_minor)

    @property
    def expected_duration(self) -> timedelta:
        """The expected duration of its upgrade."""
        return expected_duration(self.pool, self.nodes)

    def is_older_than(self, limit: timedelta, now: datetime) -> bool:
        """Whether the pool's current image is older than this. If its age is unknown, it counts as older."""
        return is_older_than(self.pool, limit, now)


@dataclass(frozen=True, slots=True)
class PoolSelection:
    """The pools to upgrade, in order, and the skipped ones."""

    candidates: tuple[Candidate, ...]
    skips: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What limits the selection besides the images: the longest window of the week, and failed pools that were already upgraded."""

    longest_window: timedelta
    repairs: Mapping[str, datetime] = field(default_factory=dict)


def select_pools(
    cluster: Cluster,
    newest_images: Mapping[str, str | Unknown],
    nodes: tuple[Node, ...] | Unknown,
    run: Run,
    limits: Limits,
    now: datetime,
) -> PoolSelection:
    """Selects the pools of a cluster that Daytwo upgrades. Pools that this run has upgraded are neither candidates nor skipped.

    A pool whose newest image may be readable later keeps its place, and the pools that follow it wait. Failed pools that an
    upgrade may repair come last, because their failure ends the run.
    """
    judge = _Judge(cluster, nodes, limits, now)
    candidates: list[Candidate] = []
    skips: list[Skip] = []
    unreadable = ""
    for pool in upgrade_order(cluster.pools):
        if _is_done(pool, run):
            continue
        newest = newest_images.get(pool.name)
        if isinstance(newest, Unknown) and newest.transient and not _is_left_out(pool):
            unreadable = unreadable or pool.name
        verdict = judge.verdict(pool, newest_images.get(pool.name, Unknown("was not read")))
        if isinstance(verdict, Candidate) and unreadable:
            why = f"it comes after {unreadable}, whose newest image could not be read"
            skips.append(Skip(pool.name, SkipReason.UNKNOWN_IMAGE, why))
        elif isinstance(verdict, Candidate):
            candidates.append(verdict)
        else:
            skips.append(verdict)
    return PoolSelection(tuple(sorted(candidates, key=lambda candidate: candidate.is_repair)), tuple(skips))


def unjudged_skips(
    cluster: Cluster, newest_images: Mapping[str, str | Unknown], nodes: tuple[Node, ...] | Unknown, run: Run
) -> list[tuple[str, Unknown]]:
    """For the pools that this run has not upgraded, names the data that could not be read but may be readable later."""
    open_pools = [pool for pool in cluster.pools if not _is_left_out(pool) and not _is_done(pool, run)]
    if isinstance(nodes, Unknown) and not cluster.is_stopped and open_pools:
        return [("the nodes", nodes)]
    asked = ((pool, newest_images.get(pool.name)) for pool in open_pools)
    newest = [(f"the newest image of {pool.name}", fact) for pool, fact in asked if isinstance(fact, Unknown)]
    sizes = ((pool, nodes_in(pool, nodes)) for pool in open_pools)
    uncounted = [(f"the number of nodes of {pool.name}", size) for pool, size in sizes if isinstance(size, Unknown)]
    return [*newest, *uncounted, *((f"the image of {pool.name}", NO_IMAGE) for pool in open_pools if not pool.image)]


def upgraded_pools(cluster: Cluster, run: Run) -> int:
    """Returns how many of the cluster's pools this run has upgraded. Their newest image can be a newer one by now."""
    return sum(_is_done(pool, run) for pool in cluster.pools)


def _is_left_out(pool: Pool) -> bool:
    """Whether the pool is never upgraded, whatever its images are."""
    return pool.from_snapshot or bool(pool.unsupported)


def _is_done(pool: Pool, run: Run) -> bool:
    return any(record.id == f"pool.{pool.name}" and record.state is StepState.DONE for record in run.finished)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Decides about each pool of one cluster."""

    cluster: Cluster
    nodes: tuple[Node, ...] | Unknown
    limits: Limits
    now: datetime

    def verdict(self, pool: Pool, newest: str | Unknown) -> Candidate | Skip:
        """Returns the pool as a candidate, or the reason why it is left out."""
        if pool.unsupported:
            return Skip(
                pool.name, SkipReason.UNSUPPORTED_POOL, pool.unsupported, needs_person=not pool.is_managed_by_aks
            )
        if pool.from_snapshot:
            return Skip(pool.name, SkipReason.SNAPSHOT, "the pool was created from a snapshot, which fixes its image")
        image = _readable(pool, newest, self.nodes, self.cluster)
        if isinstance(image, Skip):
            return image
        if carries(pool, image, self.nodes):
            return latest(pool, image, self.nodes, self.now)
        if is_removed(pool, image, self.now):
            why = f"AKS can neither reimage nor scale it: {ended(pool, image, self.now)}. {_OTHER_OS}"
            return Skip(pool.name, SkipReason.NO_NEWER_IMAGE, why, needs_person=True)
        failure = blocking_failure(pool, self.limits.repairs)
        if failure:
            return Skip(pool.name, SkipReason.POOL_FAILED, failure, needs_person=True)
        size = nodes_in(pool, self.nodes)
        if isinstance(size, Unknown):
            return Skip(pool.name, SkipReason.UNKNOWN_SIZE, f"how many nodes it has is unknown: {size.why}")
        return self._fitting(Candidate(pool, image, size, is_repair=requires_upgrade(pool)))

    def _fitting(self, candidate: Candidate) -> Candidate | Skip:
        longest = self.limits.longest_window
        if candidate.expected_duration <= longest:
            return candidate
        minutes = int(candidate.expected_duration.total_seconds()) // 60
        window_minutes = int(longest.total_seconds()) // 60
        why = f"needs about {minutes} min, but no window is longer than {window_minutes} min: raise its surge or widen the window"
        return Skip(candidate.pool.name, SkipReason.NEVER_FITS, why, needs_person=True)


def latest(pool: Pool, image: NodeImage, nodes: tuple[Node, ...] | Unknown, now: datetime) -> Skip:
    """Describes a pool that runs the newest image: that is bad news if no newer one will come."""
    checked = nodes_checked(pool, nodes)
    frozen = no_newer_image(pool, image, now)
    if frozen:
        why = f"{frozen} ({checked}). {_OTHER_OS}"
        return Skip(pool.name, SkipReason.NO_NEWER_IMAGE, why, needs_person=True)
    return Skip(pool.name, SkipReason.ALREADY_LATEST, f"already runs {image.short} ({checked})")


def _readable(
    pool: Pool, newest: str | Unknown, nodes: tuple[Node, ...] | Unknown, cluster: Cluster
) -> NodeImage | Skip:
    """Returns the newest image, if everything that decides whether the pool is behind could be read."""
    if isinstance(newest, Unknown):
        return Skip(pool.name, SkipReason.UNKNOWN_IMAGE, f"the newest image could not be read: {newest.why}")
    image = NodeImage.parse(newest)
    if image is None:
        why = f"{newest}, the newest image, is not an image name that Daytwo can parse"
        return Skip(pool.name, SkipReason.UNKNOWN_IMAGE, why, needs_person=True)
    if not pool.image:
        return Skip(pool.name, SkipReason.UNKNOWN_IMAGE, NO_IMAGE.why)
    if isinstance(nodes, Unknown) and not cluster.is_stopped and pool.power is not Power.STOPPED:
        return Skip(pool.name, SkipReason.UNKNOWN_IMAGE, f"the nodes could not be read: {nodes.why}")
    return image


def carries(pool: Pool, image: NodeImage, nodes: tuple[Node, ...] | Unknown) -> bool:
    """Whether every node of the pool runs the image by its label, and Azure reports it for the pool. Neither suffices alone.

    A statement about this has to say how many nodes were checked, which can be none: see `nodes_checked`.
    """
    own = () if isinstance(nodes, Unknown) else nodes_of(pool, nodes)
    return image.is_carried_as(pool.image) and all(image.is_carried_as(node.image_label) for node in own)


def nodes_checked(pool: Pool, nodes: tuple[Node, ...] | Unknown) -> str:
    """Says how many of the pool's nodes were checked, of how many."""
    if isinstance(nodes, Unknown):
        return f"as Azure reports; its nodes were not checked: {nodes.why}"
    seen = len(nodes_of(pool, nodes))
    if isinstance(pool.count, Unknown):
        return f"{seen} nodes checked; Azure does not report how many there are"
    return f"{seen} of {max(pool.count, seen)} nodes checked"


def nodes_of(pool: Pool, nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Returns the nodes that have the pool's label."""
    return tuple(node for node in nodes if node.pool == pool.name)


def nodes_in(pool: Pool, nodes: tuple[Node, ...] | Unknown) -> int | Unknown:
    """Returns how many nodes the pool has: as Azure reports, or else as its API server lists them."""
    if not isinstance(pool.count, Unknown):
        return pool.count
    return nodes if isinstance(nodes, Unknown) else len(nodes_of(pool, nodes))


def is_older_than(pool: Pool, limit: timedelta, now: datetime) -> bool:
    """Whether the image that Azure reports for the pool is older than this. If its age is unknown, it counts as older."""
    image = NodeImage.parse(pool.image)
    return image is None or image.age(now) > limit
