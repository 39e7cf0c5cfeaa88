"""Creates a cluster's workloads when the world starts."""

from simulator.world import pods
from simulator.world.budgets import build_budgets
from simulator.world.core import Core
from simulator.world.kube import RUNS_ONCE, Workload
from simulator.world.state import Cluster


def populate(core: Core, cluster: Cluster) -> None:
    """Create a cluster's workloads and budgets. If the cluster is running, their pods are Ready from the start."""
    for spec in cluster.spec.workloads:
        uid, template = core.new_id_in("workload"), core.new_id_in("template")
        workload = Workload(spec, uid, core.scheduler.now, template.replace("-", "")[:9])
        cluster.kube.workloads.append(workload)
        build_budgets(core, cluster, workload)
        if cluster.power_state == "Running" and spec.kind in RUNS_ONCE:
            for index in range(spec.replicas):
                pods.create(core, cluster, workload, index)
    pods.reconcile(core, cluster, at_once=True)
    for pod in cluster.kube.pods.values():
        began = pod.workload.spec.terminating_for
        if began is not None:
            pod.deleted = core.scheduler.now - began
