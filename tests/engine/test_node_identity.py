"""A step on a node knows it by its uid, acts only while the run's cordon is set, and restarts only a machine that ARM lists."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ops.model.fleet import CORDON_STAMP, Node
from ops.model.run import Run, State
from ops.model.workload import Pod
from ops.ports.errors import DeniedError, NotFoundError, OutsideError, TryLaterError
from ops.ports.kubernetes import EvictionResult
from ops.tables.runs import runs
from tests.driving import WEEK, AzureOperations, AzureRestarts, DrivenRun, manual_request, start
from tests.engine.worlds import NODE, upgrade, world_in_window, world_with_all_operations
from tests.fakes import NEW, OLD, World, cluster, nodes_of, pool
from tests.in_memory_engine import Meanwhile

REQUIRED = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}
FOREIGN = nodes_of(cluster("shop-prod"))[1].provider_id


def world_with_required_reboot() -> World:
    world = world_with_all_operations()
    world.nodes.change(NODE, annotations=REQUIRED)
    return world


def with_an_invented_node(real: int) -> tuple[Node, ...]:
    """As many real nodes with the new image, and one that anyone with rights in the cluster can register."""
    nodes = nodes_of(cluster("shop-dev", pool(image=NEW)))
    return (*nodes[:real], replace(nodes[0], name="invented", uid="invented", provider_id=""))


def reboot(world: World, meanwhile: Meanwhile | None = None) -> Run:
    return start(world, manual_request(world, "reboot")).to_end(meanwhile)


def before(step: str, run: DrivenRun, act: Callable[[], None]) -> Meanwhile:
    """Act once, right before the step begins."""
    done: list[str] = []

    def meanwhile(activity: str) -> None:
        following = next((each.id for each in run.record.steps if each.state.value == "planned"), "")
        if activity == "begin" and following.startswith(step) and not done:
            done.append(step)
            act()

    return meanwhile


def act_before(step: str, world: World, **changes: object) -> Run:
    run = start(world, manual_request(world, "reboot"))
    return run.to_end(before(step, run, lambda: world.nodes.change(NODE, **changes)))


class TestUncordoned:
    """Someone uncordons the node while it is drained or before it is restarted."""

    def test_a_drain_stops_and_says_why(self) -> None:
        world = world_with_required_reboot()
        world.nodes.answers = {f"web-{n}": EvictionResult("blocked", "PDB shop/web") for n in range(3)}

        def meanwhile(activity: str) -> None:
            if activity == "poll":
                world.nodes.change(NODE, unschedulable=False)

        run = reboot(world, meanwhile)
        assert (run.state, run.code) == (State.FAILED, "Uncordoned")
        assert run.why.endswith(f"{NODE} was uncordoned by someone else")
        assert len(world.nodes.evicted) == 3, "only the first round asked"
        assert (world.machines.restarted, world.nodes.marks[0]) == ([], f"cordon {NODE}")

    def test_a_node_whose_cordon_another_run_has_taken_over_is_not_restarted(self) -> None:
        world = world_with_required_reboot()
        run = act_before("restart.", world, annotations={**REQUIRED, CORDON_STAMP: "another"})
        assert (run.state, run.code, world.machines.restarted) == (State.FAILED, "Uncordoned", [])
        assert run.why.endswith(f"the cordon of {NODE} is not the one that this run has set")

    def test_a_node_that_was_uncordoned_after_the_drain_is_not_restarted(self) -> None:
        world = world_with_required_reboot()
        run = act_before("restart.", world, unschedulable=False)
        assert (run.state, run.code, world.machines.restarted) == (State.FAILED, "Uncordoned", [])

    def test_a_node_on_which_a_pod_was_placed_after_the_drain_is_not_restarted(self) -> None:
        world = world_with_required_reboot()
        late = Pod("shop", "late", "u9", NODE, "Running", ready=True, owner_kind="ReplicaSet")
        run = start(world, manual_request(world, "reboot"))

        def place() -> None:
            world.nodes.running["shop-dev"] = (late,)

        ended = run.to_end(before("restart.", run, place))
        assert (ended.state, ended.code, world.machines.restarted) == (State.FAILED, "PodComesBack", [])
        assert "late" not in world.nodes.evicted


class TestReplaced:
    """Another node is registered under the same name."""

    def test_its_pods_are_not_evicted_and_it_is_not_restarted(self) -> None:
        world = world_with_required_reboot()
        run = act_before("drain.", world, uid="another", annotations={})
        assert run.state is State.DONE
        assert (world.nodes.evicted, world.machines.restarted) == ([], [])
        assert world.nodes.marks == [f"cordon {NODE}"], "the other node is not uncordoned either"

    def test_a_plan_by_an_earlier_version_that_does_not_name_the_node_is_not_executed(self) -> None:
        world = world_with_required_reboot()
        run = start(world, manual_request(world, "reboot"))
        run.to_first_step()
        table = runs(world.store)
        stored = table.must_get(run.id)
        plan = stored.value.plan
        assert plan is not None
        old = tuple(
            replace(step, params={key: value for key, value in step.params.items() if key != "uid"})
            for step in plan.steps
        )
        table.replace(stored, replace(stored.value, plan=replace(plan, steps=old)))
        for step in old:
            run.call("begin", step.id)
        assert (world.machines.restarted, len(world.nodes.evicted)) == ([], 3)


class TestMachine:
    """What is restarted is decided by ARM, in the same attempt."""

    def test_a_node_that_names_another_clusters_machine_meanwhile_is_not_restarted(self) -> None:
        world = world_with_required_reboot()
        run = act_before("restart.", world, provider_id=FOREIGN)
        assert (run.state, run.code, world.machines.restarted) == (State.FAILED, "NotConfirmed", [])
        assert f"{NODE} is not restarted: its provider ID names a machine outside" in run.why
        assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]

    def test_a_run_without_permission_to_list_the_machines_fails_and_names_the_role(self) -> None:
        world = world_with_required_reboot()
        run = start(world, manual_request(world, "reboot"))

        def revoke() -> None:
            world.clusters.refuse_machines = DeniedError("listing the machines: 403")

        ended = run.to_end(before("restart.", run, revoke))
        assert (ended.state, ended.code, world.machines.restarted) == (State.FAILED, "Denied", [])

    def test_a_throttled_list_of_machines_delays_the_restart(self) -> None:
        world = world_with_required_reboot()
        run = start(world, manual_request(world, "reboot"))
        restarts = AzureRestarts(world)
        calls: list[str] = []

        def meanwhile(activity: str) -> None:
            restarts(activity)
            calls.append(activity)
            began = [each for each in run.record.steps if each.id.startswith("restart.")]
            throttled = activity == "begin" and bool(began) and calls.count("begin") <= 4
            world.clusters.refuse_machines = TryLaterError("429", 30) if throttled else None

        ended = run.to_end(meanwhile)
        assert (ended.state, world.machines.restarted) == (State.DONE, [NODE])

    @pytest.mark.parametrize("error", [NotFoundError("there is no pool user2"), TryLaterError("429", 30)])
    def test_another_pool_that_was_deleted_or_cannot_be_read_does_not_stop_the_restart(
        self, error: OutsideError
    ) -> None:
        world = world_with_required_reboot()
        only = world.clusters.only
        world.clusters.put(replace(only, pools=(*only.pools, pool("user2"))))
        run = start(world, manual_request(world, "reboot"))
        restarts = AzureRestarts(world)

        def refuse() -> None:
            world.clusters.refuse_pools[only.id, "user2"] = error

        refuse_once = before("restart.", run, refuse)

        def meanwhile(activity: str) -> None:
            restarts(activity)
            refuse_once(activity)

        ended = run.to_end(meanwhile)
        assert (ended.state, world.machines.restarted) == (State.DONE, [NODE])
        assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]

    def test_the_evidence_says_so_if_only_the_api_server_confirms_the_restart(self) -> None:
        world = world_with_required_reboot()

        def meanwhile(activity: str) -> None:
            if activity == "begin" and len(world.nodes.marks) and not world.nodes.running["shop-dev"]:
                world.nodes.change(NODE, boot_id="after", annotations={CORDON_STAMP: run.id})

        run = start(world, manual_request(world, "reboot"))
        ended = run.to_end(meanwhile)
        assert ended.finished[2].evidence == (
            f"{NODE} has rebooted and is Ready; only its API server confirms this: Azure's answer to the request was lost"
        )
        assert world.machines.restarted == []


class TestUpgrade:
    """Labels alone do not verify an upgrade."""

    def test_labels_that_azure_does_not_confirm_do_not_replace_the_upgrade(self) -> None:
        world = world_in_window()
        world.nodes.listed["shop-dev"] = nodes_of(cluster("shop-dev", pool(image=NEW)))
        run = upgrade(world).record
        assert (run.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])

    def test_an_upgrade_is_not_verified_if_azure_reports_another_image_for_the_pool(self) -> None:
        world = world_in_window()

        def meanwhile(activity: str) -> None:
            if activity == "poll":
                world.nodes.listed["shop-dev"] = nodes_of(cluster("shop-dev", pool(image=NEW)))
                world.clusters.end(world.clusters.only.id, image=OLD)

        run = upgrade(world, meanwhile).record
        assert (run.state, run.code) == (State.FAILED, "NotVerified")
        assert run.why.endswith(f"its nodes are labeled 202611.05.0, but Azure reports {OLD} for the pool")

    def test_an_invented_node_does_not_take_the_place_of_a_missing_one(self) -> None:
        world = world_in_window()

        def meanwhile(activity: str) -> None:
            if activity == "poll":
                world.nodes.listed["shop-dev"] = with_an_invented_node(2)
                world.clusters.end(world.clusters.only.id, image=NEW)

        run = upgrade(world, meanwhile).record
        assert (run.state, run.code) == (State.FAILED, "NotVerified")
        assert run.why.endswith("only 2 of 3 nodes are registered")

    def test_an_invented_node_does_not_make_an_upgrade_unnecessary(self) -> None:
        world = world_in_window()
        run = start(world, manual_request(world, period=WEEK))
        operations = AzureOperations(world)

        def meanwhile(activity: str) -> None:
            if activity == "begin" and not world.clusters.begun:
                world.clusters.put(cluster("shop-dev", pool(image=NEW)))
                world.nodes.listed["shop-dev"] = with_an_invented_node(2)
            if activity == "poll":
                world.nodes.listed.clear()
            operations(activity)

        ended = run.to_end(meanwhile)
        assert (ended.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])

    def test_an_invented_node_does_not_fail_the_upgrade_of_an_empty_pool(self) -> None:
        world = world_in_window()

        def meanwhile(activity: str) -> None:
            if activity == "poll":
                world.clusters.end(world.clusters.only.id, image=NEW)
                (user,) = world.clusters.only.pools
                world.clusters.put(replace(world.clusters.only, pools=(replace(user, count=0),)))
                world.nodes.listed["shop-dev"] = with_an_invented_node(0)

        run = upgrade(world, meanwhile).record
        assert (run.state, run.finished[0].evidence) == (State.DONE, "the pool has no nodes and is set to 202611.05.0")

    def test_an_upgrade_is_not_verified_by_labels_if_arm_refuses_to_list_the_machines(self) -> None:
        world = world_in_window()
        operations = AzureOperations(world)

        def meanwhile(activity: str) -> None:
            operations(activity)
            if activity == "verify":
                world.clusters.refuse_machines = DeniedError("listing the machines: 403")

        run = upgrade(world, meanwhile).record
        assert (run.state, run.code) == (State.FAILED, "NotVerified")
        assert run.why.endswith("its nodes or machines could not be read: listing the machines: 403")

    def test_an_upgrade_is_not_verified_while_nodes_are_missing(self) -> None:
        world = world_in_window()

        def meanwhile(activity: str) -> None:
            if activity == "poll":
                world.nodes.listed["shop-dev"] = nodes_of(cluster("shop-dev", pool(image=NEW)))[:2]
                world.clusters.end(world.clusters.only.id, image=NEW)

        run = upgrade(world, meanwhile).record
        assert (run.state, run.code) == (State.FAILED, "NotVerified")
        assert run.why.endswith("only 2 of 3 nodes are registered")
