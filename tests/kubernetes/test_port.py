"""The contract for the Kubernetes port. Its adapter is tested on the simulated API server and on a real one."""

from dataclasses import replace
from typing import cast

import pytest

from ops.model.fleet import CORDON_STAMP, Node
from ops.model.workload import Pod
from ops.ports.errors import BusyError
from ops.ports.kubernetes import EvictionResult
from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec
from tests.fakes import cluster
from tests.kubernetes.clusters import Cluster, Platform
from tests.kubernetes.port import adapter

SHOP_DEV = cluster("shop-dev")
CART = WorkloadSpec("shop", "cart", 4, PdbSpec(max_unavailable=1), starts_in_s=(1, 2))
RIGID = WorkloadSpec("shop", "rigid", 2, PdbSpec(max_unavailable=0), starts_in_s=(1, 2))
TWICE = WorkloadSpec(
    "shop", "twice", 2, PdbSpec(max_unavailable=1, name="one"), budgets=(PdbSpec(max_unavailable=1, name="two"),)
)
AGENT = WorkloadSpec("shop", "agent", kind=WorkloadKind.DAEMON_SET, starts_in_s=(1, 2))


def pods_of(of: Cluster, app: str) -> list[Pod]:
    every = adapter(of).pods(SHOP_DEV)
    return sorted(
        (pod for pod in every if pod.namespace == of.namespace and pod.labels.get("app") == app),
        key=lambda pod: pod.name,
    )


def test_nodes_are_read_with_their_boot_id_and_readiness(platform: Platform) -> None:
    with platform(2) as on:
        of = cast("Cluster", on)
        mine = [node for node in adapter(of).nodes(SHOP_DEV) if node.pool == of.pool]
        assert [(node.ready, node.unschedulable, bool(node.boot_id)) for node in mine] == [(True, False, True)] * 2


def test_a_cordon_and_its_annotation_are_set_and_removed_together(platform: Platform) -> None:
    with platform(1) as on:
        of = cast("Cluster", on)
        port, name = adapter(of), of.nodes()[0].metadata.name

        def node() -> Node:
            (found,) = (each for each in port.nodes(SHOP_DEV) if each.name == name)
            return found

        def seen() -> tuple[bool, str | None]:
            return node().unschedulable, node().annotations.get(CORDON_STAMP)

        port.mark(SHOP_DEV, node(), unschedulable=True, annotations={CORDON_STAMP: "run-1"})
        assert seen() == (True, "run-1")
        port.mark(SHOP_DEV, node(), unschedulable=False, annotations={CORDON_STAMP: None})
        assert seen() == (False, None)
        other = replace(node(), uid="00000000-0000-0000-0000-000000000000")
        with pytest.raises(BusyError):
            port.mark(SHOP_DEV, other, unschedulable=True, annotations={CORDON_STAMP: "run-1"})
        assert seen() == (False, None)


def test_pods_have_the_fields_that_a_drain_needs(platform: Platform) -> None:
    with platform(2, CART, AGENT) as on:
        of = cast("Cluster", on)
        assert [(pod.ready, pod.stays, pod.owner_kind) for pod in pods_of(of, "cart")] == [
            (True, False, "ReplicaSet")
        ] * 4
        assert {(pod.stays, pod.owner_kind) for pod in pods_of(of, "agent")} == {(True, "DaemonSet")}
        node = pods_of(of, "cart")[0].node
        assert {pod.node for pod in adapter(of).pods(SHOP_DEV, node)} == {node}


def test_budgets_distinguish_temporary_from_permanent_blocks(platform: Platform) -> None:
    with platform(2, CART, RIGID) as on:
        of = cast("Cluster", on)
        of.until("both are accounted for", lambda: of.budget("cart").disruptions_allowed == 1)
        mine = {budget.name: budget for budget in adapter(of).budgets(SHOP_DEV) if budget.namespace == of.namespace}
        assert (mine["cart"].never_allows, mine["rigid"].never_allows) == (False, True)
        assert mine["cart"].covers(pods_of(of, "cart")[0])
        assert not mine["cart"].covers(pods_of(of, "rigid")[0])


def test_a_dry_run_has_the_results_of_the_eviction_and_evicts_nothing(platform: Platform) -> None:
    with platform(2, CART, RIGID, TWICE) as on:
        of = cast("Cluster", on)
        of.until("the cart's budget is accounted for", lambda: of.budget("cart").disruptions_allowed == 1)
        of.until("the pods of the rigid budget are healthy", lambda: of.budget("rigid").current_healthy == 2)
        port, carts = adapter(of), pods_of(of, "cart")
        assert [port.would_evict(SHOP_DEV, pod) for pod in carts] == [EvictionResult("evicted")] * 4
        blocked = port.would_evict(SHOP_DEV, pods_of(of, "rigid")[0])
        assert blocked.kind == "blocked"
        assert "rigid" in blocked.why
        assert port.would_evict(SHOP_DEV, pods_of(of, "twice")[0]).kind == "several"
        assert port.would_evict(SHOP_DEV, replace(carts[0], name="unknown")).kind == "gone"
        assert [pod.uid for pod in pods_of(of, "cart")] == [pod.uid for pod in carts]
        assert of.budget("cart").disruptions_allowed == 1


def test_an_eviction_has_one_of_four_results(platform: Platform) -> None:
    with platform(2, CART, RIGID, TWICE) as on:
        of = cast("Cluster", on)
        of.until("the cart's budget is accounted for", lambda: of.budget("cart").disruptions_allowed == 1)
        port, (first, *_) = adapter(of), pods_of(of, "cart")
        assert port.evict(SHOP_DEV, first) == EvictionResult("evicted")
        assert port.evict(SHOP_DEV, replace(first, name="unknown")).kind == "gone"
        blocked = port.evict(SHOP_DEV, pods_of(of, "rigid")[0])
        assert blocked.kind == "blocked"
        assert "rigid" in blocked.why
        assert port.evict(SHOP_DEV, pods_of(of, "twice")[0]).kind == "several"
        # This comes last, because a real server uses up the budget before it checks the uid.
        of.until("another may go", lambda: of.budget("cart").disruptions_allowed == 1)
        other = replace(pods_of(of, "cart")[0], uid="00000000-0000-0000-0000-000000000000")
        assert port.evict(SHOP_DEV, other).kind == "gone"


def test_a_cluster_without_karpenters_definitions_has_no_auto_provisioning(platform: Platform) -> None:
    with platform(1) as on:
        assert adapter(cast("Cluster", on)).auto_provisioning(SHOP_DEV) is None
