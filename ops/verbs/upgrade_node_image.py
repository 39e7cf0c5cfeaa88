"""Upgrades one pool to the newest node image; verified by the labels of its nodes and by the image that ARM reports for the pool."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, FOLLOW_OPERATION, LIST_MACHINES, READ_CLUSTER
from ops.model.fleet import Cluster, Driver, Node, Pool, Unknown
from ops.model.image import NodeImage
from ops.model.outcome import Done, Pending, Progress, Ready, Refused, Stale
from ops.model.plan import FORCED, REPAIRS
from ops.model.reasons import FailureCode
from ops.model.wording import instant
from ops.policy.node_identity import confirmed, match_nodes
from ops.ports.errors import DeniedError, NotFoundError, OutsideError, RejectedError
from ops.tables.overrides import override_end
from ops.tables.pool_repairs import forget_repair, note_repair
from ops.verbs.arm_operation import (
    POLL_EVERY,
    begin_operation,
    busy,
    ended_unsuccessfully,
    is_recent,
    no_power_state,
    not_verified_yet,
    poll_operation,
    retry_later,
)
from ops.verbs.contract import StepContext

# docs/node-image.md, rule 15.
_VERIFY_WITHIN = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class UpgradeNodeImage:
    """`params`: pool, image (the planned one; proven, if a proof is required), from.

    Also forced, if AKS drains through PDBs, and repairs, if the pool had failed.
    """

    name: str = "upgrade-node-image"
    actions: frozenset[str] = frozenset(
        {
            READ_CLUSTER,
            ASK_API_SERVER,
            FOLLOW_OPERATION,
            LIST_MACHINES,
            "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read",
            "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action",
        }
    )
    kubernetes: frozenset[str] = frozenset({"list nodes"})
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Reads the cluster in the same attempt: an upgrade does not begin if Azure offers an image newer than the planned one."""
        found = _find(task)
        if isinstance(found, Stale):
            return found
        cluster, pool = found
        if task.may_have_begun and pool.is_busy:
            # Daytwo made the call before a crash: do not call again; the pool's state replaces the lost token.
            return Pending("", task.now + POLL_EVERY)
        if cluster.is_busy:
            return busy(task)
        if not cluster.is_running:
            return no_power_state(task)
        changed = _changed_by_person(task, cluster)
        if changed:
            return Stale(changed)
        planned = NodeImage.parse(task.step.params["image"])
        if planned is not None and _is_carried(pool, planned, _nodes_of(task, cluster, pool)):
            nodes, total = _listed_nodes(task, cluster, pool)
            if _is_carried(pool, planned, nodes) and len(nodes) >= total:
                return Done(_counted(total, nodes, planned))
        newest = task.ports.clusters.newest_image(task.target, pool.name)
        if isinstance(newest, Unknown):
            return retry_later(task, f"the newest image of {pool.name} could not be read: {newest.why}")
        if newest != task.step.params["image"]:
            return Stale(f"{newest} was released in the meantime; the plan was for {task.step.params['image']}")
        return Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Requests the upgrade once."""
        pool = task.step.params["pool"]
        if REPAIRS in task.step.params:
            note_repair(task.ports.store, task.target, pool, task.now)
        begun = begin_operation(task, lambda: task.ports.clusters.begin_upgrade_node_image(task.target, pool))
        if REPAIRS in task.step.params and not isinstance(begun, Pending):
            forget_repair(task.ports.store, task.target, pool)
        return begun

    def poll(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Polls the operation (or the pool, if its address is unknown), and counts the nodes that run the image."""
        polled = self._poll(task)
        if isinstance(polled, Refused) and REPAIRS in task.step.params:
            return replace(polled, code=FailureCode.NOT_REPAIRED)
        return polled

    def _poll(self, task: StepContext) -> Pending | Done | Refused | Stale:
        progress = _progress(task)
        if task.record.token:
            return poll_operation(task, f"the upgrade of {task.step.params['pool']}", progress)
        found = _find(task)
        if isinstance(found, Stale):
            return Refused(found.code, found.why, "check the cluster, then start the run again")
        pool = found[1]
        if pool.is_busy or is_recent(task):
            return Pending("", task.now + POLL_EVERY, progress)
        if pool.provisioning_state.casefold() == "succeeded":
            return Done("Azure reports the pool as Succeeded", progress)
        code = pool.error_code or "UpgradeFailed"
        text = pool.error or f"Azure reports the pool as {pool.provisioning_state}"
        return ended_unsuccessfully(task, f"the upgrade of {pool.name}", code, text)

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Verifies that every node runs the image and is Ready, and that ARM reports the image for the pool.

        An even newer image also counts, and is reported. Only the nodes count that ARM lists for the pool: anyone with rights in
        the cluster can register others, which must neither complete an upgrade nor fail it and so halt the fleet's rollout.
        """
        found = _find(task)
        if isinstance(found, Stale):
            return Refused(found.code, found.why, "check the cluster, then start the run again")
        cluster, pool = found
        planned = NodeImage.parse(task.step.params["image"])
        if planned is None:
            return _unproven(task, pool, ("the name of the planned image cannot be read",))
        try:
            nodes, total = _listed_nodes(task, cluster, pool)
        except (DeniedError, NotFoundError, RejectedError) as error:
            return _unproven(task, pool, (f"its nodes or machines could not be read: {error}",))
        # Azure can evict all nodes of a spot pool, and still reports how many there should be.
        if not nodes and (pool.spot or pool.count == 0) and planned.is_carried_as(pool.image):
            return Done(f"the pool has no nodes and is set to {planned.short}")
        carried = _image_carried(nodes, planned)
        missing = _missing(pool, total, nodes, planned)
        if not missing:
            forget_repair(task.ports.store, task.target, pool.name)
            evidence = _counted(total, nodes, carried)
            if carried != planned:
                evidence += f"; it was released between the check and the call; the plan was for {planned.short}: not proven yet"
            return Done(evidence, Progress(len(nodes), len(nodes)))
        return _unproven(task, pool, missing)


VERB = UpgradeNodeImage()


def _find(task: StepContext) -> tuple[Cluster, Pool] | Stale:
    """Returns the cluster and the pool, if Daytwo can still upgrade it."""
    try:
        cluster = task.ports.clusters.cluster(task.target)
    except NotFoundError:
        return Stale("the cluster no longer exists", code=FailureCode.GONE)
    pool = cluster.pool(task.step.params["pool"])
    if pool is None:
        return Stale(f"the pool {task.step.params['pool']} no longer exists", code=FailureCode.GONE)
    if pool.unsupported:
        return Stale(pool.unsupported)
    if cluster.driver is not Driver.DAYTWO:
        return Stale("AKS upgrades this cluster now", code=FailureCode.TAKEN_OVER)
    if cluster.is_stopped:
        return Stale("the cluster is stopped", code=FailureCode.STOPPED)
    return cluster, pool


def _nodes_of(task: StepContext, cluster: Cluster, pool: Pool) -> tuple[Node, ...] | None:
    try:
        return tuple(node for node in task.ports.nodes.nodes(cluster) if node.pool == pool.name)
    except RejectedError:
        return None


def _listed_nodes(task: StepContext, cluster: Cluster, pool: Pool) -> tuple[tuple[Node, ...], int]:
    """Returns the nodes whose machines ARM lists for the pool, whatever their labels say, and how many nodes there should be.

    That is the number that ARM reports, or else that of the machines it lists (docs/node-image.md, rule 16).

    Raises:
        OutsideError: the nodes or the machines could not be read; the labels alone do not count.
    """
    nodes = task.ports.nodes.nodes(cluster)
    listed = task.ports.clusters.machines(cluster.id, pool.name)
    machines = confirmed(match_nodes(cluster, nodes, {pool.name: listed}))
    total = len(listed) if isinstance(pool.count, Unknown) else pool.count
    return tuple(node for node in nodes if node.name in machines), total


def _changed_by_person(task: StepContext, cluster: Cluster) -> str:
    """Why the plan no longer applies, because a person has changed something since it was made; empty if it applies."""
    skipped = override_end(task.ports.store, "skip", task.target)
    if skipped is not None and task.now < skipped:
        return f"a person has skipped it until {instant(skipped)}"
    if cluster.forces_upgrade_at(task.now) and FORCED not in task.step.params:
        return "forceUpgrade was set on the cluster in the meantime, so AKS would drain through PDBs"
    return ""


def _is_carried(pool: Pool, planned: NodeImage, nodes: tuple[Node, ...] | None) -> bool:
    """Whether Azure reports the image for the pool, and all of these nodes, at least one, run it."""
    carried = planned.is_carried_as(pool.image) and all(planned.is_carried_as(node.image_label) for node in nodes or ())
    return carried and bool(nodes)


def _progress(task: StepContext) -> Progress | None:
    """Counts the nodes that run the image, for display only: an error here never interrupts polling."""
    planned = NodeImage.parse(task.step.params["image"])
    try:
        found = _find(task)
        if planned is None or isinstance(found, Stale):
            return None
        nodes = _nodes_of(task, *found)
    except OutsideError:
        return None
    if nodes is None:
        return None
    done = sum(planned.is_carried_as(node.image_label) and node.ready for node in nodes)
    count = found[1].count
    total = len(nodes) if isinstance(count, Unknown) else count
    return Progress(min(done, total), total)


def _image_carried(nodes: tuple[Node, ...], planned: NodeImage) -> NodeImage:
    """Returns the planned image, or a newer one from its family if every node runs that one."""
    images = {NodeImage.parse(node.image_label) for node in nodes}
    if len(images) == 1:
        (only,) = images
        if only is not None and only.family == planned.family and only.released > planned.released:
            return only
    return planned


def _missing(pool: Pool, total: int, nodes: tuple[Node, ...], planned: NodeImage) -> tuple[str, ...]:
    """Returns what is not as it should be. Azure can evict spot nodes at any time, so their number does not count."""
    if not nodes:
        return ("it has no nodes",)
    carried = _image_carried(nodes, planned)
    wrong = [node.name for node in nodes if not carried.is_carried_as(node.image_label)]
    unready = [node.name for node in nodes if not node.ready and node.name not in wrong]
    missing = [f"{name} does not run {planned.short}" for name in wrong] + [f"{name} is not Ready" for name in unready]
    if len(nodes) < total and not pool.spot:
        missing.append(f"only {len(nodes)} of {total} nodes are registered")
    if not missing and not carried.is_carried_as(pool.image):
        reported = pool.image or "no image"
        missing.append(f"its nodes are labeled {carried.short}, but Azure reports {reported} for the pool")
    return tuple(missing)


def _counted(total: int, nodes: tuple[Node, ...], image: NodeImage) -> str:
    """How many nodes run the image, of how many, and whether they are Ready."""
    ready = sum(node.ready for node in nodes)
    readiness = "are Ready" if ready == len(nodes) else f"{ready} of them are Ready"
    return f"{len(nodes)} of {max(total, len(nodes))} nodes run {image.short} and {readiness}; Azure reports it for the pool"


def _unproven(task: StepContext, pool: Pool, missing: tuple[str, ...]) -> Pending | Refused:
    cause = f"Azure reports {pool.name} as upgraded, but after 20 minutes {'; '.join(missing)}"
    advice = "check these nodes; the image is not used elsewhere until a run has verified it"
    return not_verified_yet(task, _VERIFY_WITHIN, cause, advice)
