"""Sleep by the clock: what the schedule asked for and the world shows, and what went against it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulator.oracle import KeptAwake
from simulator.world.specs import ClusterSpec
from tests.simulator.oracle.story import CONFIG, SUNDAY, Story, at, cluster

POWER = CONFIG + 'power: [{select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}]\n'
EVERYTHING = CONFIG + 'power: [{select: {regions: [westeurope]}, awake: "mon-fri 08:00-19:00", zone: UTC}]\n'
TAG_ALONE = CONFIG + "power: [{select: {tags: {env: dev}}}]\n"


def asleep(name: str = "dev") -> ClusterSpec:
    return replace(cluster(name), stopped=True)


def days(story: Story, *names: str) -> None:
    """Awake from eight to seven on each of these days."""
    for name in names:
        story.power("dev", "start", f"{name} 08:00", f"{name} 08:06")
        story.power("dev", "stop", f"{name} 19:00", f"{name} 19:05")


def a_week() -> Story:
    story = Story(asleep())
    days(story, "mon", "tue", "wed", "thu", "fri")
    return story


def power(story: Story, config: str = POWER, presses: tuple[KeptAwake, ...] = ()) -> tuple[int, list[str]]:
    """How many runs are expected, and what was violated, node images aside."""
    verdict = story.verdict(config, SUNDAY, presses)
    return verdict.expected["power"], list(verdict.violations)


def test_each_morning_and_each_evening_is_a_run() -> None:
    assert power(a_week()) == (10, [])


def test_without_a_schedule_there_is_none() -> None:
    assert power(Story(asleep()), CONFIG) == (0, [])


def test_a_start_that_failed_is_made_good_by_the_next() -> None:
    story = Story(asleep())
    story.power("dev", "start", "mon 08:00", "mon 08:06", status="Failed")
    story.power("dev", "start", "mon 08:15", "mon 08:21")
    story.power("dev", "stop", "mon 19:00", "mon 19:05")
    days(story, "tue", "wed", "thu", "fri")
    assert power(story) == (10, [])


def test_a_start_after_which_a_node_is_not_ready_is_no_success() -> None:
    story = a_week()
    story.not_ready("dev/system/1", "tue 08:01", "tue 08:40")
    assert power(story)[0] == 9


def test_an_override_moves_the_evening() -> None:
    story = Story(asleep())
    days(story, "mon", "tue", "thu", "fri")
    story.power("dev", "start", "wed 08:00", "wed 08:06")
    story.power("dev", "stop", "wed 23:00", "wed 23:05")
    pressed = (KeptAwake("dev", at("wed 18:00"), at("wed 23:00"), "ana"),)
    assert power(story, presses=pressed) == (10, [])
    assert power(story)[1] == ["awake-against-schedule: dev at 2026-11-18 19:00:00 UTC"]


def test_an_override_holds_from_when_it_was_pressed() -> None:
    story = Story(asleep())
    days(story, "mon", "tue", "thu", "fri")
    story.power("dev", "start", "wed 08:00", "wed 08:06")
    story.power("dev", "stop", "wed 23:00", "wed 23:05")
    pressed = (KeptAwake("dev", at("wed 22:00"), at("wed 23:00"), "ana"),)
    assert power(story, presses=pressed)[1] == ["awake-against-schedule: dev at 2026-11-18 19:00:00 UTC"]


def test_its_own_tag_narrows_the_schedule() -> None:
    story = Story(replace(asleep(), tags=(("env", "dev"), ("Daytwo-Awake", "mon-tue 10:00-12:00"))))
    for day in ("mon", "tue"):
        story.power("dev", "start", f"{day} 10:00", f"{day} 10:06")
        story.power("dev", "stop", f"{day} 12:00", f"{day} 12:05")
    assert power(story) == (4, [])
    assert power(story, TAG_ALONE) == (4, [])


def test_a_tag_that_cannot_be_read_changes_nothing() -> None:
    assert power(Story(replace(asleep(), tags=(("env", "dev"), ("daytwo-awake", "always"))))) == (0, [])


def test_a_sleeper_that_is_woken_for_its_node_images_is_no_run_of_power() -> None:
    story = a_week()
    story.power("dev", "start", "mon 22:00", "mon 22:08")
    story.upgrade("dev/system", "mon 22:10")
    story.power("dev", "stop", "mon 22:31", "mon 22:35")
    verdict = story.verdict(POWER)
    assert (verdict.expected["power"], verdict.violations) == (10, ())


def left_asleep(story: Story) -> None:
    days(story, "mon", "tue", "thu", "fri")


def left_awake(story: Story) -> None:
    days(story, "mon", "tue", "wed", "thu")
    story.power("dev", "start", "fri 08:00", "fri 08:06")


def stopped_by_day(story: Story) -> None:
    days(story, "tue", "wed", "thu", "fri")
    story.power("dev", "start", "mon 08:00", "mon 08:06")
    story.power("dev", "stop", "mon 12:00", "mon 12:05")
    story.power("dev", "start", "mon 12:30", "mon 12:35")
    story.power("dev", "stop", "mon 19:00", "mon 19:05")


def without_a_pause(story: Story) -> None:
    days(story, "tue", "wed", "thu", "fri")
    story.power("dev", "start", "mon 18:50", "mon 18:58")
    story.power("dev", "stop", "mon 19:01", "mon 19:05")
    story.operation("foreign", "dev", None, "mon 08:00", "mon 18:50", who="terraform")


def stops_production(story: Story) -> None:
    days(story, "mon", "tue", "wed", "thu", "fri")
    story.power("prod", "stop", "wed 20:00", "wed 20:05")


def stops_what_is_in_no_ring(story: Story) -> None:
    days(story, "mon", "tue", "wed", "thu", "fri")
    story.power("lab", "stop", "wed 20:00", "wed 20:05")


@pytest.mark.parametrize(
    ("tells", "expected"),
    [
        (left_asleep, ["asleep-against-schedule: dev at 2026-11-18 08:00:00 UTC"]),
        (left_awake, ["awake-against-schedule: dev at 2026-11-20 19:00:00 UTC"]),
        (stopped_by_day, ["stopped-unasked: dev at 2026-11-16 12:00:00 UTC"]),
        (without_a_pause, ["no-pause: dev at 2026-11-16 19:01:00 UTC"]),
        (stops_production, ["stopped-unasked: prod at 2026-11-18 20:00:00 UTC"]),
        (stops_what_is_in_no_ring, ["stopped-unasked: lab at 2026-11-18 20:00:00 UTC"]),
    ],
)
def test_what_goes_against_the_schedule_is_told(tells: Callable[[Story], None], expected: list[str]) -> None:
    story = Story(asleep(), cluster("prod", "prod"), cluster("lab", "sandbox"))
    tells(story)
    assert power(story, EVERYTHING)[1] == expected


def test_half_an_hour_late_is_in_time_and_so_is_what_waits_for_an_operation() -> None:
    story = Story(asleep())
    days(story, "tue", "wed", "thu", "fri")
    story.power("dev", "start", "mon 08:30", "mon 08:36")
    story.operation("foreign", "dev", None, "mon 19:00", "mon 21:00", who="terraform")
    story.power("dev", "stop", "mon 21:20", "mon 21:25")
    assert power(story) == (10, [])
