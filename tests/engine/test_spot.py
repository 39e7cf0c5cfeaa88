"""Notices of evictions become one record each and one run a burst."""

from dataclasses import replace

import pytest

from ops.adapters.azure_clusters import AzureClusters
from ops.endpoints.event_grid import take_event
from ops.model.run import State
from ops.model.workload import Pod
from ops.tables.runs import runs
from tests.engine.lanes import world
from tests.fakes import World, cluster, nodes_of, pool
from tests.in_memory_engine import Double

SOURCE = cluster("shop-dev").id
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets/aks-spot-12345678-vmss"
VM = f"/subscriptions/0/resourceGroups/mc_rg_shop-dev_westeurope/providers/{SCALE_SET}/virtualMachines/"


def spotted() -> World:
    by = world()
    (only,) = by.clusters.fleet.values()
    names = [f"aks-spot-12345678-vmss00000{n}" for n in range(3)]
    by.clusters.fleet[only.id] = replace(only, pools=(*only.pools, pool("spot", spot=True)))
    by.nodes.said["shop-dev"] += tuple(replace(nodes_of(only)[0], name=name, pool="spot") for name in names)
    by.nodes.running["shop-dev"] = (Pod("shop", "job-1", "j1", names[1], "Running", ready=True, owner_kind="Job"),)
    return by


def notice(node: int, number: int) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": str(number),
        "type": "daytwo.spot.notice",
        "source": SOURCE,
        "subject": "x",
        "data": {"node": f"aks-spot-12345678-vmss00000{node}"},
    }


def annotated(node: int, number: int) -> dict[str, object]:
    return {
        "id": str(number),
        "eventType": "Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated",
        "topic": "/subscriptions/0",
        "subject": "x",
        "data": {
            "resourceInfo": {
                "properties": {"targetResourceId": f"{VM}{node}", "annotationName": "VirtualMachinePreempted"}
            }
        },
    }


def test_a_notice_and_an_annotation_of_one_node_are_one_eviction_in_any_order() -> None:
    for order in ([0, 1], [1, 0], [0, 0, 1, 1]):
        by = spotted()
        events = [notice(1, 1), annotated(1, 2)]
        for index in order:
            take_event(by.context, events[index])
        assert len(list(by.store.scan("eviction"))) == 1
        assert len(by.engine.started) == 1


def test_evictions_of_a_pool_within_ten_minutes_share_a_run_and_a_later_one_starts_another() -> None:
    by = spotted()
    for number, node in enumerate((0, 1, 2)):
        take_event(by.context, notice(node, number))
        by.clock.pass_(seconds=40)
    by.clock.pass_(minutes=12)
    assert len(by.engine.started) == 1
    take_event(by.context, notice(4, 9))
    assert len(by.engine.started) == 2


def test_what_is_still_there_is_emptied_and_the_outcome_confirmed() -> None:
    by = spotted()
    take_event(by.context, notice(1, 1))
    run_id = by.engine.started[0].split()[1]

    def meanwhile(name: str) -> None:
        if name == "conclude":
            by.nodes.said["shop-dev"] = tuple(
                n for n in by.nodes.said["shop-dev"] if not n.name.endswith("1") or n.pool != "spot"
            )

    Double(by, meanwhile).run("operation", {"run": run_id})
    run = runs(by.store).must_get(run_id).value
    assert by.nodes.evicted == ["job-1"]
    assert (run.state, run.headline) == (State.DONE, "1 spot node evicted")
    assert "1 of 1 nodes are gone" in run.lines
    assert by.chat.posts == 1


def test_a_false_alarm_gives_the_node_back() -> None:
    by = spotted()
    take_event(by.context, notice(1, 1))
    run_id = by.engine.started[0].split()[1]
    Double(by).run("operation", {"run": run_id})
    node = "aks-spot-12345678-vmss000001"
    assert by.nodes.marks == [f"cordon {node}", f"uncordon {node}"]
    assert f"{node} still exists: a false alarm" in runs(by.store).must_get(run_id).value.lines


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
            "an eviction does not concern the fleet: it does not name a node of a node pool: 'shop-db-0'",
        ),
    ],
)
def test_a_notice_that_does_not_count_is_kept_once_and_starts_nothing(change: dict[str, object], why: str) -> None:
    by = spotted()
    by.clusters.put(replace(cluster("shop-dev"), id=OTHER, pools=(pool("spot", spot=True),)))
    for _ in range(2):
        take_event(by.context, notice(1, 1) | change)
    assert by.engine.started == []
    assert [entry.text for entry in by.ledger.written.values()] == [why]


def test_a_source_of_the_fleet_that_is_no_cluster_is_kept_and_not_sent_for_ever() -> None:
    by = spotted()
    real = AzureClusters(object())  # type: ignore[arg-type]  # it refuses before it needs a credential
    context = replace(by.context, ports=replace(by.context.ports, clusters=real))
    source = "/subscriptions/00000000-0000-0000-0000-000000000000/x"
    take_event(context, notice(1, 1) | {"source": source})
    (entry,) = by.ledger.written.values()
    assert (
        entry.text
        == f"an eviction does not concern the fleet: its source is not a cluster: {source!r}: {source} is not the id of a managed cluster"
    )


def test_an_eviction_of_somebody_elses_scale_set_is_kept_and_starts_nothing() -> None:
    by = spotted()
    event = annotated(1, 1)
    event["data"]["resourceInfo"]["properties"]["targetResourceId"] = "/subscriptions/0/x"  # type: ignore[index]  # JSON
    take_event(by.context, event)
    assert by.engine.started == []
    assert [entry.kind for entry in by.ledger.written.values()] == ["event"]
