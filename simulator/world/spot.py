"""Spot machines that Azure takes back: the agent's notice, the loss of the node, and what Azure tells of it, late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

from simulator.world import nodes
from simulator.world.core import Core, Event
from simulator.world.journal import Kind
from simulator.world.scripted_faults import SpotEviction
from simulator.world.state import Cluster, Node

ANNOTATED = "Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated"
NOTICE = "daytwo.spot.notice"
# A burst: all within seconds. Azure deletes the machine half a minute after it was preempted.
BURST_S = (0.0, 8.0)
GONE_AFTER = timedelta(seconds=30)
# No latency is published for resource notifications; the activity log is up to 20 minutes late.
TOLD_AFTER_S = (5.0, 600.0)
TWICE_PERCENT = 25


@dataclass(frozen=True, slots=True)
class _Preempted:
    cluster: Cluster
    node: Node
    event_id: str


def evict_some(core: Core, mishap: SpotEviction) -> None:
    """Begin a burst of evictions: the notices now, the losses ``notice_s`` later."""
    cluster = core.clusters[mishap.cluster]
    present = cluster.nodes_of(mishap.pool)
    draw = Random(f"{core.seed}/spot/{cluster.name}/{mishap.pool}/{mishap.at.isoformat()}")
    for node in sorted(draw.sample(present, min(mishap.nodes, len(present))), key=lambda node: node.name):
        offset = core.seconds(*BURST_S, "burst", cluster.name, node.name, mishap.at)
        core.agenda.after(offset, partial(preempt, core, cluster, node, mishap.notice_s))


def preempt(core: Core, cluster: Cluster, node: Node, notice_s: int = 0) -> None:
    """Take one machine back: with its notice, where the node's agent has that long."""
    taken = _Preempted(cluster, node, core.new_id_in("preempt"))
    if notice_s:
        _notice(core, taken, notice_s)
    core.agenda.after(timedelta(seconds=notice_s), partial(_lose, core, taken))


def _notice(core: Core, taken: _Preempted, notice_s: int) -> None:
    not_before = core.agenda.now + timedelta(seconds=notice_s)
    data = {
        "node": taken.node.name,
        "eventId": taken.event_id.upper(),
        # As the instance metadata service spells it.
        "notBefore": f"{not_before:%a, %d %b %Y %H:%M:%S} GMT",
    }
    core.journal.write(Kind.SPOT_NOTICE, taken.cluster.name, taken.node.pool, taken.node.name, event=taken.event_id)
    _tell(core, taken, NOTICE, data, (None, taken.node.name))


def _lose(core: Core, taken: _Preempted) -> None:
    cluster, node = taken.cluster, taken.node
    if cluster.nodes.get(node.name) is not node:
        return
    core.journal.write(Kind.SPOT_EVICTED, cluster.name, node.pool, node.name, event=taken.event_id)
    nodes.set_ready(core, cluster, node, ready=False)
    core.agenda.after(GONE_AFTER, partial(_gone, core, taken))
    occurred = core.agenda.now
    data, subject = _annotation(core, taken, f"{occurred:%Y-%m-%dT%H:%M:%S.%f}0Z")
    key = (cluster.name, node.name, taken.event_id)
    source = f"/subscriptions/{cluster.spec.subscription}"
    for copy in range(2 if core.chance(TWICE_PERCENT, "told-twice", *key) else 1):
        late = core.seconds(*TOLD_AFTER_S, "told", copy, *key)
        core.agenda.after(late, partial(_tell, core, taken, ANNOTATED, data, (source, subject)))


def _gone(core: Core, taken: _Preempted) -> None:
    """Delete the machine; without an autoscaler nothing replaces it."""
    cluster, node = taken.cluster, taken.node
    if cluster.nodes.get(node.name) is not node:
        return
    nodes.leave(core, cluster, node, nodes.INVOLUNTARY)
    pool = cluster.pools.get(node.pool or "")
    if pool is not None:
        pool.count = max(pool.count - 1, 0)
        pool.revision += 1


def _annotation(core: Core, taken: _Preempted, occurred: str) -> tuple[Mapping[str, object], str]:
    """Return the event's data and subject; spelling and case vary, as those of the real ones do."""
    cluster, node = taken.cluster, taken.node
    machine = node.provider_id.removeprefix("azure://")
    variants = (machine, machine.replace("/resourceGroups/", "/resourcegroups/"), machine.lower(), machine.upper())
    machine = Random(f"{core.seed}/case/{taken.event_id}").choice(variants)
    unset = core.chance(20, "unset-time", taken.event_id)
    data = {
        "resourceInfo": {
            "id": f"{machine}/providers/Microsoft.ResourceHealth/resourceAnnotations/latest",
            "name": "latest",
            "type": "Microsoft.ResourceHealth/resourceAnnotations",
            "properties": {
                "targetResourceId": machine,
                "targetResourceType": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
                "occurredTime": "0001-01-01T00:00:00Z" if unset else occurred,
                "annotationName": "VirtualMachinePreempted",
                "reason": "Spot VM preempted",
                "summary": f"The spot virtual machine {node.name} in {cluster.spec.region} was evicted.",
                "context": "Platform Initiated",
                "category": "Unplanned",
            },
        },
        "operationalInfo": {"resourceEventTime": occurred},
        "apiVersion": "2022-08-01",
    }
    return data, machine


def _tell(
    core: Core, taken: _Preempted, kind: str, data: Mapping[str, object], place: tuple[str | None, str | None]
) -> None:
    source, subject = place
    identity = f"{kind}/{taken.event_id}"
    core.events.append(
        Event(len(core.events), core.agenda.now, kind, taken.cluster.name, data, identity, source, subject)
    )
