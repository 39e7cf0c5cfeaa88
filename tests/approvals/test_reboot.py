"""Reboots that somebody has to approve: asked by day, one yes for all nodes of the night, a node that comes later asks anew."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from ops.endpoints.timers import every_five_minutes
from ops.model.run import Run, State
from ops.scheduling.due_runs import start_due_runs
from ops.tables.runs import runs
from tests.approvals.helpers import press, requests, shown
from tests.approvals.story import NOON, PEOPLE, Driver, pass_time
from tests.fakes import LANES, World, cluster, nodes_of, pool
from tests.in_memory_engine import Double

ASKS = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}
NODES = ("aks-user1-0", "aks-user1-1", "aks-user1-2")


def world(rule: str = "{from: platform}") -> World:
    by = World(
        config=LANES.replace("reboot: {window: nights}", f"reboot: {{window: nights, approval: {rule}}}") + PEOPLE
    )
    by.clock.at = NOON
    only = cluster("shop-prod", pool("user1"), env="prod", node_resource_group="MC_rg_shop-prod_westeurope")
    by.clusters.put(only)
    by.nodes.said["shop-prod"] = nodes_of(only, boot_id="before")
    for name in NODES[:2]:
        by.nodes.change(name, annotations=ASKS)
    return by


def look(by: World) -> None:
    """The quarter-hour timer."""
    start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), by.clock.at)


def only_run(by: World) -> Run:
    (found,) = runs(by.store).scan("reboot.")
    return found.value


def test_the_coming_night_is_asked_for_by_day_in_all_its_nodes() -> None:
    by = world()
    look(by)
    run = only_run(by)
    assert run.period == "2026-11-16"
    driver = Driver(by, run.id)
    driver.go_on()
    (request,) = requests(by)
    steps = [step.title for step in (*request.parts[0].plan.steps, *request.parts[0].plan.following)]
    assert [title for title in steps if title in NODES] == ["aks-user1-0", "aks-user1-1"]
    assert request.parts[0].opens == datetime.fromisoformat("2026-11-16T22:00:00+00:00")


def test_one_yes_carries_every_node_that_was_asked_for() -> None:
    by = world()
    look(by)
    Driver(by, only_run(by).id).go_on()
    assert press(by) == "approved"
    by.clock.at = NOON + timedelta(hours=11)

    def meanwhile(activity: str) -> None:
        if activity == "poll" and by.machines.restarted:
            by.machines.end(by.machines.restarted[-1])

    Double(by, meanwhile).run("operation", {"run": only_run(by).id})
    assert (only_run(by).state, by.machines.restarted) == (State.DONE, ["aks-user1-0", "aks-user1-1"])
    assert len(requests(by)) == 1


def test_a_node_that_asks_later_is_rebooted_only_after_another_yes() -> None:
    by = world()
    look(by)
    Driver(by, only_run(by).id).go_on()
    press(by)
    by.clock.at = NOON + timedelta(hours=11)
    rebooted_at_press: list[str] = []

    def meanwhile(activity: str) -> None:
        if activity == "poll" and by.machines.restarted:
            by.machines.end(by.machines.restarted[-1])
            by.nodes.change("aks-user1-2", annotations=ASKS if "aks-user1-2" not in by.machines.restarted else {})
        if activity == "assess" and len(requests(by)) > 1 and not rebooted_at_press:
            rebooted_at_press.extend(by.machines.restarted)
            press(by)

    Double(by, meanwhile).run("operation", {"run": only_run(by).id})
    assert rebooted_at_press == ["aks-user1-0", "aks-user1-1"]
    assert by.machines.restarted == list(NODES)
    assert "aks-user1-2 was not part of the request" in requests(by)[1].parts[0].why


def test_without_hours_to_ask_in_nothing_begins_before_the_night() -> None:
    by = world("{from: platform, hours: nights}")
    look(by)
    assert list(runs(by.store).scan("reboot.")) == []


def test_a_night_that_nobody_approved_is_over_and_the_next_asks_anew() -> None:
    by = world("{from: platform, expires-after: 8h}")
    for _ in range(2):
        look(by)
        driver = Driver(by, max(stored.key for stored in runs(by.store).scan("reboot.")))
        driver.go_on()
        by.clock.at += timedelta(hours=8, minutes=1)
        driver.go_on()
        by.clock.at += timedelta(hours=15, minutes=59)
    ended = [stored.value for stored in runs(by.store).scan("reboot.")]
    assert [(run.period, str(run.state), run.code) for run in ended] == [
        ("2026-11-16", "skipped", "not-approved"),
        ("2026-11-17", "skipped", "not-approved"),
    ]
    assert all(first.created < second.created for first, second in pairwise(ended))


def test_a_node_that_asks_while_people_are_asked_is_in_what_they_approve() -> None:
    by = world()
    look(by)
    driver = Driver(by, only_run(by).id)
    driver.go_on()
    by.nodes.change("aks-user1-2", annotations=ASKS)
    pass_time(by, (driver,), timedelta(hours=3))
    plan = requests(by)[-1].parts[0].plan
    titles = [step.title for step in (*plan.steps, *plan.following)]
    assert [title for title in titles if title in NODES] == ["aks-user1-0", "aks-user1-1", "aks-user1-2"]


def test_a_timers_reboot_that_nobody_may_approve_is_told_to_somebody() -> None:
    by = world("{from: nobody}")
    look(by)
    Driver(by, only_run(by).id).go_on()
    run = only_run(by)
    assert (str(run.state), run.code) == ("failed", "no-approvers")
    assert list(shown(by)) == [run.id]


def test_who_approved_hears_that_nothing_was_done() -> None:
    by = world()
    look(by)
    driver = Driver(by, only_run(by).id)
    driver.go_on()
    assert press(by) == "approved"
    driver.wake()
    (only,) = by.clusters.fleet.values()
    by.clusters.put(replace(only, provisioning_state="Updating"))
    pass_time(by, (driver,), timedelta(hours=16, minutes=45))
    by.clusters.put(only)
    pass_time(by, (driver,), timedelta(hours=2))
    every_five_minutes(by.context)
    assert driver.run.state.is_final
    assert "too short for" in str(shown(by))
