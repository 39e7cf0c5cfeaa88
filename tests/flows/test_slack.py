"""Approvals and commands in Slack, end to end: the real app, its doors, the simulated Slack that signs and shows."""

from pathlib import Path
from typing import Any

import pytest

from ops.model.run import State
from simulator.slack.signing import signed
from simulator.testing import Running
from tests.flows.bot import Bot
from tests.flows.fleet import CONFIG, TWO_POOLS, after
from tests.simulator.host.harness import story

APPROVED = (
    CONFIG.replace("wake-sleepers: true}", "wake-sleepers: true, approval: {from: platform}}")
    + """
identity: {slack-team: T0DAYTWO}
people:
  ana: {slack: U0ANA}
  ben: {slack: U0BEN}
  cleo: {slack: U0CLEO}
groups: {platform: [ana, ben]}
commands: [{from: platform, may: [run]}]
"""
)


@pytest.fixture
def bot(simulation: Running, tmp_path: Path) -> Bot:
    return Bot(simulation, tmp_path, APPROVED)


def asked(simulation: Running) -> Any:
    """The request for approval as Slack shows it."""
    channels: Any = simulation.control("/slack")["channels"]
    (message,) = [
        each
        for each in channels[0]["messages"]
        if each["metadata"]["event_payload"]["key"].startswith("approval") or "approval" in each["text"]
    ]
    return message


def heard(simulation: Running) -> list[tuple[str, str]]:
    """Who was told what privately."""
    ephemeral: Any = simulation.control("/slack")["ephemeral"]
    return [(each["user"], each["text"]) for each in ephemeral]


def buttons(message: Any) -> list[str]:
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


async def press(bot: Bot, user: str, action: str = "approve.0", **more: object) -> Any:
    ts = asked(bot.simulation)["ts"]
    answer = await bot.tell("/slack/press", {"channel": "C0123", "ts": ts, "action_id": action, "user": user, **more})
    return answer["status"], answer["body"]


@story
async def test_two_people_approve_in_slack_and_the_run_goes_on(bot: Bot, simulation: Running) -> None:
    """Whoever holds the function key has asked, so that two are needed."""
    async with bot:
        await bot.listen_to_slack()
        run = await bot.begin(TWO_POOLS)
        await bot.until(after(minutes=-2))
        assert buttons(asked(simulation))[:2] == ["approve.0", "reject.1"]
        assert await press(bot, "U0ANA") == (200, "")
        assert await press(bot, "U0EVE") == (200, "")
        assert await press(bot, "U0BEN") == (200, "")
        assert await press(bot, "U0CLEO", "reject.1") == (200, "") if buttons(asked(simulation)) else True
        await bot.until(after(hours=3))
        assert bot.run(run).state is State.DONE
        assert bot.begun() == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]
    told = heard(simulation)
    assert [user for user, _ in told] == ["U0ANA", "U0EVE", "U0BEN"]
    assert buttons(asked(simulation)) == []
    results = [entry.data["result"] for entry in bot.ledger("2026-11-16") if entry.kind == "attempt"]
    assert results == ["counted", "unknown-person", "approved"]
