"""Evictions of spot nodes, reported by the node or by Azure: one record per node, one run per group (docs/spot.md)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ops.context import Context
from ops.engine.run_starter import start_run
from ops.facts.fleet import list_fleet
from ops.model.machine import Machine, parse_machine_id
from ops.model.run_request import RunRequest
from ops.model.workload import Eviction
from ops.policy.fleet_scope import is_in_fleet
from ops.ports.errors import NotFoundError, RejectedError
from ops.settings.spot import SPOT
from ops.tables.base import store_key
from ops.tables.evictions import EvictionGroup, eviction_groups, evictions
from ops.tables.fleet import LOOKUP, FleetLookup, KnownCluster, fleet_lookups, known_clusters
from ops.tables.runs import runs

NOTICE = "daytwo.spot.notice"
ANNOTATED = "microsoft.resourcenotifications.healthresources.resourceannotated"
_PREEMPTED = "virtualmachinepreempted"
_SCALE_SET = re.compile(r"aks-(?P<pool>[a-z0-9]{1,12})-[0-9]{1,10}-vmss", re.ASCII)
_NODE = re.compile(r"aks-(?P<pool>[a-z0-9]{1,12})-[0-9]{1,10}-vmss[0-9a-z]{6}", re.IGNORECASE | re.ASCII)
# Azure reports an eviction up to 20 minutes late, and the event can arrive a day later.
_FORGET = timedelta(days=2)
_LIST_AGAIN = timedelta(minutes=5)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class EvictionNotice:
    """The evicted node, its cluster's id and name, and who reported the eviction: `node` or `azure`."""

    cluster: str
    cluster_name: str
    node: str
    pool: str
    source: str


def is_eviction(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether the event reports a spot eviction; the documentation is inconsistent about case."""
    if kind.casefold() == NOTICE:
        return True
    return kind.casefold() == ANNOTATED and str(_properties(data).get("annotationName", "")).casefold() == _PREEMPTED


def read_notice(context: Context, source: str, kind: str, data: Mapping[str, Any]) -> EvictionNotice | str:
    """Reads the notice, or says why it does not concern the fleet. Raises OutsideError, so that Event Grid delivers the event again."""
    if kind.casefold() == NOTICE:
        return _from_node(context, source, data)
    target = str(_properties(data).get("targetResourceId") or _info(data).get("id") or "")
    machine = parse_machine_id(target)
    match = _SCALE_SET.fullmatch(machine.scale_set) if machine else None
    if machine is None or match is None:
        return f"it does not name an instance in a node pool: {target[:200]!r}"
    cluster = _of_machine(context, machine)
    if cluster is None:
        return f"the resource group {machine.resource_group} does not belong to a cluster in the fleet"
    node = node_name(machine.scale_set, int(machine.name))
    return EvictionNotice(*cluster, node, match["pool"], "azure")


def take_notice(context: Context, notice: EvictionNotice, now: datetime) -> None:
    """Records the eviction once, adds it to its group, and starts or wakes the group's run.

    Each step is idempotent, so an event that is delivered again, even after a crash, has the same result.
    """
    settings = context.config.settings
    policy = settings.get(SPOT) if settings else None
    if policy is None:
        return
    cluster_key = store_key(notice.cluster)
    table = evictions(context.ports.store)
    key = f"{cluster_key}|{notice.node}"
    known = table.get(key)
    if known is not None and now - known.value.first_seen > _FORGET and _ended(context, known.value.run):
        table.delete(
            key
        )  # the record is from a false alarm some days ago, or the machine came back: this is a new eviction
        known = None
    run_id = known.value.run if known else _join(context, cluster_key, notice, now, policy.group_within).run

    def merge(old: Eviction | None) -> Eviction:
        said_by_azure = notice.source == "azure"
        if old is not None:
            return replace(old, confirmed=old.confirmed or said_by_azure)
        return Eviction(notice.cluster, notice.node, notice.pool, now, said_by_azure, notice.source, run_id)

    eviction = table.change(key, merge)
    period = eviction.run.rsplit(".", 1)[1]
    run_request = RunRequest("spot", notice.cluster, notice.cluster_name, period, now, "event", notice.source)
    run, is_new = start_run(context, run_request)
    if not is_new and known is None:
        context.engine.wake(run.id)


def node_name(scale_set: str, instance: int) -> str:
    """Returns a node's name as Azure names computers: the scale set's name, then the instance number in base 36 with six digits."""
    digits = ""
    while instance:
        instance, digit = divmod(instance, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"{scale_set.casefold()}{digits.rjust(6, '0')}"


def _join(
    context: Context, cluster_key: str, notice: EvictionNotice, now: datetime, group_within: timedelta
) -> EvictionGroup:
    """Returns the eviction's group: the pool's latest group if it is recent and its run has not ended, otherwise a new one."""

    def grow(old: EvictionGroup | None) -> EvictionGroup:
        if old is not None and now - old.began < group_within and not _ended(context, old.run):
            return replace(old, last=now)
        first = RunRequest(
            "spot", notice.cluster, notice.cluster_name, f"{notice.pool}-{now:%Y%m%dt%H%M%S}", now, "event", ""
        )
        return EvictionGroup(first.run_id, now, now)

    return eviction_groups(context.ports.store).change(f"{cluster_key}|{notice.pool}", grow)


def _ended(context: Context, run: str) -> bool:
    stored = runs(context.ports.store).get(run)
    return stored is not None and stored.value.state.is_final


def _from_node(context: Context, source: str, data: Mapping[str, Any]) -> EvictionNotice | str:
    """Reads a notice from inside a cluster. It is untrusted input, so both the cluster and the node that it names are checked."""
    settings, node = context.config.settings, str(data.get("node") or "")
    match = _NODE.fullmatch(node)
    if match is None:
        return f"it does not name a node in a node pool: {node[:200]!r}"
    if settings is None or not is_in_fleet(source, settings):
        return f"its source is not in a configured subscription: {source[:300]!r}"
    pool_name = match["pool"].casefold()
    known = next((each for each in _known(context) if each.id == source.casefold()), None)
    if known is not None and pool_name in known.spot_pools:
        return EvictionNotice(known.id, known.name, node.casefold(), pool_name, "node")
    try:
        cluster = context.ports.clusters.cluster(source)
    except (NotFoundError, RejectedError) as refusal:
        return f"its source is not a cluster: {source[:300]!r}: {refusal}"
    pool = cluster.pool(pool_name)
    if pool is None or not pool.spot:
        return f"{node} does not belong to a spot pool of {cluster.name}, so Azure does not evict it"
    return EvictionNotice(cluster.id, cluster.name, node.casefold(), pool.name, "node")


def _known(context: Context) -> Iterator[KnownCluster]:
    return (stored.value for stored in known_clusters(context.ports.store).scan())


def _of_machine(context: Context, machine: Machine) -> tuple[str, str] | None:
    """Returns the id and name of the cluster whose nodes are in the machine's subscription and resource group.

    The fleet is listed only for a group that the last scan did not find, at most once in five minutes: events come in bursts,
    and each names one node. Another subscription can have a resource group of the same name.
    """
    wanted = _place(f"/subscriptions/{machine.subscription}", machine.resource_group)
    known = next((each for each in _known(context) if _place(each.id, each.node_resource_group) == wanted), None)
    if known is not None:
        return known.id, known.name
    return _listed_groups(context).get(wanted)


def _listed_groups(context: Context) -> Mapping[str, tuple[str, str]]:
    settings, now = context.config.settings, context.ports.clock.now()
    lookups = fleet_lookups(context.ports.store)
    last = lookups.get(LOOKUP)
    if settings is None or (last is not None and now - last.value.at < _LIST_AGAIN):
        return last.value.groups if last is not None else {}
    fleet = list_fleet(context.ports, settings)
    listed = FleetLookup(now, {_place(each.id, each.node_resource_group): (each.id, each.name) for each in fleet})
    return lookups.change(LOOKUP, lambda _: listed).groups


def _place(arm_id: str, group: str) -> str:
    """Returns the subscription of an ARM id and a resource group in it, as a key."""
    return f"{arm_id.split('/')[2]}/{group}".casefold()


def _properties(data: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = _info(data).get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _info(data: Mapping[str, Any]) -> Mapping[str, Any]:
    info = data.get("resourceInfo")
    return info if isinstance(info, Mapping) else {}
