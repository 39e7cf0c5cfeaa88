"""The hourly look at the fleet: what runs where, how well; and which rollouts are due."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from ops.model.actions import ASK_API_SERVER, LIST_FLEET, READ_CLUSTER
from ops.model.fleet import Cluster, Node, Pool
from ops.model.image import ImageKey, NodeImage
from ops.model.ledger import Entry
from ops.model.proof import Proof, Sample
from ops.model.run import Rollout, RolloutPlan
from ops.model.signal import short_hash
from ops.policy.proof import observe, settle
from ops.policy.rings import grown, ring_of
from ops.ports import OutsideError
from ops.records import KnownCluster, known_clusters, proofs, rollouts
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.settings.node_image import NodeImageSettings
from ops.workflows.activities.context import Context
from ops.workflows.standing import report_fleet
from ops.workflows.starting import OPEN, ROLLOUT, start_if_it_acts

_LOG = logging.getLogger(__name__)

# What the look at the fleet calls, for the role that the bot is given; facts and verbs declare theirs.
ACTIONS = frozenset({LIST_FLEET, READ_CLUSTER, ASK_API_SERVER})
KUBERNETES = frozenset({"list nodes"})


def list_fleet(context: Context, settings: Settings) -> tuple[Cluster, ...]:
    """Every cluster of the configured subscriptions. Raises what the port raises: half a fleet is no fleet."""
    return tuple(
        cluster
        for subscription in settings.fleet.subscriptions
        for cluster in context.ports.clusters.list_clusters(subscription)
    )


def remember_fleet(context: Context, fleet: Sequence[Cluster], now: datetime) -> None:
    """Keeps names, ids and tags, so that a person's command finds a cluster without asking Azure. Who is gone is forgotten."""
    table = known_clusters(context.ports.store)
    keys = {f"{cluster.name.casefold()}|{short_hash(cluster.id)}": cluster for cluster in fleet}
    for stored in list(table.scan()):
        if stored.key not in keys:
            table.delete(stored.key)
    for key, cluster in keys.items():
        known = KnownCluster(cluster.id, cluster.name, cluster.region, dict(cluster.tags), now)
        before = table.get(key)
        if before is None:
            table.insert(key, known)
        elif replace(before.value, seen=now) != known:
            table.change(key, partial(_learnt, known))


def _learnt(known: KnownCluster, _: KnownCluster | None) -> KnownCluster:
    return known


def sample_fleet(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """One sample of every image in every ring (docs/node-image.md, rule 11). A second one for the same hour changes nothing."""
    policy = settings.node_image
    if policy is None:
        return
    seen: dict[tuple[str, ImageKey], list[tuple[str, bool]]] = defaultdict(list)
    for cluster in fleet:
        ring = ring_of(cluster, settings)
        if ring is None or not cluster.running:
            continue
        for key, name, is_good in _nodes_of(context, cluster):
            seen[ring.name, key].append((name, is_good))
    for (ring_name, key), nodes in seen.items():
        bad = tuple(sorted(name for name, is_good in nodes if not is_good))
        _record(context, ring_name, key, Sample(len(nodes), bad), policy, now)


def start_due_rollouts(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Starts each runbook's rollout of the week once, however often it is due; clusters that are found later join it.

    A fleet without a cluster in a ring has none: roles and tags may come an hour after the bot.
    """
    plans = [plan for runbook in runbooks().values() if (plan := runbook.rollout(fleet, settings, now)) is not None]
    worth = [plan for plan in plans if plan.watched or any(ring.targets for ring in plan.rings)]
    if plans:
        report_fleet(context.ports, now, is_empty=not worth)
    for plan in worth:
        _start_rollout(context, plan, settings, now)


def _start_rollout(context: Context, plan: RolloutPlan, settings: Settings, now: datetime) -> None:
    table, rollout_id = rollouts(context.ports.store), f"rollout.{plan.runbook}.{plan.occurrence}"
    context.ports.store.insert(OPEN, rollout_id, {})

    def change(old: Rollout | None) -> Rollout:
        return grown(old, plan, now) if old else Rollout(rollout_id, plan, now, config_hash=settings.hash)

    if not table.change(rollout_id, change).state.is_final:
        context.engine.start(ROLLOUT, rollout_id, {"rollout": rollout_id})


def start_due_runs(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Single runs that are due now; a cluster that cannot be looked at does not keep the others from it."""
    for runbook in runbooks().values():
        for signal in runbook.due(fleet, settings, now):
            try:
                start_if_it_acts(context, signal)
            except OutsideError as error:
                _LOG.warning("%s on %s could not be decided: %s", signal.runbook, signal.target_name, error)


def _nodes_of(context: Context, cluster: Cluster) -> list[tuple[ImageKey, str, bool]]:
    try:
        nodes = context.ports.nodes.nodes(cluster)
    except OutsideError:
        return []  # its API server does not answer: as if asleep, it neither counts nor breaks a proof
    found = []
    for node in nodes:
        pool = cluster.pool(node.pool)
        image = NodeImage.parse(node.image_label)
        if pool is None or image is None:
            continue
        key = ImageKey(f"{image.family}-{image.release}", pool.kubernetes_minor)
        found.append((key, f"{cluster.name}/{node.name}", _is_good(node, pool)))
    return found


def _is_good(node: Node, pool: Pool) -> bool:
    """A node that is not Ready while its pool is being upgraded is on its way, not a bad sign."""
    return node.ready or pool.is_busy


def _record(
    context: Context, ring: str, key: ImageKey, sample: Sample, policy: NodeImageSettings, now: datetime
) -> None:
    def change(proof: Proof | None) -> Proof:
        observed = observe(proof or Proof(ring, key), sample, now, least_nodes=policy.proven_nodes)
        return settle(observed, now, proven_for=policy.proven_for, proven_awake=policy.proven_awake)

    table = proofs(context.ports.store)
    before = table.get(f"{ring}|{key}")
    after = table.change(f"{ring}|{key}", change)
    if after.proven_at is not None and (before is None or before.value.proven_at is None):
        text = f"{key} is proven in {ring}: on {sample.nodes} nodes since {after.since}, {after.awake_h} h awake"
        context.ports.ledger.append(Entry(f"{ring}|{key}|proven", now, "proven", ring, text))
