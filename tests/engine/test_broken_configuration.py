"""While the configuration is invalid, no step begins, and the problem is reported once."""

from datetime import timedelta

from ops.config.config_file import ConfigState
from ops.messaging.conditions import report_configuration, report_ledger
from tests.driving import IN_WINDOW, AzureOperations
from tests.engine.worlds import upgrade, world_in_window
from tests.fakes import World


def test_no_step_begins_while_the_configuration_is_invalid() -> None:
    world = world_in_window()
    world.problem = "daytwo.yaml:3: unknown key"
    operations = AzureOperations(world)

    def fixed_after_an_hour(activity: str) -> None:
        if world.clock.at >= IN_WINDOW + timedelta(hours=1):
            world.problem = ""
        operations(activity)

    run = upgrade(world, fixed_after_an_hour)
    assert world.clusters.begun == ["upgrade user1"]
    assert run.engine.calls[:4] == ["assess"] * 4


def test_an_invalid_configuration_is_reported_once_and_the_message_is_edited_after_the_fix() -> None:
    world = World()
    report_configuration(world.context.ports, ConfigState(world.settings), world.clock.at)
    assert world.chat.posts == 0
    for problem in ("daytwo.yaml:3: unknown key", "daytwo.yaml:3: unknown key", ""):
        report_configuration(world.context.ports, ConfigState(world.settings, problem), world.clock.at)
    assert (world.chat.posts, world.chat.edits) == (1, 1)
    (shown,) = world.chat.shown.values()
    assert shown["text"] == "✓ Configuration · daytwo.yaml · is valid again · done"


def test_a_damaged_ledger_is_reported_once_and_the_message_is_edited_when_it_is_over() -> None:
    world = World()
    report_ledger(world.context.ports, world.clock.at)
    assert world.chat.posts == 0
    today = f"{world.clock.at:%Y-%m-%d}"
    world.ledger.damaged[today] = (f"{today}.jsonl has a line 3 that is not an entry",)
    for hours in (0, 1, 23):
        report_ledger(world.context.ports, world.clock.at + timedelta(hours=hours))
    assert (world.chat.posts, world.chat.edits) == (1, 0)
    (shown,) = world.chat.shown.values()
    assert shown["text"] == "◆ Ledger · does not verify · needs you"
    assert f"{today}.jsonl has a line 3 that is not an entry" in str(shown)
    report_ledger(world.context.ports, world.clock.at + timedelta(days=2))
    (shown,) = world.chat.shown.values()
    assert shown["text"] == "✓ Ledger · verifies again since yesterday · done"
