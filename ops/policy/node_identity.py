"""Which machine of a cluster a node runs on, confirmed by Azure Resource Manager.

What an API server says about a node (provider id, labels, readiness, boot id, annotations) is the word of its cluster's
administrators. It acts on that cluster only: a node counts as a machine of the cluster only if ARM lists that machine.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ops.model.azure_names import azure_key
from ops.model.fleet import Cluster, Node, PoolMachines, Unknown
from ops.model.machine import ListedMachine, Machine, machine_of

_SHOWN = 200
_SETTLED_AFTER = timedelta(hours=1)
_MATCHED = object()


@dataclass(frozen=True, slots=True)
class ConfirmedMachine:
    """A machine that ARM lists for a pool of the node's own cluster. Only `match_nodes` creates it.

    `node` is the node's name, and `pool` the pool that ARM lists the machine for, whatever the node's labels say.
    """

    machine: Machine
    node: str
    pool: str
    matched: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.matched is not _MATCHED:
            raise TypeError("only ops.policy.node_identity confirms machines")


@dataclass(frozen=True, slots=True)
class NotConfirmed:
    """ARM does not list the node's machine for this cluster. `why` says what does not match.

    `foreign` means that it cannot be a machine of this cluster; otherwise ARM may list it later, or have listed it before.
    """

    why: str
    foreign: bool = True


type Match = ConfirmedMachine | NotConfirmed | Unknown


def match_nodes(cluster: Cluster, nodes: Sequence[Node], machines: Mapping[str, PoolMachines]) -> Mapping[str, Match]:
    """Returns, by node name, the machine that ARM lists for each node.

    It is Unknown if the machine was not found and the machines of a pool could not be read. A machine that several nodes
    name belongs to the one that has the machine's name, if any.
    """
    listed = {
        each.machine: (pool, each)
        for pool, found in machines.items()
        if not isinstance(found, Unknown)
        for each in found
    }
    unreadable = next((found for found in machines.values() if isinstance(found, Unknown)), None)
    claims = Counter(machine_of(node.provider_id) for node in nodes)
    return {node.name: _match(cluster, node, listed, claims, unreadable) for node in nodes}


def match_node(cluster: Cluster, node: Node, nodes: Sequence[Node], machines: Mapping[str, PoolMachines]) -> Match:
    """Returns the machine that ARM lists for one of the cluster's nodes."""
    return match_nodes(cluster, nodes, machines).get(
        node.name, NotConfirmed("the node no longer exists", foreign=False)
    )


def confirmed(matches: Mapping[str, Match]) -> Mapping[str, ConfirmedMachine]:
    """Returns the confirmed machines by node name."""
    return {name: match for name, match in matches.items() if isinstance(match, ConfirmedMachine)}


def strangers(
    cluster: Cluster, nodes: Sequence[Node], matches: Mapping[str, Match], now: datetime
) -> tuple[tuple[str, str], ...]:
    """Returns names and reasons of the nodes that say they belong to a pool of the cluster although ARM does not list their machine.

    A node that is new or not Ready is not one of them, unless its machine is foreign: ARM may not list it yet, or not anymore.
    """
    return tuple(
        (node.name, match.why)
        for node in nodes
        if isinstance(match := matches[node.name], NotConfirmed)
        and (pool := cluster.pool(node.pool)) is not None
        and not pool.unsupported
        and (match.foreign or _is_settled(node, now))
    )


def _is_settled(node: Node, now: datetime) -> bool:
    return node.ready and node.created is not None and now - node.created >= _SETTLED_AFTER


def _match(
    cluster: Cluster,
    node: Node,
    listed: Mapping[Machine, tuple[str, ListedMachine]],
    claims: Mapping[Machine | None, int],
    unreadable: Unknown | None,
) -> Match:
    machine = machine_of(node.provider_id)
    if machine is None:
        why = f"its provider ID does not name a virtual machine: {node.provider_id[:_SHOWN]!r}"
        return NotConfirmed(why, foreign=bool(node.provider_id))  # a new node has none for a moment
    foreign = _foreign(cluster, machine)
    if foreign:
        return NotConfirmed(f"its provider ID names a machine {foreign}: {node.provider_id[:_SHOWN]!r}")
    if not node.uid:
        return NotConfirmed("its API server reports no uid for it", foreign=False)
    found = listed.get(machine)
    if found is None:
        return unreadable or NotConfirmed(
            "Azure does not list its machine in a node pool of the cluster", foreign=False
        )
    pool, entry = found
    if claims[machine] > 1 and entry.name != azure_key(node.name):
        return NotConfirmed(f"its provider ID names the machine of another node, {entry.name}")
    return ConfirmedMachine(machine, node.name, pool, _MATCHED)


def _foreign(cluster: Cluster, machine: Machine) -> str:
    """Whether the machine is outside the cluster's subscription or node resource group; empty if it is inside."""
    if machine.subscription != azure_key(cluster.subscription):
        return "in another subscription"
    if machine.resource_group != azure_key(cluster.node_resource_group):
        return "outside the cluster's node resource group"
    return ""
