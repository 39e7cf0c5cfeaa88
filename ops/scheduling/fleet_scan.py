"""The hourly fleet scan: which clusters exist, which images their nodes run, and whether the nodes are Ready."""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from ops.context import Context
from ops.facts.fleet import MALFORMED
from ops.facts.machines import pool_machines
from ops.messaging.conditions import report_strangers
from ops.model.arm_actions import ASK_API_SERVER, LIST_FLEET, LIST_MACHINES, READ_CLUSTER
from ops.model.azure_names import azure_key
from ops.model.fleet import Cluster, Unknown
from ops.model.image import ImageKey
from ops.model.ledger import Entry
from ops.model.proof import Proof, ProofPolicy, Sample
from ops.model.run_request import short_hash
from ops.policy.node_identity import match_nodes, strangers
from ops.policy.proof_sampling import observe, sample_cluster, settle
from ops.policy.rings import ring_of
from ops.policy.routes import channels_of
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.tables.base import Table, marked
from ops.tables.fleet import KnownCluster, known_clusters, proofs
from ops.tables.set_aside import each, items_set_aside

_LOG = logging.getLogger(__name__)

type Strangers = tuple[tuple[str, str], ...]

# The scan's own calls, for the bot's custom role; facts and verbs declare theirs.
ACTIONS = frozenset({LIST_FLEET, LIST_MACHINES, READ_CLUSTER, ASK_API_SERVER})
KUBERNETES = frozenset({"list nodes"})


def record_fleet(context: Context, fleet: Sequence[Cluster], now: datetime) -> None:
    """Stores names, ids and tags, so that a chat command can find a cluster without reading Azure. Deleted clusters are removed.

    A cluster whose document is malformed now is not deleted: what is known about it stays.
    """
    table = known_clusters(context.ports.store)
    keys = {f"{azure_key(cluster.name)}|{short_hash(cluster.id)}": cluster for cluster in fleet}
    store = context.ports.store
    gone = [key for key in marked(store, table.kind) if key not in keys]
    malformed = items_set_aside(store, MALFORMED)
    each(store, "deleted clusters", gone, lambda key: _forget_cluster(table, key, malformed))
    each(store, "clusters", keys.items(), lambda entry: _record_cluster(table, *entry, now), lambda entry: entry[0])


def _forget_cluster(table: Table[KnownCluster], key: str, malformed: Collection[str]) -> None:
    """Forgets a cluster that Azure no longer lists, unless it may be one of those whose documents are malformed."""
    known = table.get(key) if malformed else None
    if known is None or not any(_may_be(known.value, name) for name in malformed):
        table.delete(key)


def _may_be(known: KnownCluster, name: str) -> bool:
    """Whether a malformed document can be that of a cluster. Only the beginning of a long id is noted, and of some documents no id."""
    return not name.startswith("/") or azure_key(known.id).startswith(azure_key(name))


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
        azure_key(cluster.node_resource_group),
        tuple(pool.name for pool in cluster.pools if pool.spot),
    )


def _updated(known: KnownCluster, _: KnownCluster | None) -> KnownCluster:
    return known


def sample_images(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Takes one sample of every image in every ring (docs/node-image.md, rule 11). Repeating it within the hour has no effect."""
    policies = [p for runbook in runbooks().values() if (p := runbook.proof_policy(settings)) is not None]
    if not policies:
        return
    seen: dict[tuple[str, ImageKey], list[Sample]] = defaultdict(list)
    incomplete: dict[str, set[str]] = defaultdict(set)
    found: list[tuple[Cluster, Strangers]] = []

    def look(cluster: Cluster) -> None:
        ring = ring_of(cluster, settings)
        if ring is None or cluster.is_stopped:
            return
        incomplete[ring.name].add(cluster.id)  # until it has been read completely, whatever fails below
        nodes = context.ports.nodes.nodes(cluster)
        machines = pool_machines(context.ports.clusters, cluster)
        if not any(isinstance(each, Unknown) for each in machines.values()):
            incomplete[ring.name].remove(cluster.id)
        matches = match_nodes(cluster, nodes, machines)
        found.append((cluster, strangers(cluster, nodes, matches, now)))
        for key, sample in sample_cluster(cluster, nodes, matches).items():
            seen[ring.name, key].append(sample)

    def record(sampled: tuple[tuple[str, ImageKey], list[Sample]]) -> None:
        (ring_name, key), samples = sampled
        bad = tuple(sorted(name for sample in samples for name in sample.not_ready))
        total = Sample(sum(sample.nodes for sample in samples), bad, complete=not incomplete[ring_name])
        for policy in policies:
            _record(context, ring_name, key, total, policy, now)

    def report(entry: tuple[Cluster, Strangers]) -> None:
        cluster, nodes = entry
        report_strangers(context.ports, cluster, nodes, now, channels_of(cluster, settings))

    store = context.ports.store
    each(store, "samples", fleet, look, lambda cluster: cluster.id)
    each(store, "proofs", seen.items(), record, lambda sampled: str(sampled[0]))
    each(store, "nodes", found, report, lambda entry: entry[0].id)


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
