"""Costs of a command, questions told twice, votes and a rule that changes."""

from dataclasses import replace

from ops.intake.commands import Asked, take_command
from ops.model.people import Identity
from ops.model.run import State
from ops.records import runs
from ops.workflows.starting import OPEN
from tests.approvals import test_ring
from tests.approvals.story import TEAM, Story
from tests.approvals.test_deliveries import Bare


def asked(text, event="event", who="U0ANA"):
    return Asked(Identity("slack", TEAM, who), text, event, "slack", "https://hooks.slack.com/x")


def test_status_does_not_read_each_run_of_the_last_two_weeks():
    story = Story(Bare(), "{from: platform}")
    world = story.world
    run = story.driver.run
    for n in range(1700):
        world.store.insert(OPEN, f"power.x-{n}", {})
        runs(world.store).insert(f"power.x-{n}", replace(run, id=f"power.x-{n}", state=State.DONE))
    gets = []
    get = world.store.get
    world.store.get = lambda kind, key: (gets.append(kind), get(kind, key))[1]
    take_command(world.context, asked("status"))
    print(len(gets))
    assert len(gets) < 100


def test_a_question_that_is_told_twice_is_answered_once():
    story = Story(Bare(), "{from: platform}")
    world = story.world
    take_command(world.context, asked("plan"))
    (errand,) = [each for each in world.engine.started if each.startswith("errand")]
    world.engine.live.discard(errand.split()[1])  # it has ended
    take_command(world.context, asked("plan"))
    print(world.engine.started)
    assert len([each for each in world.engine.started if each.startswith("errand")]) == 1


def test_a_rule_that_needs_fewer_people_now_is_met_by_those_who_approved():
    story = Story(Bare(), "{from: platform, of: 2}")
    story.press("ana", "approve")
    story.configure("{from: platform, of: 1}")
    story.pass_(hours=2)
    story.press("ana", "approve")
    print(story.told, story.approval.state)
    assert str(story.approval.state) == "approved"


def test_who_is_no_approver_any_more_is_not_shown_as_counted():
    from tests.approvals.table import WITHOUT_ANA

    rule = "{from: [platform, leads], of: 2}"
    story = Story(Bare(), rule)
    story.press("ana", "approve")
    story.configure(rule, WITHOUT_ANA)
    story.pass_(hours=1.1)
    shown = test_ring.shown(story.world)[story.approval.id]
    print(shown[:400])
    assert "1 of 2 approvals" not in shown


def test_an_image_that_comes_after_the_yes_is_asked_for_before_the_night():
    from tests.fakes import NEWER

    story = Story(Bare(), "{from: platform}")
    story.press("ana", "approve")
    story.newer_image(NEWER)
    story.pass_(hours=9)  # 21:00, an hour before the window
    print([str(a.state) for a in story.approvals], story.world.clock.at)
    assert len(story.approvals) == 2
