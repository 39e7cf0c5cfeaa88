"""The hourly fleet scan: which clusters exist, which images their nodes run, and whether the nodes are Ready."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from ops.context import Context
from ops.model.arm_actions import ASK_API_SERVER, LIST_FLEET, READ_CLUSTER
from ops.model.fleet import Cluster, Node, Pool
from ops.model.image import ImageKey, NodeImage
from ops.model.ledger import Entry
from ops.model.proof import Proof, ProofPolicy, Sample
from ops.model.run_request import short_hash
from ops.policy.proof_sampling import observe, settle
from ops.policy.rings import ring_of
from ops.ports.errors import OutsideError
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.tables.base import Table, marked
from ops.tables.fleet import KnownCluster, known_clusters, proofs
from ops.tables.set_aside import each

_LOG = logging.getLogger(__name__)

# The scan's own calls, for the bot's custom role; facts and verbs declare theirs.
ACTIONS = frozenset({LIST_FLEET, READ_CLUSTER, ASK_API_SERVER})
KUBERNETES = frozenset({"list nodes"})


def record_fleet(context: Context, fleet: Sequence[Cluster], now: datetime) -> None:
    """Stores names, ids and tags, so that a chat command can find a cluster without reading Azure. Deleted clusters are removed."""
    table = known_clusters(context.ports.store)
    keys = {f"{cluster.name.casefold()}|{short_hash(cluster.id)}": cluster for cluster in fleet}
    store = context.ports.store
    gone = [key for key in marked(store, table.kind) if key not in keys]
    each(store, "deleted clusters", gone, table.delete)
    each(store, "clusters", keys.items(), lambda entry: _record_cluster(table, *entry, now), lambda entry: entry[0])


def _record_cluster(table: Table[KnownCluster], key: str, cluster: Cluster, now: datetime) -> None:
    known = known_cluster(cluster, now)
    before = table.get(key)
    if before is None:
        table.insert(key, known)
    elif replace(before.value, seen=now) != known:
        table.change(key, partial(_updated, known))


def known_cluster(cluster: Cluster, now: datetime) -> KnownCluster:
    """Returns what endpoints need to know about a cluster."""
    return KnownCluster(
        cluster.id,
        cluster.name,
        cluster.region,
        dict(cluster.tags),
        now,
        cluster.node_resource_group.casefold(),
        tuple(pool.name for pool in cluster.pools if pool.spot),
    )


def _updated(known: KnownCluster, _: KnownCluster | None) -> KnownCluster:
    return known


def sample_images(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Takes one sample of every image in every ring (docs/node-image.md, rule 11). Repeating it within the hour has no effect."""
    policies = [p for runbook in runbooks().values() if (p := runbook.proof_policy(settings)) is not None]
    if not policies:
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
        for policy in policies:
            _record(context, ring_name, key, Sample(len(nodes), bad), policy, now)


def _nodes_of(context: Context, cluster: Cluster) -> list[tuple[ImageKey, str, bool]]:
    try:
        nodes = context.ports.nodes.nodes(cluster)
    except OutsideError:
        return []  # The API server does not answer. As with a stopped cluster, the sample neither counts nor breaks a proof.
    found = []
    for node in nodes:
        pool = cluster.pool(node.pool)
        image = NodeImage.parse(node.image_label)
        if pool is None or image is None:
            continue
        key = ImageKey(f"{image.family}-{image.release}", pool.kubernetes_minor)
        found.append((key, f"{cluster.name}/{node.name}", _is_healthy(node, pool)))
    return found


def _is_healthy(node: Node, pool: Pool) -> bool:
    """Whether the node counts as healthy. A node that is not Ready while its pool is being upgraded does not count against the image."""
    return node.ready or pool.is_busy


def _record(context: Context, ring: str, key: ImageKey, sample: Sample, policy: ProofPolicy, now: datetime) -> None:
    def change(proof: Proof | None) -> Proof:
        observed = observe(proof or Proof(ring, key), sample, now, policy)
        return settle(observed, now, policy)

    table = proofs(context.ports.store)
    before = table.get(f"{ring}|{key}")
    after = table.change(f"{ring}|{key}", change)
    if after.proven_at is not None and (before is None or before.value.proven_at is None):
        text = f"{key} is proven in {ring}: on {sample.nodes} nodes since {after.since}, {after.awake_h} h awake"
        context.ports.ledger.append(Entry(f"{ring}|{key}|proven", now, "proven", ring, text))
