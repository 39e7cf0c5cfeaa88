"""What is asked before a cordon, on the simulated API server and on a real one: the answer is the API server's, in its own words."""

from dataclasses import replace
from typing import cast

import pytest

from ops.model.outcome import Refused
from ops.model.plan import Step
from ops.model.run import StepRecord
from ops.verbs.contract import StepContext
from ops.verbs.eviction_check import refused_eviction
from ops.verbs.node_lookup import FoundNode
from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec
from tests.fakes import World, cluster
from tests.kubernetes.clusters import Cluster, Platform
from tests.kubernetes.port import adapter

SHOP_DEV = cluster("shop-dev")
FREE = (
    WorkloadSpec("shop", "cart", 4, PdbSpec(max_unavailable=1), starts_in_s=(1, 2)),
    WorkloadSpec("shop", "agent", kind=WorkloadKind.DAEMON_SET, starts_in_s=(1, 2)),
)
RIGID = WorkloadSpec("shop", "rigid", 2, PdbSpec(max_unavailable=0), starts_in_s=(1, 2))
TWICE = WorkloadSpec(
    "shop", "twice", 2, PdbSpec(max_unavailable=1, name="one"), budgets=(PdbSpec(max_unavailable=1, name="two"),)
)


def asked(of: Cluster) -> Refused | None:
    """Ask for every pod on the cluster's only node."""
    world, port = World(), adapter(of)
    nodes = tuple(node for node in port.nodes(SHOP_DEV) if node.pool == of.pool)
    step = Step("cordon.x", "cordon-node", "cordon", {"node": nodes[0].name, "run": "r"})
    ports = replace(world.context.ports, nodes=port)
    task = StepContext(SHOP_DEV.id, step, StepRecord("cordon.x", "cordon"), world.clock.at, ports)
    return refused_eviction(task, FoundNode(SHOP_DEV, nodes[0], nodes))


def test_pods_that_can_be_evicted_now_or_later_do_not_prevent_the_cordon(platform: Platform) -> None:
    with platform(1, *FREE) as on:
        of = cast("Cluster", on)
        before = [pod.metadata.uid for pod in of.pods("cart")]
        of.until("one may go", lambda: of.budget("cart").disruptions_allowed == 1)
        assert asked(of) is None
        assert [pod.metadata.uid for pod in of.pods("cart")] == before


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        (RIGID, "Cannot evict pod as it would violate the pod's disruption budget."),
        (TWICE, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."),
    ],
)
def test_a_pod_that_can_never_be_evicted_prevents_the_cordon(
    platform: Platform, workload: WorkloadSpec, words: str
) -> None:
    with platform(1, workload) as on:
        of = cast("Cluster", on)
        name = next(iter(workload.all_budgets))[0]
        of.until("its pods are healthy", lambda: of.budget(name).current_healthy == 2)
        refused = asked(of)
        assert refused is not None
        assert (refused.lasting, refused.subject) == (True, of.nodes()[0].metadata.name)
        assert words in refused.cause
        assert len(of.pods(workload.name)) == 2
