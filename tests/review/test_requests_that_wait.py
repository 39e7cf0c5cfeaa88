"""More of the same: requests that wait, races, costs."""

import time
from dataclasses import replace
from datetime import timedelta

from ops.intake.commands import Asked, take_command
from ops.intake.deciding import Click, decide
from ops.intake.ticks import every_five_minutes
from ops.model.approval import ApprovalState, Choice
from ops.model.people import Identity
from ops.ports import TryLaterError
from ops.records import approvals
from ops.workflows.asking import move, rule_of
from ops.workflows.telling import report_approval
from tests.approvals import test_reboot, test_ring
from tests.approvals.story import SLACK, TEAM, Driver, Story, pass_time
from tests.approvals.test_deliveries import Bare

ONE = "{from: platform}"


def click(token, choice=Choice.APPROVE, event="e", who="ana"):
    return Click(token, choice, Identity("slack", TEAM, SLACK[who]), event)


def test_a_node_that_asks_while_people_are_asked_is_in_what_they_approve():
    by = test_reboot.world()
    test_reboot.look(by)
    driver = Driver(by, test_reboot.only_run(by).id)
    driver.go_on()
    by.nodes.change("aks-user1-2", annotations=test_reboot.ASKS)
    pass_time(by, (driver,), timedelta(hours=3))
    (*_, last) = test_reboot.requests(by)
    plan = last.parts[0].plan
    titles = [s.title for s in (*plan.steps, *plan.following)]
    print(len(test_reboot.requests(by)), titles)
    assert "aks-user1-2" in titles


def test_an_older_look_does_not_put_the_buttons_back():
    story = Story(Bare(), ONE)
    world = story.world
    settings = world.settings
    asked = story.approval
    # One process has looked, and is slow in sending what it saw.
    seen = move(world.context, asked.id, rule_of(settings, asked), settings)
    decide(world.context, click(asked.token))
    every_five_minutes(world.context)
    every_five_minutes(world.context)
    assert asked.token not in test_ring.shown(world)[asked.id]
    report_approval(world.context.ports, seen, settings)
    story.driver.until = None
    story.driver.go_on()
    for _ in range(20):
        world.clock.at += timedelta(minutes=5)
        every_five_minutes(world.context)
    assert asked.token not in test_ring.shown(world)[asked.id]


def test_one_request_that_cannot_be_read_holds_up_no_message():
    story = Story(Bare(), ONE)
    world = story.world
    get = world.store.get

    def broken(kind, key):
        if kind == "approval":
            raise TryLaterError("reading approval: the store is in trouble with this one")
        return get(kind, key)

    from ops.intake.controlling import set_override

    world.chat.fail = [TryLaterError("posting: down", 1)]
    (only,) = world.clusters.fleet.values()
    set_override(world.context, "awake", only.id, world.clock.at + timedelta(hours=2), "ana")
    posts = world.chat.posts
    world.clock.at += timedelta(minutes=5)
    world.store.get = broken
    try:
        every_five_minutes(world.context)
    except Exception as error:
        print(repr(error))
    assert world.chat.posts == posts + 1


def test_status_does_not_read_every_request_that_ever_was():
    story = Story(Bare(), ONE)
    world = story.world
    old = story.approval
    part = old.parts[0]
    for n in range(3000):
        approvals(world.store).insert(
            f"old.approval-{n}", replace(old, id=f"old.approval-{n}", state=ApprovalState.APPROVED, parts=(part,) * 1)
        )
    reads = []
    scan = world.store.scan
    world.store.scan = lambda kind, prefix="": (reads.append(kind) or r for r in scan(kind, prefix))
    begun = time.perf_counter()
    take_command(world.context, Asked(Identity("slack", TEAM, "U0ANA"), "status", "event", "slack", ""))
    took = time.perf_counter() - begun
    print(took, reads.count("approval"))
    assert reads.count("approval") < 100


def test_hints_before_the_answer():
    names = [f"shop-{n}" for n in range(60)]
    world, drivers = test_ring.ring(*names, rule=ONE)
    pass_time(world, tuple(drivers.values()), timedelta(minutes=6))
    (only,) = test_ring.requests(world)
    world.engine.hint = lambda each: time.sleep(0.03)
    begun = time.perf_counter()
    decide(world.context, click(only.token))
    took = time.perf_counter() - begun
    import json

    from ops.wire import to_json

    print("took", took, "stored bytes", len(json.dumps(to_json(only))))
    assert took < 1
