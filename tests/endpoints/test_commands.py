"""Commands from a chat: who is allowed to do what, and the replies that they get."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.policy.commands import Command, read_command, read_until
from ops.scheduling.fleet_scan import record_fleet
from ops.tables.overrides import override_end, overrides
from ops.tables.runs import Control, controls, runs
from tests.approvals.story import PEOPLE
from tests.driving import NOON, call
from tests.endpoints.chat_helper import send_command
from tests.fakes import ALL_OPERATIONS, World, cluster

RULES = """
commands:
  - {from: platform, allow: [run, awake, skip, pause, resume, cancel], rings: [pre-production]}
  - {from: ana, allow: [run], rings: [production], runbooks: [node-image]}
"""
BAD_LINES = [
    ("delete shop-dev", "there is no command delete"),
    ("why", "why needs the name of one cluster"),
    ("run shop-dev", "run needs a runbook and a cluster"),
    ("awake shop-dev", "awake needs a cluster and a time"),
    ("skip shop-dev", "skip needs a cluster"),
    ("cancel a b", "cancel needs the name of one cluster"),
    ("why <!channel>", "why needs the name of one cluster"),
]


@pytest.fixture
def world() -> World:
    made = World(config=ALL_OPERATIONS + PEOPLE + RULES)
    made.clock.at = NOON
    made.clusters.put(cluster("shop-dev"), cluster("shop-prod", env="prod"))
    record_fleet(made.context, list(made.clusters.fleet.values()), NOON)
    return made


def test_a_command_is_parsed_whatever_its_case_and_spacing() -> None:
    assert read_command("  RUN  Node-Image   shop-dev ") == Command("run", "shop-dev", "node-image")
    assert read_command("awake shop-dev until tomorrow 08:00") == Command("awake", "shop-dev", until="tomorrow 08:00")
    assert read_command("") == Command("help")


@pytest.mark.parametrize(("line", "wrong"), BAD_LINES)
def test_an_unknown_command_is_answered_with_the_problem_and_the_help_text(world: World, line: str, wrong: str) -> None:
    answer = send_command(world, "ana", line)
    assert wrong in answer
    assert "awake CLUSTER until TIME" in answer


def test_a_run_is_started_once_on_behalf_of_the_requester(world: World) -> None:
    first, again = (
        send_command(world, "ana", "run node-image shop-dev"),
        send_command(world, "ana", "run node-image shop-dev"),
    )
    assert first == again
    (run,) = (stored.value for stored in runs(world.store).scan())
    assert (run.by, run.source, run.target_name) == ("ana", "slack", "shop-dev")
    assert len(world.engine.started) == 1


def test_a_permission_is_limited_to_its_rings_and_runbooks(world: World) -> None:
    assert "You are not allowed to run node-image in production" in send_command(
        world, "ben", "run node-image shop-prod"
    )
    assert "You are not allowed to run reboot in production" in send_command(world, "ana", "run reboot shop-prod")
    assert "Requested node-image on shop-prod: node-image.shop-prod" in send_command(
        world, "ana", "run node-image shop-prod"
    )
    assert [entry.kind for entry in world.ledger.written.values() if entry.kind == "command"] == ["command"]


def test_an_unknown_person_learns_nothing_about_the_fleet(world: World) -> None:
    assert (
        send_command(world, "eve", "status")
        == "not done |  | Daytwo does not know you. Ask to be added to `people` in daytwo.yaml."
    )
    assert "You are not allowed to awake in pre-production" in send_command(world, "cleo", "awake shop-dev until 22:00")


def test_an_override_expires_and_is_posted_in_the_channel(world: World) -> None:
    assert "shop-dev stays awake | until 2026-11-16 22:00 UTC" in send_command(
        world, "ben", "awake shop-dev until 22:00"
    )
    (known,) = (c for c in world.clusters.fleet.values() if c.name == "shop-dev")
    assert override_end(world.store, "awake", known.id) == datetime(2026, 11, 16, 22, tzinfo=UTC)
    (shown,) = world.chat.shown.values()
    assert "shop-dev stays awake · requested by ben" in str(shown)


def test_a_skip_for_this_week_ends_on_monday(world: World) -> None:
    assert "shop-dev is left out of node image upgrades | until 2026-11-23 00:00 UTC" in send_command(
        world, "ben", "skip shop-dev this week"
    )


def test_a_clusters_runs_can_be_paused_resumed_and_cancelled_by_cluster_name(world: World) -> None:
    send_command(world, "ana", "run node-image shop-dev")
    (run,) = (stored.value for stored in runs(world.store).scan())
    for command, control in (
        ("pause", Control(paused_by="ben", at=NOON)),
        ("resume", Control(at=NOON)),
        ("cancel", Control(cancelled_by="ben", at=NOON)),
    ):
        send_command(world, "ben", f"{command} shop-dev")
        assert replace(controls(world.store).must_get(run.id).value, commands=()) == control
    assert "shop-prod has no open run" in send_command(world, "ben", "cancel shop-prod")


def test_a_query_that_reads_clusters_is_answered_later_in_the_same_conversation(world: World) -> None:
    assert "looking" in send_command(world, "ana", "why shop-dev")
    (payload,) = world.engine.payloads
    assert isinstance(payload, dict)
    assert call(world, "answer_query", payload) == "end"
    (given,) = world.replies.given
    assert given[0] == "https://hooks.slack.com/x"
    assert "next window opens" in str(given[1])


def test_a_plan_lists_every_pool(world: World) -> None:
    send_command(world, "ana", "plan")
    (payload,) = world.engine.payloads
    assert isinstance(payload, dict)
    call(world, "answer_query", payload)
    assert "2 of 2 pools are behind" in str(world.replies.given)


def test_the_status_command_shows_the_active_runs(world: World) -> None:
    assert "no active runs" in send_command(world, "cleo", "status")
    send_command(world, "ana", "run node-image shop-dev")
    assert "shop-dev: node-image" in send_command(world, "cleo", "status")


def test_an_unknown_cluster_is_reported_as_unknown(world: World) -> None:
    assert "Daytwo does not know a cluster shop-test" in send_command(world, "ana", "run node-image shop-test")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22:00", "2026-11-16 21:00"),
        ("11:00", "2026-11-17 10:00"),
        ("tomorrow 08:00", "2026-11-17 07:00"),
        ("2026-11-18 22:00", "2026-11-18 21:00"),
        ("2026-11-18T22:00+05:00", "2026-11-18 17:00"),
    ],
)
def test_a_time_is_interpreted_in_the_configured_time_zone(text: str, expected: str) -> None:
    read = read_until(text, "Europe/Amsterdam", NOON)
    assert isinstance(read, datetime)
    assert f"{read:%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    "text", ["teatime", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "0001-01-01", "0001-01-01 00:30"]
)
def test_an_invalid_time_is_answered_with_the_expected_format(text: str) -> None:
    read = read_until(text, "Asia/Tokyo", NOON)
    assert read == f"{text} is not a time: write 22:00, tomorrow 08:00 or 2026-11-18T22:00+01:00"


def test_the_why_command_lists_the_required_approvers() -> None:
    world = World(
        config=ALL_OPERATIONS.replace(
            "start-stopped-clusters: true}", "start-stopped-clusters: true, approval: {from: leads}}"
        )
        + PEOPLE
    )
    world.clock.at = NOON.replace(hour=23)
    world.clusters.put(cluster("shop-dev"))
    record_fleet(world.context, list(world.clusters.fleet.values()), world.clock.at)
    send_command(world, "ana", "why shop-dev")
    (payload,) = world.engine.payloads
    assert isinstance(payload, dict)
    call(world, "answer_query", payload)
    assert "would ask leads for approval, then act: user1" in str(world.replies.given)


@pytest.mark.parametrize("text", ["plan shop-dev", "help me", "status now"])
def test_a_superfluous_argument_is_reported(text: str) -> None:
    name = text.split(maxsplit=1)[0]
    assert read_command(text) == f"{name} takes no arguments"


def test_a_command_that_is_delivered_again_has_no_effect_not_even_after_an_opposite_one(world: World) -> None:
    """Slack repeats a command that was not answered in time, with the same `trigger_id`; perhaps to another process."""
    run_id = next(
        part
        for part in send_command(world, "ana", "run node-image shop-dev", "0").split()
        if part.startswith("node-image.")
    ).rstrip(":.")
    paused = send_command(world, "ana", f"pause {run_id}", "1")
    send_command(world, "ana", f"resume {run_id}", "2")
    assert send_command(world, "ana", f"pause {run_id}", "1") == paused
    assert controls(world.store).must_get(run_id).value.paused_by == ""
    send_command(world, "ana", f"pause {run_id}", "3")
    assert controls(world.store).must_get(run_id).value.paused_by == "ana"


def forget_replies(world: World) -> None:
    """What a process leaves that has executed a command and crashes before it has recorded the reply."""
    for record in list(world.store.scan("answered-command")):
        world.store.delete("answered-command", record.key)


@pytest.mark.parametrize(("line", "opposite"), [("pause", "resume"), ("resume", "pause")])
def test_a_command_has_no_further_effect_after_a_crash_and_an_opposite_one(
    world: World, line: str, opposite: str
) -> None:
    send_command(world, "ana", "run node-image shop-dev", "0")
    for number, name in enumerate((opposite, line), 1):
        send_command(world, "ana", f"{name} shop-dev", f"{number}")
    forget_replies(world)
    world.clock.advance(seconds=2)
    send_command(world, "ana", f"{opposite} shop-dev", "3")
    (before,) = [stored.value for stored in controls(world.store).scan()]
    written = len(world.ledger.written)
    world.clock.advance(seconds=2)
    assert "before the next step" in send_command(world, "ana", f"{line} shop-dev", "2")
    assert [stored.value for stored in controls(world.store).scan()] == [before]
    assert len(world.ledger.written) == written


def test_an_override_has_no_further_effect_after_a_crash_and_another_one(world: World) -> None:
    send_command(world, "ana", "awake shop-dev until 18:00", "1")
    forget_replies(world)
    world.clock.advance(seconds=2)
    second = send_command(world, "ana", "awake shop-dev until 20:00", "2")
    shown, written = dict(world.chat.shown), len(world.ledger.written)
    world.clock.advance(seconds=2)
    assert send_command(world, "ana", "awake shop-dev until 18:00", "1") == second
    (override,) = [stored.value for stored in overrides(world.store).scan()]
    assert f"{override.until:%H:%M}" in second
    assert (world.chat.shown, len(world.ledger.written)) == (shown, written)


def test_what_a_crashed_process_did_not_write_to_the_ledger_is_written_with_the_next_delivery(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_command(world, "ana", "run node-image shop-dev", "0")

    def crash(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.ledger, "append", crash)
    with pytest.raises(KeyboardInterrupt):
        send_command(world, "ana", "pause shop-dev", "1")
    monkeypatch.undo()
    send_command(world, "ana", "resume shop-dev", "2")
    send_command(world, "ana", "pause shop-dev", "1")
    assert sorted(entry.kind for entry in world.ledger.written.values()) == ["pause", "requested", "resume"]
    assert [stored.value.paused_by for stored in controls(world.store).scan()] == [""]


@pytest.mark.parametrize("line", ["awake shop-dev until 18:00", "skip shop-dev", "run node-image shop-dev"])
def test_the_reply_to_a_repeated_command_is_the_first_one(world: World, line: str) -> None:
    first = send_command(world, "ana", line)
    world.clock.advance(hours=1)
    assert send_command(world, "ana", line) == first
    assert send_command(world, "ana", line, "2") != ""


def test_a_query_that_is_delivered_again_is_answered_once(world: World) -> None:
    for _ in range(3):
        send_command(world, "ana", "why shop-dev")
        for key in list(world.store.scan("open")):
            world.store.delete("open", key.key)  # the query has ended in between
    assert len(world.engine.started) == 1


def test_a_stranger_does_not_fill_the_records(world: World) -> None:
    before = len(list(world.store.scan("answered-command")))
    for number in range(20):
        send_command(world, "eve", "run node-image shop-dev", f"e{number}")
    assert len(list(world.store.scan("answered-command"))) == before


def test_too_many_runs_are_refused_with_the_reason(world: World) -> None:
    replies = [send_command(world, "ana", "run node-image shop-dev", f"e{number}") for number in range(11)]
    assert "already has 10 open runs" in replies[-1]
    assert len(list(runs(world.store).scan())) == 10
