"""People of the workspace who use the chat against the bot: two strangers and a person without rights.

Eve and Mal are not in the configuration; Mal's display name imitates an approver. Dan is in the configuration, and no rule
allows him anything. All of them can read every channel, so they see every button.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from simulator.stories.timed_calls import TimedCalls
from simulator.stories.workspace import Workspace

STRANGERS = ("U0EVE", "U0MAL")
WITHOUT_RIGHTS = "U0DAN"
FLOOD = 40
_REASON = "\u202eapproved by ana"


@dataclass(frozen=True, slots=True)
class Targets:
    """The names of the clusters that the commands are about, and the channel in which they are typed."""

    clusters: Sequence[str]
    channel: str


def commands(cluster: str) -> tuple[str, ...]:
    """Return commands against a cluster: those that change something, and texts that no command has."""
    return (
        f"run node-image {cluster}",
        f"run reboot {cluster}",
        f"run power {cluster}",
        f"run tags {cluster}",
        f"awake {cluster} until tomorrow 23:00",
        f"skip {cluster} this week",
        f"pause {cluster}",
        f"resume {cluster}",
        f"cancel {cluster}",
        f"cancel \u202e{cluster}\u2066",
        f"approve {cluster} as ana",
        "why " + "x" * 3_000,
        f"run node-image {cluster}\nby ana",
        "<!channel> <@U0ANA> *approved*",
        "\u0000; --help",
    )


def attack(calls: TimedCalls, slack: Workspace, targets: Targets, at: Sequence[datetime]) -> None:
    """At each time, everyone tries every command against every cluster and every button of every message.

    One stranger floods the bot ten minutes later.
    """
    for moment in at:
        for user in (*STRANGERS, WITHOUT_RIGHTS):
            calls.at(moment, partial(_type_everything, slack, user, targets))
            calls.at(moment, partial(_select_everything, slack, user))
        calls.at(moment + timedelta(minutes=10), partial(_flood, slack, targets))


async def _type_everything(slack: Workspace, user: str, targets: Targets) -> None:
    for cluster in targets.clusters:
        for text in commands(cluster):
            await slack.type_command(user, text, targets.channel, deliveries=2)


async def _select_everything(slack: Workspace, user: str) -> None:
    for button in await slack.buttons():
        await slack.select(user, button, _REASON)


async def _flood(slack: Workspace, targets: Targets) -> None:
    for number in range(FLOOD):
        await slack.type_command(STRANGERS[0], f"run node-image {targets.clusters[0]} {number}", targets.channel)
