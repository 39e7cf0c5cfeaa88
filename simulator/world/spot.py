"""Evictions of spot machines: the agent's notice, the loss of the node, and Azure's delayed notification."""

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
# All machines in a group are evicted within seconds. Azure deletes a machine half a minute after its preemption.
GROUP_S = (0.0, 8.0)
GONE_AFTER = timedelta(seconds=30)
SCALED_AFTER = timedelta(minutes=4)
# Azure does not publish the latency of resource notifications. The activity log is up to 20 minutes late.
NOTIFIED_AFTER_S = (5.0, 600.0)
TWICE_PERCENT = 25


@dataclass(frozen=True, slots=True)
class _Preemption:
    cluster: Cluster
    node: Node
    event_id: str
    reported_after_s: int = 0
    stays: bool = False


def evict_group(core: Core, fault: SpotEviction) -> None:
    """Start a group of evictions: publish the notices now, and delete the machines ``notice_s`` later."""
    cluster = core.clusters[fault.cluster]
    present = cluster.nodes_of(fault.pool)
    draw = Random(f"{core.seed}/spot/{cluster.name}/{fault.pool}/{fault.at.isoformat()}")
    for node in sorted(draw.sample(present, min(fault.nodes, len(present))), key=lambda node: node.name):
        offset = core.seconds(*GROUP_S, "burst", cluster.name, node.name, fault.at)
        lose = partial(preempt, reported_after_s=fault.reported_after_s, stays=fault.stays)
        core.scheduler.after(offset, partial(lose, core, cluster, node, fault.notice_s))


def preempt(
    core: Core, cluster: Cluster, node: Node, notice_s: int = 0, *, reported_after_s: int = 0, stays: bool = False
) -> None:
    """Evict one machine. If the node's agent has enough time, it publishes a notice."""
    preemption = _Preemption(cluster, node, core.new_id_in("preempt"), reported_after_s, stays)
    if notice_s:
        _notice(core, preemption, notice_s)
    core.scheduler.after(timedelta(seconds=notice_s), partial(_lose, core, preemption))


def _notice(core: Core, preemption: _Preemption, notice_s: int) -> None:
    not_before = core.scheduler.now + timedelta(seconds=notice_s)
    data = {
        "node": preemption.node.name,
        "eventId": preemption.event_id.upper(),
        # The format that the instance metadata service uses.
        "notBefore": f"{not_before:%a, %d %b %Y %H:%M:%S} GMT",
    }
    core.journal.write(
        Kind.SPOT_NOTICE, preemption.cluster.name, preemption.node.pool, preemption.node.name, event=preemption.event_id
    )
    preemption.node.scheduled_event = "Preempt"
    preemption.cluster.touch(preemption.node)
    _publish(core, preemption, NOTICE, data, (None, preemption.node.name))


def _lose(core: Core, preemption: _Preemption) -> None:
    cluster, node = preemption.cluster, preemption.node
    if cluster.nodes.get(node.name) is not node:
        return
    core.journal.write(Kind.SPOT_EVICTED, cluster.name, node.pool, node.name, event=preemption.event_id)
    nodes.set_ready(core, cluster, node, ready=False)
    if not preemption.stays:
        core.scheduler.after(GONE_AFTER, partial(_gone, core, preemption))
    occurred = core.scheduler.now
    data, subject = _annotation(core, preemption, f"{occurred:%Y-%m-%dT%H:%M:%S.%f}0Z")
    key = (cluster.name, node.name, preemption.event_id)
    source = f"/subscriptions/{cluster.spec.subscription}"
    for copy in range(2 if core.chance(TWICE_PERCENT, "told-twice", *key) else 1):
        late = core.seconds(*NOTIFIED_AFTER_S, "told", copy, *key) + timedelta(seconds=preemption.reported_after_s)
        core.scheduler.after(late, partial(_publish, core, preemption, ANNOTATED, data, (source, subject)))


def _gone(core: Core, preemption: _Preemption) -> None:
    """Delete the machine. Only the cluster autoscaler replaces it, if the pool has one and no operation is running on the cluster."""
    cluster, node = preemption.cluster, preemption.node
    if cluster.nodes.get(node.name) is not node:
        return
    nodes.leave(core, cluster, node, nodes.INVOLUNTARY)
    pool = cluster.pools.get(node.pool or "")
    if pool is not None:
        pool.count = max(pool.count - 1, 0)
        pool.revision += 1
        if pool.spec.autoscaled:
            core.scheduler.after(SCALED_AFTER, partial(_replace, core, preemption))


def _replace(core: Core, preemption: _Preemption) -> None:
    cluster = preemption.cluster
    pool = cluster.pools[preemption.node.pool or ""]
    if cluster.power_state == "Running" and cluster.operation is None and pool.count < pool.spec.nodes:
        nodes.join(core, cluster, pool, pool.image)
        pool.count += 1
        pool.revision += 1


def _annotation(core: Core, preemption: _Preemption, occurred: str) -> tuple[Mapping[str, object], str]:
    """Return the event's data and subject. As in real events, spelling and case vary."""
    cluster, node = preemption.cluster, preemption.node
    machine = node.provider_id.removeprefix("azure://")
    variants = (machine, machine.replace("/resourceGroups/", "/resourcegroups/"), machine.lower(), machine.upper())
    machine = Random(f"{core.seed}/case/{preemption.event_id}").choice(variants)
    unset = core.chance(20, "unset-time", preemption.event_id)
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


def _publish(
    core: Core, preemption: _Preemption, kind: str, data: Mapping[str, object], place: tuple[str | None, str | None]
) -> None:
    source, subject = place
    identity = f"{kind}/{preemption.event_id}"
    core.events.append(
        Event(len(core.events), core.scheduler.now, kind, preemption.cluster.name, data, identity, source, subject)
    )
