"""The approval table through every door: the same rules in all of them."""

import pytest

from ops.intake.deciding import Click, decide
from ops.model.people import Identity
from tests.approvals.slack_door import SlackDoor
from tests.approvals.story import SLACK, TEAM, Case, Door, Pressed, Story
from tests.approvals.table import CASES
from tests.fakes import World


class Bare:
    """No door at all: the decision itself, as every door asks for it."""

    def press(self, world: World, pressed: Pressed) -> str:
        identity = Identity("slack", TEAM, SLACK[pressed.person])
        return decide(
            world.context, Click(pressed.token, pressed.choice, identity, pressed.event, pressed.reason)
        ).result


DOORS: dict[str, Door] = {"none": Bare(), "slack": SlackDoor()}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_table(case: Case, door: str) -> None:
    story = Story(DOORS[door], case.rule, case.source, case.by)
    for move in case.moves:
        move(story)
    assert story.told == list(case.told)
    assert [str(approval.state) for approval in story.approvals] == list(case.states)
    assert (str(story.driver.run.state), story.driver.begins) == (case.run, case.begins)
    attempts = [entry.data["result"] for entry in story.world.ledger.written.values() if entry.kind == "attempt"]
    assert attempts == list(case.told)
