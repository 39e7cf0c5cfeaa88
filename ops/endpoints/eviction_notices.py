"""Reads reports of evictions: which node of which cluster, and when (docs/spot.md)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops.context import Context
from ops.endpoints.cloud_events import CloudNotice, read_time
from ops.facts.fleet import list_fleet
from ops.model.azure_names import azure_key
from ops.model.machine import Machine, parse_machine_id
from ops.model.wording import instant
from ops.policy.fleet_scope import is_in_fleet
from ops.ports.errors import NotFoundError, RejectedError
from ops.tables.fleet import LOOKUP, FleetLookup, KnownCluster, fleet_lookups, known_clusters

NOTICE = "daytwo.spot.notice"
ANNOTATED = "microsoft.resourcenotifications.healthresources.resourceannotated"
_PREEMPTED = "virtualmachinepreempted"
# The scale sets of Linux pools, and those of Windows pools, whose names have at most six letters.
_SCALE_SET = re.compile(r"aks-(?P<linux>[a-z0-9]{1,12})-[0-9]{1,10}-vmss|aks(?P<windows>[a-z0-9]{1,6})", re.ASCII)
_INSTANCE = 6
_NODE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.IGNORECASE | re.ASCII)
_LIST_AGAIN = timedelta(minutes=5)
# Event Grid delivers for a day.
_TOO_OLD = timedelta(days=2)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class EvictionNotice:
    """The evicted node, its cluster's id and name, who reported the eviction (`node` or `azure`), and when it happened."""

    cluster: str
    cluster_name: str
    node: str
    pool: str
    source: str
    at: datetime


def is_eviction(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether the event reports a spot eviction; the documentation is inconsistent about case."""
    if _is_notice(kind):
        return True
    return kind.casefold() == ANNOTATED and str(_properties(data).get("annotationName", "")).casefold() == _PREEMPTED


def _is_notice(kind: str) -> bool:
    return kind.casefold() == NOTICE


def read_notice(context: Context, event: CloudNotice, now: datetime) -> EvictionNotice | str:
    """Reads the notice, or says why it does not concern the fleet. Raises OutsideError, so that Event Grid delivers the event again."""
    at = min((event.at if _is_notice(event.type) else _occurred(event)) or now, now)
    if now - at > _TOO_OLD:
        return f"it happened on {instant(at)}, more than two days ago"
    if _is_notice(event.type):
        return _from_node(context, event, at)
    target = str(_properties(event.data).get("targetResourceId") or _info(event.data).get("id") or "")
    machine = parse_machine_id(target)
    match = _SCALE_SET.fullmatch(machine.scale_set) if machine else None
    if machine is None or match is None:
        return f"it does not name an instance in a node pool: {target[:200]!r}"
    cluster = _of_machine(context, machine)
    if cluster is None:
        return f"the resource group {machine.resource_group} does not belong to a cluster in the fleet"
    node = node_name(machine.scale_set, int(machine.name))
    return EvictionNotice(*cluster, node, match["linux"] or match["windows"], "azure", at)


def node_name(scale_set: str, instance: int) -> str:
    """Returns a node's name as Azure names computers: the scale set's name, then the instance number in base 36 with six digits."""
    digits = ""
    while instance:
        instance, digit = divmod(instance, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"{azure_key(scale_set)}{digits.rjust(6, '0')}"


def _from_node(context: Context, event: CloudNotice, at: datetime) -> EvictionNotice | str:
    """Reads a notice from inside a cluster. It is untrusted input, so both the cluster and the node that it names are checked."""
    settings, source, node = context.config.settings, event.source, str(event.data.get("node") or "")
    if _NODE.fullmatch(node) is None:
        return f"it does not name a node: {node[:200]!r}"
    if settings is None or not is_in_fleet(source, settings):
        return f"its source is not in a configured subscription: {source[:300]!r}"
    known = next((each for each in _known(context) if each.id == azure_key(source)), None)
    pool = _pool_named_in(node, known.spot_pools) if known is not None else ""
    if known is not None and pool:
        return EvictionNotice(known.id, known.name, azure_key(node), pool, "node", at)
    try:
        cluster = context.ports.clusters.cluster(source)
    except (NotFoundError, RejectedError) as refusal:
        return f"its source is not a cluster: {source[:300]!r}: {refusal}"
    pool = _pool_named_in(node, [each.name for each in cluster.pools if each.spot])
    if not pool:
        return f"{node} does not belong to a spot pool of {cluster.name}, so Azure does not evict it"
    return EvictionNotice(cluster.id, cluster.name, azure_key(node), pool, "node", at)


def _pool_named_in(node: str, pools: Iterable[str]) -> str:
    """Returns which of these pools the name of a node contains; empty if none.

    Only a first look: the run acts on the node by its own label and machine. Spot pools always are scale sets.
    """
    match = _SCALE_SET.fullmatch(azure_key(node)[:-_INSTANCE])
    wanted = azure_key(match["linux"] or match["windows"]) if match else ""
    return next((name for name in pools if azure_key(name) == wanted), "")


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
    return azure_key(f"{arm_id.split('/')[2]}/{group}")


def _properties(data: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = _info(data).get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _info(data: Mapping[str, Any]) -> Mapping[str, Any]:
    info = data.get("resourceInfo")
    return info if isinstance(info, Mapping) else {}


def _occurred(event: CloudNotice) -> datetime | None:
    """Returns when Azure says that it happened. Azure leaves some of the times unset."""
    operational = event.data.get("operationalInfo")
    times = (
        _properties(event.data).get("occurredTime"),
        operational.get("resourceEventTime") if isinstance(operational, Mapping) else None,
    )
    return next((at for each in times if (at := read_time(each)) is not None), event.at)
