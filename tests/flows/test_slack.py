"""Approvals and commands in Slack, end to end: the real app with the simulated Slack."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from ops.model.run import State
from ops.tables.runs import controls
from simulator.running import Running
from simulator.slack.signing import SIGNING_SECRET, signed
from tests.flows.bot import Bot, environment
from tests.flows.fleet import CONFIG, TWO_POOLS, after
from tests.simulator.host.harness import async_test

APPROVED = (
    CONFIG.replace("start-stopped-clusters: true}", "start-stopped-clusters: true, approval: {from: platform}}")
    + """
identity: {slack-team: T0DAYTWO}
people:
  ana: {slack: U0ANA}
  ben: {slack: U0BEN}
  cleo: {slack: U0CLEO}
groups: {platform: [ana, ben]}
commands: [{from: platform, allow: [run]}]
"""
)


@pytest.fixture
def bot(simulation: Running, tmp_path: Path) -> Bot:
    return Bot(simulation, tmp_path, APPROVED)


def asked(simulation: Running) -> Any:
    """The approval request as Slack shows it."""
    channels: Any = simulation.control("/slack")["channels"]
    (message,) = [
        each
        for each in channels[0]["messages"]
        if each["metadata"]["event_payload"]["key"].startswith("approval") or "approval" in each["text"]
    ]
    return message


def heard(simulation: Running) -> list[tuple[str, str]]:
    """The private replies."""
    ephemeral: Any = simulation.control("/slack")["ephemeral"]
    return [(each["user"], each["text"]) for each in ephemeral]


def buttons(message: Any) -> list[str]:
    rows = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


async def vote(bot: Bot, user: str, action: str = "approve.0", **more: object) -> Any:
    ts = asked(bot.simulation)["ts"]
    answer = await bot.control(
        "/slack/click", {"channel": "C0123", "ts": ts, "action_id": action, "user": user, **more}
    )
    return answer["status"], answer["body"]


@async_test
async def test_a_run_continues_after_two_people_approve_in_slack(bot: Bot, simulation: Running) -> None:
    """The run was requested by a holder of the function key, so two approvals are needed."""
    async with bot:
        await bot.connect_slack()
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        assert buttons(asked(simulation))[:2] == ["approve.0", "reject.1"]
        assert await vote(bot, "U0ANA") == (200, "")
        assert await vote(bot, "U0EVE") == (200, "")
        assert await vote(bot, "U0BEN") == (200, "")
        await bot.run_until(after(hours=3))
        assert bot.run(run).state is State.DONE
        assert bot.started_operations() == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]
    (ana, first), (eve, second), (ben, third) = heard(simulation)
    assert (ana, first) == ("U0ANA", "Your approval counts: 1 of 2 needed.")
    assert (eve, "does not know you" in second) == ("U0EVE", True)
    assert (ben, "Approved." in third) == ("U0BEN", True)
    assert buttons(asked(simulation)) == []
    results = [entry.data["result"] for entry in bot.ledger("2026-11-16") if entry.kind == "attempt"]
    assert results == ["counted", "unknown-person", "approved"]


@async_test
async def test_a_vote_that_slack_redelivers_counts_once(bot: Bot, simulation: Running) -> None:
    async with bot:
        await bot.connect_slack()
        await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        await vote(bot, "U0ANA")
        body = simulation.simulation.slack.bot_client.sent[0]
        for _ in range(2):
            again = await bot.post_raw("slack/interactions", body, signed(body, simulation.world.now))
            assert (again.status, again.body) == (200, None)
    attempts = [entry.data for entry in bot.ledger("2026-11-16") if entry.kind == "attempt"]
    assert [entry["result"] for entry in attempts] == ["counted", "counted", "counted"]
    assert [entry["delivered-again"] for entry in attempts] == ["no", "yes", "yes"]
    assert len({entry["event"] for entry in attempts}) == 1


def forms(simulation: Running) -> Any:
    """Every form that Slack has opened, oldest first."""
    return simulation.control("/slack")["views"]


async def send(bot: Bot, user: str, text: str = "") -> Any:
    answer = await bot.control("/slack/submit", {"user": user, "text": text})
    return answer["status"], answer["body"]


@async_test
async def test_slack_asks_for_the_reason_for_a_rejection_and_it_is_recorded(bot: Bot, simulation: Running) -> None:
    async with bot:
        await bot.connect_slack()
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        assert await vote(bot, "U0BEN", "reject.1") == (200, "")
        (form,) = forms(simulation)
        assert (form["user"], form["open"], form["submit"]["text"], form["close"]["text"]) == (
            "U0BEN",
            True,
            "Reject",
            "Back",
        )
        assert "shop-dev" in form["blocks"][0]["text"]["text"]
        assert (bot.run(run).state, heard(simulation)) == (State.NEEDS_YOU, [])
        assert await send(bot, "U0BEN", "the sale\nends on Thursday") == (200, "")
        assert not forms(simulation)[0]["open"]
        await bot.run_until(after(minutes=1))
        assert bot.run(run).state is State.HALTED
        assert "the sale ends on Thursday" in str(asked(simulation)["blocks"])
    assert heard(simulation) == [("U0BEN", "Rejected. No step of the plan will be executed.")]
    (attempt,) = [entry.data for entry in bot.ledger("2026-11-16") if entry.kind == "attempt"]
    assert (attempt["result"], attempt["reason"]) == ("rejected", "the sale ends on Thursday")


@async_test
async def test_a_person_who_closes_the_form_has_not_decided_and_can_still_approve(bot: Bot) -> None:
    async with bot:
        await bot.connect_slack()
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        await vote(bot, "U0BEN", "reject.1")
        await bot.control("/slack/close", {"user": "U0BEN"})
        await vote(bot, "U0BEN", "approve.0")
        assert bot.run(run).state is State.NEEDS_YOU
    results = [entry.data["result"] for entry in bot.ledger("2026-11-16") if entry.kind == "attempt"]
    assert results == ["counted"]


@async_test
async def test_a_form_that_is_submitted_twice_and_redelivered_counts_as_one_rejection(
    bot: Bot, simulation: Running
) -> None:
    async with bot:
        await bot.connect_slack()
        await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        await vote(bot, "U0BEN", "reject.1")
        opening = simulation.simulation.slack.bot_client.sent[-1]
        await send(bot, "U0BEN", "late in the day")
        sent = simulation.simulation.slack.bot_client.sent[-1]
        other = sent.replace(b"late", b"2000")
        assert other != sent
        for body in (sent, other, opening):
            again = await bot.post_raw("slack/interactions", body, signed(body, simulation.world.now))
            assert (again.status, again.body) == (200, None)
    attempts = [entry.data for entry in bot.ledger("2026-11-16") if entry.kind == "attempt"]
    assert [entry["result"] for entry in attempts] == ["rejected", "rejected", "rejected"]
    assert [entry["delivered-again"] for entry in attempts] == ["no", "yes", "yes"]
    assert "late in the day" in str(asked(simulation)["blocks"])
    assert len(forms(simulation)) == 1


@async_test
async def test_a_form_submitted_too_late_shows_who_decided_first(bot: Bot, simulation: Running) -> None:
    """The address for private replies has expired by then."""
    async with bot:
        await bot.connect_slack()
        await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        await vote(bot, "U0ANA", "reject.1")
        await vote(bot, "U0BEN", "reject.1")
        await send(bot, "U0BEN", "no")
        await bot.run_until(after(minutes=40))
        await send(bot, "U0ANA", "never")
        (late, _) = forms(simulation)
    assert late["open"]
    assert "submit" not in late
    assert late["blocks"][0]["text"]["text"].startswith("It was rejected by ben Mon 2026-11-16 21:08 UTC: no")
    assert [user for user, _ in heard(simulation)] == ["U0BEN"]


@async_test
async def test_a_rejection_counts_immediately_if_slack_does_not_open_the_form(
    simulation: Running, tmp_path: Path
) -> None:
    """A rejection is never lost: the reply states that no reason was given."""
    bot = Bot(simulation, tmp_path, APPROVED)
    async with bot:
        await bot.connect_slack()
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        with no_forms(simulation):
            assert await vote(bot, "U0BEN", "reject.1") == (200, "")
        await bot.run_until(after(minutes=1))
        assert bot.run(run).state is State.HALTED
    assert heard(simulation) == [
        (
            "U0BEN",
            "Rejected. No step of the plan will be executed. Slack could not open the dialog that asks for a reason, so none is recorded.",
        )
    ]
    assert forms(simulation) == []


@async_test
async def test_an_unknown_person_who_selects_reject_does_not_see_a_dialog(bot: Bot, simulation: Running) -> None:
    async with bot:
        await bot.connect_slack()
        await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-2))
        await vote(bot, "U0EVE", "reject.1")
        await vote(bot, "U0CLEO", "reject.1")
    assert forms(simulation) == []
    assert [user for user, _ in heard(simulation)] == ["U0EVE", "U0CLEO"]


@async_test
async def test_opening_the_plan_does_not_decide_the_request(simulation: Running, tmp_path: Path) -> None:
    bot = Bot(simulation, tmp_path, APPROVED)
    with environment({"DAYTWO_URL": "https://daytwo.example/api"}):
        async with bot:
            await bot.connect_slack()
            await bot.start_run(TWO_POOLS)
            await bot.run_until(after(minutes=-2))
            assert await vote(bot, "U0ANA", "open.2") == (200, "")
    assert [entry.kind for entry in bot.ledger("2026-11-16") if entry.kind in ("attempt", "refused-request")] == []


@async_test
async def test_a_reply_that_slack_did_not_accept_is_sent_by_the_next_tick(bot: Bot, simulation: Running) -> None:
    async with bot:
        await bot.connect_slack()
        await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=-3))
        with broken_answers(simulation):
            assert await vote(bot, "U0ANA") == (200, "")
        assert heard(simulation) == []
        await bot.run_until(after(minutes=6))
        assert [user for user, _ in heard(simulation)] == ["U0ANA"]
        assert list(bot.store.scan("answer")) == []


@async_test
async def test_a_command_is_answered_immediately_and_only_to_its_sender(bot: Bot, simulation: Running) -> None:
    async with bot:
        await bot.connect_slack()
        await bot.run_until(after(minutes=-4))
        answer = await bot.control("/slack/command", {"user": "U0ANA", "text": "status"})
        assert answer["status"] == 200
        await bot.control("/slack/command", {"user": "U0EVE", "text": "run node-image shop-dev"})
    assert [user for user, _ in heard(simulation)] == ["U0ANA", "U0EVE"]
    assert "Daytwo does not know you" in str(simulation.control("/slack")["ephemeral"])
    assert bot.calls == []


@async_test
async def test_a_slow_command_is_answered_later(bot: Bot, simulation: Running) -> None:
    async with bot:
        await bot.connect_slack()
        await bot.run_until(after(minutes=-4))
        await bot.control("/slack/command", {"user": "U0ANA", "text": "plan"})
        await bot.run_until(after(minutes=-3))
    assert [user for user, _ in heard(simulation)] == ["U0ANA", "U0ANA"]


@async_test
async def test_the_endpoints_report_a_missing_signing_secret(bot: Bot) -> None:
    async with bot:
        os.environ["SLACK_SIGNING_SECRET"] = " "
        for path in ("slack/interactions", "slack/commands"):
            body = b"payload=%7B%7D"
            answer = await bot.post_raw(path, body, signed(body, bot.simulation.world.now))
            assert answer.status == 503
            assert "SLACK_SIGNING_SECRET is missing" in answer.body["error"]


@async_test
async def test_only_post_requests_are_served(bot: Bot) -> None:
    async with bot, bot.http.get("/api/slack/interactions") as answer:
        assert answer.status == 405


@async_test
async def test_a_request_that_slack_has_not_signed_is_rejected_and_recorded_in_the_ledger(
    bot: Bot, simulation: Running
) -> None:
    body = b"payload=%7B%7D"
    async with bot:
        wrong = signed(body, simulation.world.now, "another secret")
        for _ in range(50):
            answer = await bot.post_raw("slack/interactions", body, wrong)
            assert answer.status == 401
        large = await bot.post_raw("slack/commands", b"x" * 300_000, {})
        assert large.status == 413
    refused = [entry for entry in bot.ledger("2026-11-16") if entry.kind == "refused-request"]
    assert [(entry.data["endpoint"], entry.data["reason"]) for entry in refused] == [
        ("slack-interactions", "not-signed"),
        ("slack-commands", "too-large"),
    ]
    assert refused[0].data["sha256"] == hashlib.sha256(body).hexdigest()
    assert SIGNING_SECRET not in str(refused)


@contextmanager
def broken_answers(simulation: Running) -> Iterator[None]:
    """Slack's addresses for private replies fail."""
    hooks = simulation.simulation.slack.hooks
    working = hooks.in_trouble
    hooks.in_trouble = True
    try:
        yield
    finally:
        hooks.in_trouble = working


@contextmanager
def no_forms(simulation: Running) -> Iterator[None]:
    """Every trigger has expired by the time it is used."""
    triggers = simulation.simulation.slack.bot_client.triggers
    living = triggers.live_for
    triggers.live_for = timedelta(seconds=-1)
    try:
        yield
    finally:
        triggers.live_for = living


def typed(text: str, trigger: str) -> bytes:
    """A slash command from Ana, as Slack sends it. The same trigger is the same delivery."""
    fields = {"team_id": "T0DAYTWO", "user_id": "U0ANA", "user_name": "ana", "command": "/daytwo"}
    return urlencode({**fields, "text": text, "trigger_id": trigger, "response_url": ""}).encode()


@async_test
async def test_a_command_that_slack_sends_again_has_no_effect_even_after_a_restart(
    simulation: Running, tmp_path: Path
) -> None:
    config = APPROVED.replace("allow: [run]", "allow: [run, pause, resume]")

    async def send(bot: Bot, body: bytes) -> str:
        answer = await bot.post_raw("slack/commands", body, signed(body, simulation.world.now))
        return str(answer.body)

    async with Bot(simulation, tmp_path, config, engine_on_disk=True) as bot:
        await bot.run_until(after(minutes=-4))  # the hourly timer records the fleet
        run = await bot.start_run(TWO_POOLS)
        first = await send(bot, typed(f"pause {run}", "1.1.a"))
        await send(bot, typed(f"resume {run}", "2.2.b"))
    async with Bot(simulation, tmp_path, config, engine_on_disk=True) as bot:
        assert await send(bot, typed(f"pause {run}", "1.1.a")) == first
        assert controls(bot.store).must_get(run).value.paused_by == ""
        await send(bot, typed(f"pause {run}", "3.3.c"))
        assert controls(bot.store).must_get(run).value.paused_by == "ana"
