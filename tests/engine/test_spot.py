"""Eviction notices become one record per node and one run per group of evictions."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.adapters.azure_clusters import AzureClusters
from ops.endpoints.event_grid import take_event
from ops.facts.fleet import list_fleet
from ops.model.arm_actions import ASK_API_SERVER
from ops.model.run import Run, State
from ops.model.tags import AcceptedTags
from ops.model.wording import instant
from ops.model.workload import Pod
from ops.ports.errors import TryLaterError, UnreachableError
from ops.ports.kubernetes import EvictionResult
from ops.tables.accepted_tags import accepted_tags
from ops.tables.base import store_key
from ops.tables.evictions import evictions
from ops.tables.runs import runs
from ops.verbs import verbs
from tests.driving import DrivenRun
from tests.engine.worlds import world_with_all_operations
from tests.fakes import World, cluster, nodes_of, pool

SOURCE = cluster("shop-dev").id
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets/aks-spot-12345678-vmss"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mc_rg_shop-dev_westeurope"
VM = f"{GROUP}/providers/{SCALE_SET}/virtualMachines/"


def world_with_spot_pool() -> World:
    world = world_with_all_operations()
    only = world.clusters.only
    names = [f"aks-spot-12345678-vmss00000{n}" for n in range(3)]
    world.clusters.put(replace(only, pools=(*only.pools, pool("spot", spot=True))))
    world.nodes.listed["shop-dev"] += tuple(replace(nodes_of(only)[0], name=name, pool="spot") for name in names)
    world.nodes.running["shop-dev"] = (Pod("shop", "job-1", "j1", names[1], "Running", ready=True, owner_kind="Job"),)
    return world


def notice(node: int, number: int, time: str | None = None) -> dict[str, object]:
    return ({"time": time} if time else {}) | {
        "specversion": "1.0",
        "id": str(number),
        "type": "daytwo.spot.notice",
        "source": SOURCE,
        "subject": "x",
        "data": {"node": f"aks-spot-12345678-vmss00000{node}"},
    }


def annotated(node: int, number: int, occurred: str = "0001-01-01T00:00:00Z") -> dict[str, object]:
    return {
        "id": str(number),
        "eventType": "Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated",
        "topic": "/subscriptions/0",
        "subject": "x",
        "data": {
            "resourceInfo": {
                "properties": {
                    "targetResourceId": f"{VM}{node}",
                    "annotationName": "VirtualMachinePreempted",
                    "occurredTime": occurred,
                }
            }
        },
    }


def test_a_notice_and_an_annotation_for_one_node_count_as_one_eviction_in_either_order() -> None:
    for order in ([0, 1], [1, 0], [0, 0, 1, 1]):
        world = world_with_spot_pool()
        events = [notice(1, 1), annotated(1, 2)]
        for index in order:
            take_event(world.context, events[index])
        assert len(list(world.store.scan("eviction"))) == 1
        assert len(world.engine.started) == 1


def test_evictions_in_a_pool_within_ten_minutes_share_a_run_and_a_later_eviction_starts_a_new_run() -> None:
    world = world_with_spot_pool()
    for number, node in enumerate((0, 1, 2)):
        take_event(world.context, notice(node, number))
        world.clock.advance(seconds=40)
    world.clock.advance(minutes=12)
    assert len(world.engine.started) == 1
    take_event(world.context, notice(4, 9))
    assert len(world.engine.started) == 2


def test_a_node_that_still_exists_is_drained_and_its_eviction_is_confirmed() -> None:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1))
    run_id = world.engine.started[0].split()[1]

    def meanwhile(name: str) -> None:
        if name == "conclude":
            world.nodes.listed["shop-dev"] = tuple(
                n for n in world.nodes.listed["shop-dev"] if not n.name.endswith("1") or n.pool != "spot"
            )

    run = DrivenRun(world, run_id).to_end(meanwhile)
    assert world.nodes.evicted == ["job-1"]
    assert (run.state, run.headline) == (State.DONE, "1 spot node evicted")
    assert "1 of 1 nodes are gone" in run.lines
    assert world.chat.posts == 1


def test_an_eviction_is_handled_while_a_change_of_the_clusters_tags_is_held() -> None:
    world = world_with_spot_pool()
    accepted_tags(world.store).insert(store_key(SOURCE), AcceptedTags({"env": "prod"}, "", world.clock.at))
    (held,) = list_fleet(world.context.ports, world.settings)
    assert held.held_tags is not None
    take_event(world.context, notice(1, 1))
    (started,) = world.engine.started
    DrivenRun(world, started.split()[1]).to_end()
    assert world.nodes.evicted == ["job-1"]


def test_a_node_is_uncordoned_after_a_false_alarm() -> None:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1))
    run_id = world.engine.started[0].split()[1]
    run = DrivenRun(world, run_id).to_end()
    node = "aks-spot-12345678-vmss000001"
    assert world.nodes.marks == [f"cordon {node}", f"uncordon {node}"]
    assert f"{node} still exists and is Ready: a false alarm, or its machine has come back" in run.lines


OTHER = SOURCE.replace("00000000-0000", "99999999-0000")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"source": OTHER},
            f"an eviction does not concern the fleet: its source is not in a configured subscription: {OTHER!r}",
        ),
        ({"source": ""}, "an eviction does not concern the fleet: its source is not in a configured subscription: ''"),
        (
            {"data": {"node": "aks-user1-12345678-vmss000001"}},
            (
                "an eviction does not concern the fleet: aks-user1-12345678-vmss000001 does not belong to a spot pool of shop-dev, "
                "so Azure does not evict it"
            ),
        ),
        (
            {"data": {"node": "aks-other-12345678-vmss000001"}},
            (
                "an eviction does not concern the fleet: aks-other-12345678-vmss000001 does not belong to a spot pool of shop-dev, "
                "so Azure does not evict it"
            ),
        ),
        (
            {"data": {"node": "shop-db-0"}},
            (
                "an eviction does not concern the fleet: shop-db-0 does not belong to a spot pool of shop-dev, "
                "so Azure does not evict it"
            ),
        ),
    ],
)
def test_a_notice_that_does_not_concern_the_fleet_is_recorded_once_without_starting_a_run(
    change: dict[str, object], why: str
) -> None:
    world = world_with_spot_pool()
    world.clusters.put(replace(cluster("shop-dev"), id=OTHER, pools=(pool("spot", spot=True),)))
    for _ in range(2):
        take_event(world.context, notice(1, 1) | change)
    assert world.engine.started == []
    assert [entry.text for entry in world.ledger.written.values()] == [why]


def test_a_spot_node_with_windows_is_known_by_its_own_kind_of_name() -> None:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1) | {"data": {"node": "AKSSPOT00000A"}})
    take_event(world.context, windows_annotation())
    (eviction,) = evictions(world.store).scan()
    assert (eviction.value.node, eviction.value.pool, eviction.value.confirmed) == ("aksspot00000a", "spot", True)


def windows_annotation() -> dict[str, object]:
    """Azure's report about instance 10 of the scale set of a Windows pool."""
    found = annotated(10, 2)
    text = json.dumps(found).replace("aks-spot-12345678-vmss", "aksspot")
    changed: dict[str, object] = json.loads(text)
    return changed


@pytest.mark.parametrize("node", ["", "a b", "x" * 300, "-", "aks-spot-1-vmss000001\n"])
def test_what_is_not_a_name_of_a_node_is_only_recorded(node: str) -> None:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1) | {"data": {"node": node}})
    assert world.engine.started == []
    (entry,) = world.ledger.written.values()
    assert entry.text.startswith("an eviction does not concern the fleet: it does not name a node: ")


def test_an_event_from_a_fleet_resource_other_than_a_cluster_is_recorded_and_not_redelivered_forever() -> None:
    world = world_with_spot_pool()
    real = AzureClusters(object())  # type: ignore[arg-type]  # it refuses before it needs a credential
    context = replace(world.context, ports=replace(world.context.ports, clusters=real))
    source = "/subscriptions/00000000-0000-0000-0000-000000000000/x"
    take_event(context, notice(1, 1) | {"source": source})
    (entry,) = world.ledger.written.values()
    assert (
        entry.text
        == f"an eviction does not concern the fleet: its source is not a cluster: {source!r}: {source} is not the id of a managed cluster"
    )


def test_an_eviction_in_a_scale_set_outside_the_fleet_is_recorded_without_starting_a_run() -> None:
    world = world_with_spot_pool()
    event = annotated(1, 1)
    event["data"]["resourceInfo"]["properties"]["targetResourceId"] = "/subscriptions/0/x"  # type: ignore[index]  # JSON
    take_event(world.context, event)
    assert world.engine.started == []
    assert [entry.kind for entry in world.ledger.written.values()] == ["event"]


def test_an_eviction_in_another_subscription_does_not_concern_a_group_of_the_same_name() -> None:
    world = world_with_spot_pool()
    event = annotated(1, 1)
    target = f"{VM}1".replace("00000000-0000", "99999999-0000")
    event["data"]["resourceInfo"]["properties"]["targetResourceId"] = target  # type: ignore[index]  # JSON
    take_event(world.context, event)
    assert world.engine.started == []
    assert [entry.text for entry in world.ledger.written.values()] == [
        "an eviction does not concern the fleet: the resource group mc_rg_shop-dev_westeurope does not belong to a cluster in the fleet"
    ]


def test_a_throttled_read_does_not_end_the_drain() -> None:
    world = world_with_spot_pool()
    world.nodes.answers["job-1"] = EvictionResult("blocked", "429")
    take_event(world.context, notice(1, 1))
    seen: list[str] = []

    def meanwhile(activity: str) -> None:
        seen.append(activity)
        polls = seen.count("poll")
        world.nodes.refuse = {"nodes": TryLaterError("listing the nodes: 429", 5)} if 1 <= polls <= 2 else {}
        if polls > 2:
            world.nodes.answers.clear()

    run = DrivenRun(world, world.engine.started[0].split()[1]).to_end(meanwhile)
    evacuated = next(record for record in run.finished if record.id.startswith("evacuate."))
    assert (evacuated.evidence, world.nodes.running["shop-dev"]) == ("1 of 1 pods have left in time", ())
    assert len(world.nodes.evicted) > 1


def test_the_drain_ends_if_the_api_server_does_not_answer() -> None:
    world = world_with_spot_pool()
    world.nodes.answers["job-1"] = EvictionResult("blocked", "429")
    take_event(world.context, notice(1, 1))
    run = DrivenRun(world, world.engine.started[0].split()[1])

    def meanwhile(activity: str) -> None:
        silent = UnreachableError("listing the nodes: its API server does not answer")
        world.nodes.refuse = {"nodes": silent} if activity in ("poll", "verify") else {}

    run.turns(12, meanwhile)
    assert "poll" in run.engine.calls
    assert run.engine.calls.count("poll") == 1


def test_azure_is_not_read_while_the_nodes_are_evacuated() -> None:
    assert verbs()["evacuate-nodes"].actions == {ASK_API_SERVER}


def test_a_node_that_is_registered_again_under_the_same_name_is_not_evacuated() -> None:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1))
    run = DrivenRun(world, world.engine.started[0].split()[1])
    run.to_first_step()
    world.nodes.change("aks-spot-12345678-vmss000001", uid="another")
    run.call("begin", run.record.steps[0].id)
    assert (world.nodes.marks, world.nodes.evicted) == ([], [])


NODE = "aks-spot-12345678-vmss000003"


def drive(world: World) -> list[Run]:
    """Execute every run that was started, to its end."""
    return [DrivenRun(world, started.split()[1]).to_end() for started in dict.fromkeys(world.engine.started)]


def test_a_second_eviction_after_the_first_run_has_ended_is_another_one() -> None:
    """Case 13: a false alarm at 23:00, then an eviction at 04:00 that Azure reports at 04:13."""
    world = world_with_spot_pool()
    world.nodes.listed["shop-dev"] += (replace(world.nodes.listed["shop-dev"][-1], name=NODE),)
    take_event(world.context, notice(3, 1))
    (first,) = drive(world)
    world.clock.advance(hours=5)
    take_event(world.context, notice(3, 2))
    first_again, second = drive(world)
    occurred = world.clock.at.isoformat()
    take_event(world.context, annotated(3, 9, occurred))
    take_event(world.context, annotated(3, 10, occurred))
    assert (first_again.id, len(set(world.engine.started))) == (first.id, 2)
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"] * 2
    confirmed = [(each.value.run, each.value.confirmed) for each in evictions(world.store).scan()]
    assert confirmed == [(first.id, False), (second.id, True)]


@pytest.mark.parametrize(("minutes", "runs_started"), [(30, 1), (31, 2)])
def test_azures_first_report_within_half_an_hour_confirms_the_notice_even_after_the_run_has_ended(
    minutes: int, runs_started: int
) -> None:
    world = world_with_spot_pool()
    noticed = world.clock.at
    take_event(world.context, notice(1, 1, noticed.isoformat()))
    drive(world)
    world.clock.at = noticed + timedelta(hours=1)
    take_event(world.context, annotated(1, 2, (noticed + timedelta(minutes=minutes)).isoformat()))
    assert len(set(world.engine.started)) == runs_started
    assert next(each.value.confirmed for each in evictions(world.store).scan()) is (runs_started == 1)


def test_an_event_of_yesterday_drains_nothing() -> None:
    """Case 14: an eviction of 22:55 arrives the next evening, when a node of that name is Ready and full of pods."""
    world = world_with_spot_pool()
    occurred = world.clock.at - timedelta(hours=22, minutes=5)
    take_event(world.context, annotated(1, 1, occurred.isoformat()))
    (run,) = drive(world)
    assert (world.nodes.marks, world.nodes.evicted) == ([], [])
    assert run.lines[2] == f"1 eviction of {instant(occurred)} was reported late, so nothing was drained for it"
    assert world.chat.posts == 1


def test_forty_reports_of_one_time_that_arrive_over_three_hours_are_one_message() -> None:
    """Case 14: forty evictions of 22:55, one each five minutes; runs end in between."""
    world = world_with_spot_pool()
    occurred = (world.clock.at - timedelta(hours=22)).isoformat()
    for number in range(40):
        take_event(world.context, annotated(number, number, occurred))
        run = drive(world)[0]
        world.clock.advance(minutes=5)
    assert len(set(world.engine.started)) == 1
    assert (world.chat.posts, world.nodes.marks) == (1, [])
    late = next(line for line in runs(world.store).must_get(run.id).value.lines if line.startswith("reported after"))
    assert late.startswith(
        "reported after this run had ended, and not checked: 39 nodes: aks-spot-12345678-vmss000001, "
    )
    assert [entry.kind for entry in world.ledger.written.values()].count("event") == 39


def test_reports_that_arrive_in_the_wrong_order_join_the_groups_of_their_times() -> None:
    world = world_with_spot_pool()
    times = [world.clock.at - timedelta(hours=ago) for ago in (3, 1, 3, 2, 1)]
    for number, at in enumerate(times):
        take_event(world.context, annotated(number, number, at.isoformat()))
    groups = [each.value.run for each in evictions(world.store).scan()]
    assert len(set(world.engine.started)) == 3
    assert [groups.count(run) for run in dict.fromkeys(groups)] == [2, 2, 1]


def test_an_eviction_of_last_week_is_only_recorded() -> None:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1, (world.clock.at - timedelta(days=3)).isoformat()))
    assert world.engine.started == []
    (entry,) = world.ledger.written.values()
    assert entry.text.endswith("more than two days ago")


def test_a_time_in_the_future_counts_as_now() -> None:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1, "2099-01-01T00:00:00.1234567Z"))
    (eviction,) = evictions(world.store).scan()
    assert eviction.value.at == world.clock.at


def test_a_record_of_an_earlier_version_is_the_same_eviction() -> None:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1))
    (stored,) = evictions(world.store).scan()
    evictions(world.store).delete(stored.key)
    evictions(world.store).insert(stored.key.rsplit("|", 1)[0], replace(stored.value, occurred=None))
    world.clock.advance(minutes=2)
    take_event(world.context, annotated(1, 2, world.clock.at.isoformat()))
    (again,) = evictions(world.store).scan()
    assert (again.value.confirmed, len(world.engine.started)) == (True, 1)
