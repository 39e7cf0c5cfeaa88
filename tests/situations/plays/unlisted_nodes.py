"""Nodes that Azure Resource Manager does not list: node auto-provisioning and managed system pools."""

from dataclasses import replace

from ops.engine.activities.assess import decide_now
from ops.engine.preview import preview_pools, preview_run
from ops.model.auto_provisioning import AutoProvisioning, NodeClaim, NodeClass
from ops.model.fleet import Node
from ops.ports.errors import DeniedError
from ops.render.commands import decision_text
from tests.driving import manual_request, start
from tests.engine.worlds import upgrade, world_in_window, world_with_all_operations
from tests.fakes import NEW, OLD, World, nodes_of
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_PROVISIONED = Node("aks-default-a", "", OLD, ready=True, provisioner="default", uid="a")
_NOT_READY = replace(_PROVISIONED, name="aks-default-b", uid="b", ready=False)
_HOSTED = Node("aks-hostedpool-1-vms0", "", OLD, ready=True, uid="h")
_CLASSES = (NodeClass("default", (NEW,)),)


def _claim(node: Node, drift: str = "") -> NodeClaim:
    return NodeClaim(node.name.removeprefix("aks-"), node.name, "default", node.image_label, drift)


def _automatic() -> World:
    """An AKS Automatic cluster with managed system pools and two provisioned nodes, of which Azure lists nothing."""
    world = world_in_window()
    only = replace(world.clusters.only, automatic=True, node_auto_provisioning=True, pools=())
    world.clusters.put(only)
    world.nodes.listed[only.name] = (_PROVISIONED, _NOT_READY, _HOSTED)
    return world


def _explained(world: World) -> Observed:
    """What `why` says about node images."""
    only, now = world.clusters.only, world.clock.at
    decision, _ = decide_now(world.context, preview_run(only, now, "node-image"), world.settings, now)
    return observe(world, says=[f"why: {decision_text(decision)}"])


@situation(
    "AKS Automatic with managed system pools, and node auto-provisioning that replaces a node",
    Kind.CLUSTERS,
    reported=True,
)
def automatic() -> Observed:
    world = _automatic()
    claims = (_claim(_PROVISIONED, "ImageDrift"), _claim(_NOT_READY))
    world.nodes.provisioned["shop-dev"] = AutoProvisioning(claims, _CLASSES)
    upgrade(world)
    assert world.clusters.asked == []
    seen = _explained(world)
    assert "every node" not in str(seen.says)
    return seen


@situation("The NodeClaims of a cluster cannot be read for lack of a role", Kind.MISSING)
def claims_denied() -> Observed:
    world = _automatic()
    world.nodes.refuse["auto_provisioning"] = DeniedError("listing the NodeClaims of shop-dev: Forbidden")
    seen = _explained(world)
    assert "is unknown: listing the NodeClaims" in str(seen.says)
    return seen


@situation("A cluster has ordinary pools and node auto-provisioning together", Kind.CLUSTERS)
def mixed() -> Observed:
    world = world_in_window()
    only = world.clusters.only
    world.nodes.listed[only.name] = (*nodes_of(only), _PROVISIONED)
    world.nodes.provisioned[only.name] = AutoProvisioning((_claim(_PROVISIONED),), _CLASSES)
    pools = preview_pools(world.context, world.settings, [only], world.clock.at)
    return observe(world, says=[f"plan: {pool.pool}: {pool.next}" for pool in pools])


@situation("Nodes of node auto-provisioning and of a managed system pool require a reboot", Kind.CLUSTERS)
def reboot_required() -> Observed:
    world = world_with_all_operations()
    required = {"daytwo.dev/reboot-required": "x"}
    world.nodes.listed["shop-dev"] = tuple(replace(node, annotations=required) for node in (_PROVISIONED, _HOSTED))
    start(world, manual_request(world, "reboot")).to_end()
    assert (world.nodes.marks, world.machines.restarted) == ([], [])
    return observe(world)
