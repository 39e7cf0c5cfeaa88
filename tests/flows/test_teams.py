"""Approvals and commands through the Teams bot, end to end: the real app with the simulated Bot Connector."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ops.model.run import State
from simulator.running import Running
from simulator.teams.connector import CHANNELS
from simulator.world.specs import TENANT
from tests.flows.bot import Bot
from tests.flows.fleet import CONFIG, TWO_POOLS, after
from tests.simulator.host.harness import async_test

ANA, BEN, CLEO, EVE = (f"aaaaaaaa-0000-0000-0000-00000000000{number}" for number in (1, 2, 3, 9))
CHANNEL = CHANNELS[0]


def config(simulation: Running) -> str:
    """Node image upgrades need approval from two people in the platform team, and messages go to one Teams channel."""
    plain = CONFIG.replace("start-stopped-clusters: true}", "start-stopped-clusters: true, approval: {from: platform}}")
    bot = f'teams-bot: {{conversation: "{CHANNEL}", service-url: "{simulation.environment["TEAMS_SERVICE_URL"]}"}}'
    return (
        plain.replace("slack: {channel: C0123}", bot)
        + f"""
identity: {{entra-tenant: {TENANT}}}
people:
  ana: {{entra: {ANA}}}
  ben: {{entra: {BEN}}}
  cleo: {{entra: {CLEO}}}
groups: {{platform: [ana, ben]}}
commands: [{{from: platform, allow: [run]}}]
"""
    )


@pytest.fixture
def bot(simulation: Running, tmp_path: Path) -> Bot:
    return Bot(simulation, tmp_path, config(simulation))


async def listen(bot: Bot) -> None:
    """Have Teams send people's actions to the bot's endpoint, as its Azure Bot resource specifies."""
    await bot.control("/teams/bot", {"endpoint": f"{bot.url}/api/teams/messages"})


def activities(simulation: Running) -> list[dict[str, Any]]:
    found: Any = simulation.control("/teams")["activities"]
    return list(found)


def asked(simulation: Running) -> dict[str, Any]:
    """The approval request as the channel shows it."""
    (found,) = [each for each in activities(simulation) if ": approval" in each["summary"] and not each["thread"]]
    return found


def verbs(activity: dict[str, Any]) -> list[str]:
    """The choices. The rejection is in the card that its button unfolds."""
    actions = activity["card"].get("actions", [])
    inner = [each for action in actions for each in action.get("card", {}).get("actions", [action])]
    return [action["verb"] for action in inner if action["type"] == "Action.Execute"]


def words(card: dict[str, Any]) -> str:
    return "\n".join(element["text"] for element in card["body"] if element["type"] == "TextBlock")


def alone(simulation: Running) -> list[tuple[str, str]]:
    """The recipients of the bot's private messages, and their text."""
    personal = simulation.simulation.connector.personal
    return [
        (personal[each["conversation"]].removeprefix("29:"), words(each["card"]))
        for each in activities(simulation)
        if each["conversation"] in personal
    ]


async def vote(bot: Bot, user: str, verb: str = "approve", **more: object) -> Any:
    answer = await bot.control(
        "/teams/click", {"activity": asked(bot.simulation)["id"], "verb": verb, "user": user, **more}
    )
    assert answer["status"] == 200, answer
    return answer["answer"]


def reasons(bot: Bot) -> list[str]:
    return [entry.data["reason"] for entry in bot.ledger("2026-11-16") if entry.kind == "refused-request"]


def results(bot: Bot) -> list[str]:
    return [entry.data["result"] for entry in bot.ledger("2026-11-16") if entry.kind == "attempt"]


@async_test
async def test_a_run_continues_after_two_people_approve_in_teams(bot: Bot, simulation: Running) -> None:
    """The run was requested by a holder of the function key, so two approvals are needed. The message is edited, not repeated."""
    async with bot:
        await listen(bot)
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        assert verbs(asked(simulation)) == ["approve", "reject"]
        assert {each["mentioned"]["id"] for each in asked(simulation)["card"]["msteams"]["entities"]} == {ANA, BEN}
        first = await vote(bot, ANA)
        assert first["type"] == "application/vnd.microsoft.card.adaptive"
        assert "ana has approved in Teams" in words(first["value"])
        stranger = await vote(bot, EVE)
        assert stranger["type"] == "application/vnd.microsoft.activity.message"
        assert "does not know you" in stranger["value"]
        last = await vote(bot, BEN)
        assert "approved by ana, ben in Teams" in words(last["value"])
        assert "actions" not in last["value"]
        await bot.run_until(after(hours=3))
        assert bot.run(run).state is State.DONE
        assert bot.started_operations() == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]
    assert verbs(asked(simulation)) == []
    assert "approved by ana, ben in Teams" in words(asked(simulation)["card"])
    assert results(bot) == ["counted", "unknown-person", "approved"]
    (reported,) = [each for each in activities(simulation) if "2 of 2 pools" in each["summary"]]
    assert reported["summary"] == "✓ Node images · shop-dev · 2 of 2 pools · done"
    assert reported["edits"] > 0


@async_test
async def test_a_rejection_in_teams_ends_the_run_and_shows_the_reason(bot: Bot, simulation: Running) -> None:
    async with bot:
        await listen(bot)
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        shown = await vote(bot, BEN, "reject", inputs={"reason": "the sale\nends on Thursday"})
        assert "the sale ends on Thursday" in words(shown["value"])
        await bot.run_until(after(minutes=1))
        assert "the sale ends on Thursday" in words(asked(simulation)["card"])
        await bot.run_until(after(hours=1))
        assert (bot.run(run).state, bot.started_operations()) == (State.HALTED, [])
    assert "the sale ends on Thursday" in bot.run(run).why


@async_test
async def test_a_vote_that_teams_redelivers_counts_once(bot: Bot) -> None:
    async with bot:
        await listen(bot)
        await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        answers = [await vote(bot, ANA, event="f:1") for _ in range(3)]
        assert answers[0] == answers[1] == answers[2]
    assert results(bot) == ["counted", "counted", "counted"]


@async_test
async def test_a_person_who_votes_too_late_is_shown_who_decided(bot: Bot, simulation: Running) -> None:
    async with bot:
        await listen(bot)
        await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        old = simulation.simulation.connector.find(asked(simulation)["id"])
        assert old is not None
        shown = dict(old.activity)
        await vote(bot, ANA, "reject")
        # Ben still sees the earlier card.
        old.activity = shown
        late = await vote(bot, BEN)
        assert "rejected by ana" in words(late["value"])
    assert results(bot) == ["rejected", "late"]


@async_test
async def test_a_command_in_the_channel_is_answered_only_to_its_sender(bot: Bot, simulation: Running) -> None:
    async with bot:
        await listen(bot)
        await bot.run_until(after(minutes=-4))
        before = len(activities(simulation))
        reported: dict[str, object] = {"user": ANA, "text": "status", "conversation": CHANNEL}
        for _ in range(2):
            answer = await bot.control("/teams/say", {**reported, "event": "said-1"})
            assert answer["status"] == 200
        assert len(activities(simulation)) == before + 1
    ((user, text),) = alone(simulation)
    assert (user, "atus" in text) == (ANA, True)


@async_test
async def test_a_person_who_has_blocked_the_bot_is_answered_in_the_thread(bot: Bot, simulation: Running) -> None:
    simulation.simulation.connector.closed.add(f"29:{ANA}")
    async with bot:
        await listen(bot)
        await bot.control("/teams/say", {"user": ANA, "text": "status", "conversation": CHANNEL, "event": "said-7"})
    (answer,) = activities(simulation)
    assert (answer["conversation"], answer["thread"]) == (CHANNEL, "said-7")


@async_test
async def test_a_slow_command_is_answered_later_in_the_same_place(bot: Bot, simulation: Running) -> None:
    async with bot:
        await listen(bot)
        await bot.run_until(after(minutes=-4))
        await bot.control("/teams/say", {"user": ANA, "text": "plan"})
        await bot.run_until(after(minutes=-3))
    assert [user for user, _ in alone(simulation)] == [ANA, ANA]


@async_test
async def test_an_unknown_person_cannot_start_anything(bot: Bot, simulation: Running) -> None:
    async with bot:
        await listen(bot)
        await bot.control("/teams/say", {"user": EVE, "text": "run node-image shop-dev"})
        assert bot.calls == []
    ((_, text),) = alone(simulation)
    assert "Daytwo does not know you" in text


@async_test
async def test_a_person_from_another_tenant_is_rejected(bot: Bot, simulation: Running) -> None:
    """The same object id in another tenant belongs to another person."""
    async with bot:
        await listen(bot)
        reported: dict[str, object] = {"user": ANA, "text": "status", "tenant": "44444444-4444-4444-4444-444444444444"}
        assert (await bot.control("/teams/say", reported))["status"] == 403
    assert (activities(simulation), reasons(bot)) == ([], ["other-tenant"])


@async_test
async def test_the_first_installation_is_answered_with_configuration_instructions(
    simulation: Running, tmp_path: Path
) -> None:
    """Nothing can be posted until the conversation is known, but the endpoint works."""
    before = (
        config(simulation).split("  teams-bot:")[0] + "  {}\n" + "identity" + config(simulation).split("identity")[1]
    )
    bot = Bot(simulation, tmp_path, before)
    async with bot:
        await listen(bot)
        answer = await bot.control("/teams/install", {"user": ANA, "conversation": CHANNEL})
        assert answer["status"] == 200
    (entry,) = [entry for entry in bot.ledger("2026-11-16") if entry.kind == "teams-installed"]
    assert entry.data == {"conversation": CHANNEL, "service-url": simulation.environment["TEAMS_SERVICE_URL"]}


@async_test
async def test_an_activity_that_teams_has_not_signed_is_rejected_and_recorded_in_the_ledger(
    bot: Bot, simulation: Running
) -> None:
    signer, people = simulation.simulation.signer, simulation.simulation.people
    activity = people.message({"user": ANA, "text": "run node-image shop-dev"}, "said-1")
    body = json.dumps(activity).encode()
    async with bot:
        for forged in ("", "Bearer x", f"Bearer {signer.token(aud='another')}", f"Bearer {signer.token(exp=1)}"):
            answer = await bot.post_raw("teams/messages", body, {"Authorization": forged})
            assert answer.status == 401
        true = {"Authorization": f"Bearer {signer.token()}"}
        assert (await bot.post_raw("teams/messages", b"x" * 300_000, true)).status == 413
        assert (await bot.post_raw("teams/messages", b"{", true)).status == 400
        other = {"Authorization": f"Bearer {signer.token(serviceurl='http://127.0.0.1:1/teams/')}"}
        assert (await bot.post_raw("teams/messages", body, other)).status == 401
        assert bot.calls == []
    assert reasons(bot) == ["bad-token", "too-large", "unreadable"]


@async_test
async def test_no_activity_is_accepted_while_the_signing_keys_cannot_be_fetched(bot: Bot, simulation: Running) -> None:
    simulation.simulation.signer.is_down = True
    async with bot:
        await listen(bot)
        assert (await bot.control("/teams/say", {"user": ANA, "text": "status"}))["status"] == 503
    assert reasons(bot) == ["no-keys"]


@async_test
async def test_a_retired_webhook_causes_a_warning_instead_of_a_crash(
    simulation: Running, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = Bot(simulation, tmp_path, CONFIG.replace("slack: {channel: C0123}", "teams: {envelope: message}"))
    async with bot:
        os.environ["TEAMS_WEBHOOK"] = "https://contoso.webhook.office.com/webhookb2/x"
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(hours=3))
        assert bot.run(run).state is State.DONE
    warnings = [each.getMessage() for each in caplog.records if "TEAMS_WEBHOOK" in each.getMessage()]
    assert len(warnings) == 1
    assert "Create a Workflows webhook and use its address." in warnings[0]


@async_test
async def test_a_missing_app_id_causes_a_warning_instead_of_a_crash(
    bot: Bot, simulation: Running, caplog: pytest.LogCaptureFixture
) -> None:
    async with bot:
        os.environ["TEAMS_BOT_APP_ID"] = ""
        assert (await bot.post_raw("teams/messages", b"{}", {})).status == 404
        assert (await bot.call("GET", "runs")).status == 200
    assert "TEAMS_BOT_APP_ID is missing" in caplog.text
    assert activities(simulation) == []
