"""A configuration that breaks: nothing new begins, and it is said once."""

from collections.abc import Callable
from datetime import datetime, timedelta

from ops.config.config_file import ConfigState
from ops.engine.run_starter import start_run
from ops.messaging.conditions import report_configuration
from tests.engine.upgrading import IN_WINDOW, Operations, signal, world
from tests.fakes import World
from tests.in_memory_engine import Double


def test_with_a_configuration_that_broke_nothing_new_begins() -> None:
    by = world()
    by.problem = "daytwo.yaml:3: unknown key"
    run, _ = start_run(by.context, signal(by))
    double = Double(by, _mended_after(by, IN_WINDOW + timedelta(hours=1)))
    double.run("operation", {"run": run.id})
    assert by.clusters.begun == ["upgrade user1"]
    assert double.calls[:4] == ["assess"] * 4


def _mended_after(by: World, at: datetime) -> Callable[[str], None]:
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        if by.clock.at >= at:
            by.problem = ""
        operations(activity)

    return meanwhile


def test_a_configuration_that_breaks_is_said_once_and_edited_when_it_is_mended() -> None:
    by = World()
    report_configuration(by.context.ports, ConfigState(by.settings), by.clock.at)
    assert by.chat.posts == 0
    for problem in ("daytwo.yaml:3: unknown key", "daytwo.yaml:3: unknown key", ""):
        report_configuration(by.context.ports, ConfigState(by.settings, problem), by.clock.at)
    assert (by.chat.posts, by.chat.edits) == (1, 1)
    (shown,) = by.chat.shown.values()
    assert shown["text"] == "✓ Configuration · daytwo.yaml · is valid again · done"
