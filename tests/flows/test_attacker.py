"""A week of attacks on the real app (`daytwo simulate --story attacker`): nothing is harmed, everything is on record, work continues."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.adapters import calendar_feeds
from ops.model.ledger import Entry
from ops.model.run import State
from ops.tables.approvals import approvals
from ops.tables.runs import controls, rollouts, runs
from simulator.oracle import End, Verdict, judge, read_journal
from simulator.oracle.config import read
from simulator.oracle.harm import Harm, disrupted_pods, harmed, hidden_messages, read_posts
from simulator.oracle.history import History
from simulator.running import running
from simulator.simulation import Simulation
from simulator.stories.attacker import (
    ATTACKER,
    DAYS,
    DEFAULT_CHANNEL,
    HONEST_PROD,
    HOSTILE_DEV,
    PRODUCTION_CHANNEL,
    START,
    TAGGED_PROD,
    config_as_intended,
)
from simulator.world.journal import Entry as Happened
from simulator.world.journal import Kind
from simulator.world.specs import PRINCIPAL
from tests.flows.bot import Bot, started_operations
from tests.simulator.host.harness import async_test

END = START + timedelta(days=DAYS)
UNKNOWN = ("slack:T0DAYTWO/U0EVE", "slack:T0DAYTWO/U0MAL")


@dataclass(frozen=True)
class Week:
    """What is left after the week: the journal of the world, the chat, and the records of the bot."""

    bot: Bot
    journal: tuple[Happened, ...]
    channels: Any
    ephemeral: Any
    ledger: tuple[Entry, ...]
    started: tuple[str, ...]
    verdict: Verdict

    def harm(self) -> tuple[Harm, ...]:
        """Everything that was harmed."""
        rules = read(config_as_intended())
        history = History(ATTACKER.fleet, self.journal, 0)
        posts = read_posts(self.channels)
        hidden = hidden_messages(rules, history, self.journal, posts)
        return (*harmed(self.verdict), *disrupted_pods(self.journal, PRINCIPAL), *hidden)

    def recorded(self, kind: str, *parts: str) -> list[Entry]:
        """The ledger's entries of a kind that contain all these texts."""
        return [entry for entry in self.ledger if entry.kind == kind and all(part in entry.text for part in parts)]

    def shown(self, channel: str) -> list[str]:
        """The first lines of the messages in a channel."""
        (found,) = [each for each in self.channels if each["id"] == channel]
        return [message["text"] for message in found["messages"]]


@async_test
async def live(bot: Bot) -> None:
    async with bot:
        await bot.connect_slack()
        await bot.run_until(END)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("attacker")
    simulation = Simulation(ATTACKER.fleet)
    simulation.perform(ATTACKER)
    # How long Slack waits is of no interest here, and this machine may be busy.
    simulation.slack.bot_client.response_timeout_s = 30
    with pytest.MonkeyPatch.context() as patch, running(simulation) as world:
        patch.setattr(calendar_feeds, "TOTAL_S", 0.4)
        config = Path(world.environment["STORY_CONFIG"]).read_text(encoding="utf-8")
        bot = Bot(world, folder, config, schema="eventgrid")
        live(bot)
        entries: Any = world.control("/journal")["entries"]
        journal = tuple(read_journal(entries))
        chat = world.control("/slack")
        days = [f"{START + timedelta(days=day):%Y-%m-%d}" for day in range(DAYS + 1)]
        yield Week(
            bot,
            journal,
            chat["channels"],
            chat["ephemeral"],
            tuple(bot.ledger(*days)),
            tuple(started_operations(world)),
            judge(config_as_intended(), ATTACKER.fleet, journal, START, END),
        )


def test_nothing_is_harmed(week: Week) -> None:
    assert week.harm() == ()


def test_the_honest_work_of_the_week_is_done(week: Week) -> None:
    assert {pool.end for pool in week.verdict.eligible} == {End.UPGRADED}
    assert len(week.verdict.eligible) == 5
    (rollout,) = [stored.value for stored in rollouts(week.bot.store).scan() if stored.value.plan.period == "2026-w47"]
    assert rollout.state is State.DONE
    assert week.verdict.expected["reboot"] == 1
    assert [run.state for run in week_runs(week, f"reboot.{HONEST_PROD}")] == [State.DONE]


def week_runs(week: Week, prefix: str) -> list[Any]:
    return [stored.value for stored in runs(week.bot.store).scan(prefix)]


def test_only_the_approver_approves_and_the_votes_of_all_others_are_recorded_and_answered(week: Week) -> None:
    approved = [stored.value for stored in approvals(week.bot.store).scan() if str(stored.value.state) == "approved"]
    assert [each.runbook for each in approved] == ["node-image"]
    assert {vote.person for each in approved for vote in each.votes} == {"ana"}
    for choice in ("approve", "reject"):
        for stranger in UNKNOWN:
            assert week.recorded("attempt", f"{choice} by {stranger}", "unknown-person")
        assert week.recorded("attempt", f"{choice} by dan", "not-approver")
    replies = {(each["user"], each["text"].replace("\u200b", "")) for each in week.ephemeral}
    assert ("U0DAN", "You are not an approver of this request: platform decides.") in replies
    for stranger in ("U0EVE", "U0MAL"):
        assert any(user == stranger and text.startswith("Daytwo does not know you") for user, text in replies)


def test_commands_without_the_right_have_no_effect_and_are_recorded_once_each(week: Week) -> None:
    """Slack delivers each command twice. Strangers cannot fill the ledger, neither by commands nor by a flood."""
    assert list(controls(week.bot.store).scan()) == []
    assert [run.id for run in week_runs(week, "") if run.source == "slack"] == []
    by_dan = [entry for entry in week.recorded("command", "was rejected") if entry.by == "dan"]
    assert len(by_dan) == 4 * 9
    for command in ("run node-image", "run reboot", "run power", "run tags", "awake", "skip", "cancel"):
        assert any(command.split()[0] in entry.text for entry in by_dan)
    by_strangers = list(week.recorded("command", "Daytwo does not know you"))
    assert len(by_strangers) == 8
    assert len([each for each in week.ephemeral if each["user"] == "U0EVE"]) >= 4 * (15 + 40)


def test_direction_marks_of_strangers_never_reach_a_channel(week: Week) -> None:
    assert "\u202e" not in str(week.channels)


@pytest.mark.parametrize(
    ("parts", "headline"),
    [
        (("are not all machines", "a machine outside the cluster's node resource group"), f"◆ Nodes · {HOSTILE_DEV} ·"),
        (("are not all machines", "Azure does not list its machine in a node pool"), f"◆ Nodes · {HOSTILE_DEV} ·"),
        (("waiting for a person", "a machine outside the cluster's node resource"), f"Reboots · {HOSTILE_DEV} ·"),
    ],
)
def test_what_the_hostile_admin_claims_is_recorded_and_reported(
    week: Week, parts: tuple[str, ...], headline: str
) -> None:
    assert week.recorded("condition", *parts)
    assert any(headline in text for text in week.shown(DEFAULT_CHANNEL))


def test_the_hostile_admin_affects_only_the_own_cluster(week: Week) -> None:
    """Machines of production are restarted once, for production, and the evictions that the agent invented change nothing."""
    restarts = [entry for entry in week.journal if entry.kind is Kind.MACHINE_RESTART]
    assert {entry.cluster for entry in restarts} == {HONEST_PROD}
    assert all(entry.at >= datetime(2026, 11, 19, 22, tzinfo=START.tzinfo) for entry in restarts)
    assert len(week.recorded("event", f"does not belong to a spot pool of {HOSTILE_DEV}")) == 4 * 2
    assert week_runs(week, "spot.") == []
    assert [run.state for run in week_runs(week, f"node-image.{HOSTILE_DEV}") if run.ended] == [State.DONE]


@pytest.mark.parametrize(
    "change",
    [
        "ring: production → pre-production",
        "ring: production → no ring",
        "awake per week: 168 h → 0 h",
        "team: 'mallory' → no tag",
    ],
)
def test_what_the_tag_writer_tries_is_held_and_reported_in_the_channel_of_production(week: Week, change: str) -> None:
    assert week.recorded("condition", "a change is held", change)
    assert any(f"Tags · {TAGGED_PROD}" in text for text in week.shown(PRODUCTION_CHANNEL))


def test_a_tag_writer_cannot_loosen_anything_or_flood_the_approvers(week: Week) -> None:
    """The tags that are accepted in the end are those of the start, and a channel that the writer added."""
    assert [entry for entry in week.started if TAGGED_PROD in entry] == [f"upgrade-node-image {TAGGED_PROD} user1"]
    asked = [text for text in week.shown(PRODUCTION_CHANNEL) if "Tags: approval" in text]
    assert 5 <= len(asked) <= 10
    assert not any("Tags" in text for text in week.shown(DEFAULT_CHANNEL))


def test_a_hostile_calendar_is_reported_and_its_last_freezes_apply(week: Week) -> None:
    assert len({entry.text for entry in week.recorded("condition", "cannot be read: 127.0.0.1")}) >= 2
    assert any("Calendars · daytwo.yaml · can be read again" in text for text in week.shown(DEFAULT_CHANNEL))
    frozen = [
        entry
        for entry in week.journal
        if entry.kind in (Kind.MACHINE_RESTART, Kind.NODE_CORDONED)
        and datetime(2026, 11, 18, 20, tzinfo=START.tzinfo) <= entry.at < datetime(2026, 11, 19, 8, tzinfo=START.tzinfo)
    ]
    assert frozen == []
