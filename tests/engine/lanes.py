"""One small cluster at night, with every operation configured, and a run of one of them on the double engine."""

from collections.abc import Callable
from datetime import UTC, datetime

from ops.engine.run_starter import start_run
from ops.model.run import Run
from ops.model.run_request import RunRequest
from ops.model.workload import Pod
from ops.tables.runs import runs
from tests.fakes import LANES, World, cluster, nodes_of, pool
from tests.in_memory_engine import Double

NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)
NODE = "aks-user1-1"


def world(*, env: str = "dev") -> World:
    by = World(config=LANES)
    by.clock.at = NIGHT
    only = cluster("shop-dev", pool("user1"), env=env, node_resource_group="MC_rg_shop-dev_westeurope")
    by.clusters.put(only)
    by.nodes.said["shop-dev"] = nodes_of(only, boot_id="before")
    by.nodes.running["shop-dev"] = tuple(
        Pod("shop", f"web-{n}", f"u{n}", NODE, "Running", ready=True, owner_kind="ReplicaSet") for n in range(3)
    )
    return by


def carry_out(by: World, runbook: str, meanwhile: Callable[[str], None]) -> Run:
    (only,) = by.clusters.fleet.values()
    run, _ = start_run(by.context, RunRequest(runbook, only.id, only.name, "m-1", by.clock.at, "http", "ana"))
    Double(by, meanwhile).run("operation", {"run": run.id})
    return runs(by.store).must_get(run.id).value
