"""The worlds for these tests, each with one small cluster whose window is open."""

from ops.model.workload import Pod
from tests.driving import IN_WINDOW, NIGHT, WEEK, AzureOperations, DrivenRun, manual_request, start
from tests.fakes import ALL_OPERATIONS, World, cluster, nodes_of, pool
from tests.in_memory_engine import Meanwhile

NODE = "aks-user1-1"


def world_in_window(*, stopped: bool = False, pools: int = 1) -> World:
    """A world with a cluster whose pools need a node image upgrade."""
    world = World()
    world.clock.at = IN_WINDOW
    world.clusters.put(cluster("shop-dev", *(pool(f"user{n}") for n in range(1, pools + 1)), running=not stopped))
    return world


def world_with_all_operations(*, env: str = "dev") -> World:
    """A world with a cluster that has three pods on one node, and a configuration that enables every operation."""
    world = World(config=ALL_OPERATIONS)
    world.clock.at = NIGHT
    only = cluster("shop-dev", pool("user1"), env=env, node_resource_group="MC_rg_shop-dev_westeurope")
    world.clusters.put(only)
    world.nodes.listed["shop-dev"] = nodes_of(only, boot_id="before")
    world.nodes.running["shop-dev"] = tuple(
        Pod("shop", f"web-{n}", f"u{n}", NODE, "Running", ready=True, owner_kind="ReplicaSet") for n in range(3)
    )
    return world


def upgrade(world: World, meanwhile: Meanwhile | None = None) -> DrivenRun:
    """Execute a node image upgrade that a person requested. By default Azure completes each operation on the third poll."""
    run = start(world, manual_request(world, period=WEEK))
    run.to_end(meanwhile or AzureOperations(world))
    return run
