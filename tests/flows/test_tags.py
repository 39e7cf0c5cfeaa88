"""A tag only narrows (docs/tags.md): someone changes tags in Azure, and the real app holds what would loosen its rules."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.model.run import Run, State
from ops.tables.conditions import open_conditions
from ops.tables.runs import runs
from simulator.oracle import judge, read_journal
from simulator.running import running_simulation
from simulator.stories.hostile_tags import attack, schedule
from simulator.world.scripted_faults import TagsChange
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import TWO_RINGS, nights
from tests.flows.bot import Bot, running_bot, target_of
from tests.simulator.host.harness import async_test
from tests.staging import in_west_europe

# A Monday. Every cluster is seen at 12:00; tags change at 12:05, and people are asked from 12:35 on.
START = datetime(2026, 11, 16, 11, 55, tzinfo=UTC)
RETAGGED = datetime(2026, 11, 16, 12, 5, tzinfo=UTC)
ASKED = datetime(2026, 11, 16, 12, 40, tzinfo=UTC)
EVENING = datetime(2026, 11, 16, 19, 20, tzinfo=UTC)
MORNING = datetime(2026, 11, 17, 5, 5, tzinfo=UTC)
CONFIG = (
    TWO_RINGS
    + nights()
    + """\
node-image: {window: nights, approval: {rings: [production], from: platform}}
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}
chat:
  slack:
    channel: C0123
    routes:
      - {select: {tags: {env: prod}}, channel: C0456}
      - {select: {tags: {team: web}}, channel: C0789}
identity: {slack-team: T0DAYTWO}
people: {ana: {slack: U0ANA}, ben: {slack: U0BEN}}
groups: {platform: [ana, ben]}
"""
)
WITHOUT_RULE = CONFIG.replace(", approval: {rings: [production], from: platform}", "")
POOLS = (PoolSpec("system", 1, mode="System", max_surge="1"),)
PROD = ClusterSpec("shop-prod", "westeurope", POOLS, resource_group="rg", tags=(("env", "prod"),))
DEV = ClusterSpec("shop-dev", "westeurope", POOLS, resource_group="rg", tags=(("env", "dev"),))


def retagged(folder: Path, *changes: TagsChange, config: str = CONFIG) -> AbstractContextManager[Bot]:
    """The bot in a world with one cluster per ring, in which someone changes tags."""
    return running_bot(in_west_europe("tags", START, PROD, DEV, scripted_faults=changes), folder, config)


def to_dev() -> TagsChange:
    return TagsChange("shop-prod", RETAGGED, "env=dev")


def posts(bot: Bot, channel: str) -> list[Any]:
    channels: Any = bot.simulation.control("/slack")["channels"]
    return [message for each in channels if each["id"] == channel for message in each["messages"]]


def request(bot: Bot, channel: str) -> Any:
    """The request to accept changed tags, as this channel shows it."""
    (found,) = [each for each in posts(bot, channel) if "Tags: approval" in each["text"]]
    return found


async def click(bot: Bot, user: str, action: str, channel: str = "C0456") -> None:
    shown = request(bot, channel)
    click_on = {"channel": channel, "ts": shown["ts"], "action_id": action, "user": user}
    await bot.control("/slack/click", click_on)


def of_prod(bot: Bot) -> list[str]:
    return [operation for operation in bot.started_operations() if "shop-prod" in operation]


def tag_runs(bot: Bot) -> list[Run]:
    return [stored.value for stored in runs(bot.store).scan("tags.")]


def test_a_production_cluster_with_the_tag_of_another_ring_is_neither_upgraded_early_nor_stopped(
    tmp_path: Path,
) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(MORNING)

    with retagged(tmp_path, to_dev()) as bot:
        act(bot)
        assert of_prod(bot) == []
        assert "stop shop-dev" in bot.started_operations()
        text = str(request(bot, "C0456")["blocks"])
        for part in ("env: 'prod' → 'dev'", "ring: production → pre-production", "awake per week: 168 h → 55 h"):
            assert part in text
        assert not [each for each in posts(bot, "C0123") if "Tags" in each["text"]]


@pytest.mark.parametrize(
    ("user", "action", "state", "expected"),
    [("U0ANA", "approve.0", State.DONE, ["stop shop-prod"]), ("U0BEN", "reject.1", State.HALTED, [])],
)
def test_an_approved_move_takes_effect_and_a_rejected_one_does_not(
    user: str, action: str, state: State, expected: list[str], tmp_path: Path
) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.connect_slack()
            await bot.run_until(ASKED)
            await click(bot, user, action)
            if action == "reject.1":
                await bot.control("/slack/submit", {"user": user, "text": "it is production"})
            await bot.run_until(EVENING)

    with retagged(tmp_path, to_dev()) as bot:
        act(bot)
        assert of_prod(bot) == expected
        assert [run.state for run in tag_runs(bot)] == [state]
        assert len(open_conditions(bot.store)) == (0 if expected else 1)
        decided = [entry.text for entry in bot.ledger("2026-11-16") if entry.kind == "attempt"]
        assert len(decided) == 1


def test_a_cluster_that_is_taken_out_of_patching_stays_in_its_ring(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(ASKED)
            preview = bot.run(await bot.start_run(PROD))
            assert preview.ring == "production"

    with retagged(tmp_path, TagsChange("shop-prod", RETAGGED, "owner=team-x")) as bot:
        act(bot)
        assert "ring: production → no ring" in str(request(bot, "C0456")["blocks"])


def test_messages_that_would_move_to_another_channel_stay_where_they_were(tmp_path: Path) -> None:
    """The request itself is in the old channel: a tag writer cannot choose who sees it."""

    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(datetime(2026, 11, 16, 12, 55, tzinfo=UTC))

    change = TagsChange("shop-prod", RETAGGED, "env=prod, team=web")
    away = TagsChange("shop-prod", datetime(2026, 11, 16, 12, 16, tzinfo=UTC), "env=dev, team=web")
    with retagged(tmp_path, change, away) as bot:
        act(bot)
        for channel in ("C0456", "C0789"):
            assert "env: 'prod' → 'dev'" in str(request(bot, channel)["blocks"])
        assert not [each for each in posts(bot, "C0123") if "Tags" in each["text"]]


def test_a_tag_that_lengthens_the_sleep_is_held_and_reported_with_its_remedies(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(datetime(2026, 11, 16, 14, 0, tzinfo=UTC))

    with retagged(tmp_path, TagsChange("shop-dev", RETAGGED, "env=dev, daytwo-awake=mon-fri 08:00-09:00")) as bot:
        act(bot)
        assert bot.started_operations() == []
        (condition,) = open_conditions(bot.store)
        assert "awake per week: 55 h → 5 h" in condition.text
        assert "add an approval rule for pre-production" in condition.remedy
        assert tag_runs(bot) == []


def test_without_a_rule_an_operator_accepts_the_change_by_naming_the_plan(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(ASKED)
            body: dict[str, object] = {"target": target_of(PROD), "by": "ana"}
            assert bot.run(await bot.start_run(PROD, "tags")).state is State.SKIPPED
            dry = await bot.call("POST", "runbooks/tags", body | {"dry_run": True})
            plan = (await bot.call("GET", f"runs/{dry.body['run']}")).body["plan"]["hash"]
            for wrong in ("deadbeef", 7, "../../"):
                assert (await bot.call("POST", "runbooks/tags", body | {"plan": wrong})).status == 400
            assert (await bot.call("POST", "runbooks/node-image", body | {"plan": plan})).status == 400
            accepted = await bot.call("POST", "runbooks/tags", body | {"plan": plan}, Idempotency_Key="accept")
            assert accepted.status == 202
            assert bot.run(accepted.body["run"]).state is State.DONE
            await bot.run_until(EVENING)

    with retagged(tmp_path, to_dev(), config=WITHOUT_RULE) as bot:
        act(bot)
        assert of_prod(bot) == ["stop shop-prod"]
        requested = [entry.text for entry in bot.ledger("2026-11-16") if "to execute the plan" in entry.text]
        assert len(requested) == 1


def test_clusters_that_are_retagged_together_are_one_request(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(ASKED)

    names = [f"shop-{number}" for number in range(4)]
    fleet = in_west_europe(
        "tags",
        START,
        *(ClusterSpec(name, "westeurope", POOLS, resource_group="rg", tags=(("env", "prod"),)) for name in names),
        scripted_faults=tuple(TagsChange(name, RETAGGED, "env=dev") for name in names),
    )
    with running_simulation(fleet) as simulation:
        bot = Bot(simulation, tmp_path, CONFIG)
        act(bot)
        text = str(request(bot, "C0456"))
        assert all(name in text for name in names)


def test_a_cluster_that_is_created_again_with_other_tags_is_seen_for_the_first_time(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(RETAGGED)
            again: dict[str, object] = {"cluster": "shop-prod", "tags": {"env": "dev"}, "createdAgain": True}
            await bot.control("/tags", again)
            await bot.run_until(EVENING)

    with retagged(tmp_path) as bot:
        act(bot)
        assert of_prod(bot) == ["stop shop-prod"]
        assert tag_runs(bot) == []


@pytest.mark.soak
def test_a_hostile_tag_writer_harms_nothing_in_a_week(tmp_path: Path) -> None:
    """The oracle derives from the journal which tags applied, and finds no operation that they do not allow."""
    until = START + timedelta(days=7)
    edits = attack("shop-prod", datetime(2026, 11, 16, 13, 2, tzinfo=UTC))
    fleet = in_west_europe("tags", START, PROD, DEV)

    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            await bot.run_until(until)

    with running_simulation(fleet) as simulation:
        schedule(simulation.world, edits)
        bot = Bot(simulation, tmp_path, CONFIG)
        act(bot)
        entries: Any = simulation.control("/journal")["entries"]
        verdict = judge(CONFIG, fleet, read_journal(entries), START, until)
        assert verdict.violations == ()
        assert of_prod(bot) == []
        # Two of the attempts loosen nothing in production: a route and hours that do not exist for it.
        assert len(tag_runs(bot)) == 4
        assert open_conditions(bot.store) == ()
