"""Ana, who decides what she is asked: she approves what is done to clusters, and never a change of tags that she did not make."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from simulator.stories.timed_calls import TimedCalls
from simulator.stories.workspace import Workspace

ANA = "U0ANA"


def approve(calls: TimedCalls, slack: Workspace, at: Sequence[datetime]) -> None:
    """At each time, Ana approves every request that is not about tags."""
    for moment in at:
        calls.at(moment, partial(_approve_everything, slack))


async def _approve_everything(slack: Workspace) -> None:
    for button in await slack.buttons():
        if button.action.startswith("approve") and "Tags" not in button.text:
            await slack.select(ANA, button)
