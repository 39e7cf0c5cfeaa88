"""Nodes of node auto-provisioning are shown in the plan and in decisions, and nothing is done with them."""

from dataclasses import replace

from ops.engine.activities.assess import decide_now
from ops.engine.preview import PoolPreview, behind_counted, preview_pools, preview_run
from ops.model.auto_provisioning import AutoProvisioning, NodeClaim, NodeClass
from ops.model.fleet import Node
from ops.ports.errors import DeniedError
from ops.render.commands import decision_text
from tests.driving import manual_request, start
from tests.engine.worlds import upgrade, world_in_window, world_with_all_operations
from tests.fakes import NEW, OLD, World, nodes_of

PROVISIONED = Node("aks-default-a", "", OLD, ready=True, provisioner="default", uid="a")
HOSTED = Node("aks-hostedpool-1-vms0", "", OLD, ready=True, uid="h")
KNOWN = AutoProvisioning(
    (NodeClaim("default-a", "aks-default-a", "default", OLD, "ImageDrift"),), (NodeClass("default", (NEW,)),)
)
LINE = "1 node by node labels, not confirmed by ARM: 202610.29.0"


def world_with_provisioned_nodes(*, known: AutoProvisioning | None = KNOWN) -> World:
    world = world_in_window()
    only = world.clusters.only
    world.nodes.listed[only.name] = (*nodes_of(only), PROVISIONED, HOSTED)
    if known is not None:
        world.nodes.provisioned[only.name] = known
    return world


def unlisted(world: World) -> list[PoolPreview]:
    pools = preview_pools(world.context, world.settings, [world.clusters.only], world.clock.at)
    assert behind_counted(pools) == "1 of 1 pools are behind; 2 could not be compared"
    return [pool for pool in pools if pool.pool != "user1"]


def test_the_plan_shows_what_becomes_of_nodes_that_azure_does_not_list() -> None:
    shown = [(pool.pool, pool.behind_days, pool.next) for pool in unlisted(world_with_provisioned_nodes())]
    assert shown == [
        ("default", None, f"{LINE}; 1 being replaced (ImageDrift): aks-default-a"),
        ("managed system pool", None, f"{LINE}; AKS replaces them"),
    ]


def test_claims_that_may_not_be_listed_are_unknown_and_hold_nothing_up() -> None:
    world = world_with_provisioned_nodes()
    world.nodes.refuse["auto_provisioning"] = DeniedError(
        "listing the NodeClaims of shop-dev: Forbidden: no ClusterRole"
    )
    assert unlisted(world)[0].next.endswith("is unknown: listing the NodeClaims of shop-dev: Forbidden: no ClusterRole")
    upgrade(world)
    assert world.clusters.begun == ["upgrade user1"]


def test_the_claims_of_clusters_without_such_nodes_are_not_listed() -> None:
    world = world_in_window()
    asked: list[object] = []
    world.nodes.auto_provisioning = asked.append  # type: ignore[method-assign, assignment]  # records who asks
    upgrade(world)
    assert (asked, world.clusters.begun) == ([], ["upgrade user1"])


def test_why_says_what_node_auto_provisioning_does() -> None:
    world = world_with_provisioned_nodes()
    only = replace(world.clusters.only, automatic=True, pools=())
    world.clusters.put(only)
    world.nodes.listed[only.name] = (PROVISIONED, HOSTED)
    decision, _ = decide_now(
        world.context, preview_run(only, world.clock.at, "node-image"), world.settings, world.clock.at
    )
    assert decision_text(decision).endswith(
        f"no image was compared; default: {LINE}; 1 being replaced (ImageDrift): aks-default-a; "
        f"managed system pool: {LINE}; AKS replaces them"
    )


def test_such_a_node_that_requires_a_reboot_is_left_alone() -> None:
    world = world_with_all_operations()
    required = {"daytwo.dev/reboot-required": "x"}
    world.nodes.listed["shop-dev"] = (replace(PROVISIONED, annotations=required), replace(HOSTED, annotations=required))
    run = start(world, manual_request(world, "reboot")).to_end()
    assert [(skip.what, skip.code) for skip in run.skips] == [
        ("aks-default-a", "node-auto-provisioning"),
        ("aks-hostedpool-1-vms0", "not-confirmed"),
    ]
    assert (world.nodes.marks, world.nodes.evicted, world.machines.restarted) == ([], [], [])
