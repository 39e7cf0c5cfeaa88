"""Approval for reboots: it is requested by day and covers all of the coming night's nodes. A later node needs another approval."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from ops.endpoints.timers import every_five_minutes
from ops.model.run import State
from ops.tables.runs import runs
from tests.approvals.helpers import requests, shown, vote
from tests.approvals.story import PEOPLE
from tests.driving import NOON, AzureRestarts, DrivenRun, pass_time, start_due
from tests.fakes import ALL_OPERATIONS, World, cluster, nodes_of, pool

REQUIRED = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}
NODES = ("aks-user1-0", "aks-user1-1", "aks-user1-2")


def world_with_reboots(rule: str = "{from: platform}") -> World:
    world = World(
        config=ALL_OPERATIONS.replace("reboot: {window: nights}", f"reboot: {{window: nights, approval: {rule}}}")
        + PEOPLE
    )
    world.clock.at = NOON
    only = cluster("shop-prod", pool("user1"), env="prod", node_resource_group="MC_rg_shop-prod_westeurope")
    world.clusters.put(only)
    world.nodes.listed["shop-prod"] = nodes_of(only, boot_id="before")
    for name in NODES[:2]:
        world.nodes.change(name, annotations=REQUIRED)
    return world


def requested(world: World) -> DrivenRun:
    """The latest reboot run, executed until it waits for approval."""
    run = DrivenRun(world, max(stored.key for stored in runs(world.store).scan("reboot.")))
    run.to_first_step()
    return run


def test_approval_for_all_of_the_coming_nights_nodes_is_requested_by_day() -> None:
    world = world_with_reboots()
    start_due(world)
    assert requested(world).record.period == "2026-11-16"
    (request,) = requests(world)
    steps = [step.title for step in (*request.parts[0].plan.steps, *request.parts[0].plan.following)]
    assert [title for title in steps if title in NODES] == ["aks-user1-0", "aks-user1-1"]
    assert request.parts[0].opens == datetime.fromisoformat("2026-11-16T22:00:00+00:00")


def test_one_approval_covers_every_requested_node() -> None:
    world = world_with_reboots()
    start_due(world)
    run = requested(world)
    assert vote(world) == "approved"
    world.clock.at = NOON + timedelta(hours=11)
    assert (run.to_end(AzureRestarts(world)).state, world.machines.restarted) == (
        State.DONE,
        ["aks-user1-0", "aks-user1-1"],
    )
    assert len(requests(world)) == 1


def test_a_later_node_is_rebooted_only_after_another_approval() -> None:
    world = world_with_reboots()
    start_due(world)
    run = requested(world)
    vote(world)
    world.clock.at = NOON + timedelta(hours=11)
    rebooted_at_vote: list[str] = []

    def meanwhile(activity: str) -> None:
        if activity == "poll" and world.machines.restarted:
            world.machines.end(world.machines.restarted[-1])
            world.nodes.change(
                "aks-user1-2", annotations=REQUIRED if "aks-user1-2" not in world.machines.restarted else {}
            )
        if activity == "assess" and len(requests(world)) > 1 and not rebooted_at_vote:
            rebooted_at_vote.extend(world.machines.restarted)
            vote(world)

    run.to_end(meanwhile)
    assert rebooted_at_vote == ["aks-user1-0", "aks-user1-1"]
    assert world.machines.restarted == list(NODES)
    assert "aks-user1-2 was not part of the request" in requests(world)[1].parts[0].why


def test_no_run_starts_outside_the_hours_for_requests() -> None:
    world = world_with_reboots("{from: platform, hours: nights}")
    start_due(world)
    assert list(runs(world.store).scan("reboot.")) == []


def test_approval_is_requested_for_the_next_night_after_a_night_without_approval() -> None:
    world = world_with_reboots("{from: platform, expires-after: 8h}")
    for _ in range(2):
        start_due(world)
        run = requested(world)
        world.clock.at += timedelta(hours=8, minutes=1)
        run.to_first_step()
        world.clock.at += timedelta(hours=15, minutes=59)
    ended = [stored.value for stored in runs(world.store).scan("reboot.")]
    assert [(run.period, str(run.state), run.code) for run in ended] == [
        ("2026-11-16", "skipped", "not-approved"),
        ("2026-11-17", "skipped", "not-approved"),
    ]
    assert all(first.created < second.created for first, second in pairwise(ended))


def test_a_node_that_is_added_while_the_request_is_pending_becomes_part_of_it() -> None:
    world = world_with_reboots()
    start_due(world)
    run = requested(world)
    world.nodes.change("aks-user1-2", annotations=REQUIRED)
    pass_time(world, (run,), timedelta(hours=3))
    plan = requests(world)[-1].parts[0].plan
    titles = [step.title for step in (*plan.steps, *plan.following)]
    assert [title for title in titles if title in NODES] == ["aks-user1-0", "aks-user1-1", "aks-user1-2"]


def test_a_rule_without_approvers_fails_the_run_and_is_reported() -> None:
    world = world_with_reboots("{from: empty}")
    start_due(world)
    run = requested(world).record
    assert (str(run.state), run.code) == ("failed", "no-approvers")
    assert list(shown(world)) == [run.id]


def test_the_message_reports_an_approved_run_that_could_not_act() -> None:
    world = world_with_reboots()
    start_due(world)
    run = requested(world)
    assert vote(world) == "approved"
    run.wake_if_requested()
    only = world.clusters.only
    world.clusters.put(replace(only, provisioning_state="Updating"))
    pass_time(world, (run,), timedelta(hours=16, minutes=45))
    world.clusters.put(only)
    pass_time(world, (run,), timedelta(hours=2))
    every_five_minutes(world.context)
    assert run.record.state.is_final
    assert "too short for" in str(shown(world))
