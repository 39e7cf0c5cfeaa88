"""Scheduled power: the transitions that the schedule required, those that took place, and violations of the schedule."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulator.oracle import AwakeOverride
from simulator.world.specs import ClusterSpec
from tests.simulator.oracle.journal_builder import CONFIG, SUNDAY, JournalBuilder, at, cluster

POWER = CONFIG + 'power: [{select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}]\n'
EVERYTHING = CONFIG + 'power: [{select: {regions: [westeurope]}, awake: "mon-fri 08:00-19:00", zone: UTC}]\n'
TAG_ALONE = CONFIG + "power: [{select: {tags: {env: dev}}}]\n"


def asleep(name: str = "dev") -> ClusterSpec:
    return replace(cluster(name), stopped=True)


def days(builder: JournalBuilder, *names: str) -> None:
    """The cluster runs from 08:00 to 19:00 on each of these days."""
    for name in names:
        builder.power("dev", "start", f"{name} 08:00", f"{name} 08:06")
        builder.power("dev", "stop", f"{name} 19:00", f"{name} 19:05")


def a_week() -> JournalBuilder:
    builder = JournalBuilder(asleep())
    days(builder, "mon", "tue", "wed", "thu", "fri")
    return builder


def power(
    builder: JournalBuilder, config: str = POWER, overrides: tuple[AwakeOverride, ...] = ()
) -> tuple[int, list[str]]:
    """The number of expected runs, and all violations except those that concern node images."""
    verdict = builder.verdict(config, SUNDAY, overrides)
    return verdict.expected["power"], list(verdict.violations)


def test_each_scheduled_transition_counts_as_a_run() -> None:
    assert power(a_week()) == (10, [])


def test_no_run_is_expected_without_a_schedule() -> None:
    assert power(JournalBuilder(asleep()), CONFIG) == (0, [])


def test_a_failed_start_is_corrected_by_the_next_successful_one() -> None:
    builder = JournalBuilder(asleep())
    builder.power("dev", "start", "mon 08:00", "mon 08:06", status="Failed")
    builder.power("dev", "start", "mon 08:15", "mon 08:21")
    builder.power("dev", "stop", "mon 19:00", "mon 19:05")
    days(builder, "tue", "wed", "thu", "fri")
    assert power(builder) == (10, [])


def test_a_start_with_an_unready_node_does_not_succeed() -> None:
    builder = a_week()
    builder.not_ready("dev/system/1", "tue 08:01", "tue 08:40")
    assert power(builder)[0] == 9


def test_an_override_delays_the_stop() -> None:
    builder = JournalBuilder(asleep())
    days(builder, "mon", "tue", "thu", "fri")
    builder.power("dev", "start", "wed 08:00", "wed 08:06")
    builder.power("dev", "stop", "wed 23:00", "wed 23:05")
    override = (AwakeOverride("dev", at("wed 18:00"), at("wed 23:00"), "ana"),)
    assert power(builder, overrides=override) == (10, [])
    assert power(builder)[1] == ["awake-against-schedule: dev at 2026-11-18 19:00:00 UTC"]


def test_an_override_applies_from_the_time_of_its_request() -> None:
    builder = JournalBuilder(asleep())
    days(builder, "mon", "tue", "thu", "fri")
    builder.power("dev", "start", "wed 08:00", "wed 08:06")
    builder.power("dev", "stop", "wed 23:00", "wed 23:05")
    override = (AwakeOverride("dev", at("wed 22:00"), at("wed 23:00"), "ana"),)
    assert power(builder, overrides=override)[1] == ["awake-against-schedule: dev at 2026-11-18 19:00:00 UTC"]


def test_a_tag_on_a_cluster_narrows_its_schedule() -> None:
    builder = JournalBuilder(replace(asleep(), tags=(("env", "dev"), ("Daytwo-Awake", "mon-tue 10:00-12:00"))))
    for day in ("mon", "tue"):
        builder.power("dev", "start", f"{day} 10:00", f"{day} 10:06")
        builder.power("dev", "stop", f"{day} 12:00", f"{day} 12:05")
    assert power(builder) == (4, [])
    assert power(builder, TAG_ALONE) == (4, [])


def test_an_invalid_tag_disables_the_schedule() -> None:
    assert power(JournalBuilder(replace(asleep(), tags=(("env", "dev"), ("daytwo-awake", "always"))))) == (0, [])


def test_a_start_for_node_images_does_not_count_as_a_power_run() -> None:
    builder = a_week()
    builder.power("dev", "start", "mon 22:00", "mon 22:08")
    builder.upgrade("dev/system", "mon 22:10")
    builder.power("dev", "stop", "mon 22:31", "mon 22:35")
    verdict = builder.verdict(POWER)
    assert (verdict.expected["power"], verdict.violations) == (10, ())


def left_asleep(builder: JournalBuilder) -> None:
    days(builder, "mon", "tue", "thu", "fri")


def left_awake(builder: JournalBuilder) -> None:
    days(builder, "mon", "tue", "wed", "thu")
    builder.power("dev", "start", "fri 08:00", "fri 08:06")


def stopped_by_day(builder: JournalBuilder) -> None:
    days(builder, "tue", "wed", "thu", "fri")
    builder.power("dev", "start", "mon 08:00", "mon 08:06")
    builder.power("dev", "stop", "mon 12:00", "mon 12:05")
    builder.power("dev", "start", "mon 12:30", "mon 12:35")
    builder.power("dev", "stop", "mon 19:00", "mon 19:05")


def without_a_pause(builder: JournalBuilder) -> None:
    days(builder, "tue", "wed", "thu", "fri")
    builder.power("dev", "start", "mon 18:50", "mon 18:58")
    builder.power("dev", "stop", "mon 19:01", "mon 19:05")
    builder.operation("foreign", "dev", None, "mon 08:00", "mon 18:50", who="terraform")


def stops_production(builder: JournalBuilder) -> None:
    days(builder, "mon", "tue", "wed", "thu", "fri")
    builder.power("prod", "stop", "wed 20:00", "wed 20:05")


def stops_what_is_in_no_ring(builder: JournalBuilder) -> None:
    days(builder, "mon", "tue", "wed", "thu", "fri")
    builder.power("lab", "stop", "wed 20:00", "wed 20:05")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (left_asleep, ["asleep-against-schedule: dev at 2026-11-18 08:00:00 UTC"]),
        (left_awake, ["awake-against-schedule: dev at 2026-11-20 19:00:00 UTC"]),
        (stopped_by_day, ["unscheduled-stop: dev at 2026-11-16 12:00:00 UTC"]),
        (without_a_pause, ["no-pause: dev at 2026-11-16 19:01:00 UTC"]),
        (stops_production, ["unscheduled-stop: prod at 2026-11-18 20:00:00 UTC"]),
        (stops_what_is_in_no_ring, ["unscheduled-stop: lab at 2026-11-18 20:00:00 UTC"]),
    ],
)
def test_deviations_from_the_schedule_are_reported(
    changes: Callable[[JournalBuilder], None], expected: list[str]
) -> None:
    builder = JournalBuilder(asleep(), cluster("prod", "prod"), cluster("lab", "sandbox"))
    changes(builder)
    assert power(builder, EVERYTHING)[1] == expected


def test_a_half_hour_delay_is_allowed() -> None:
    builder = JournalBuilder(asleep())
    days(builder, "tue", "wed", "thu", "fri")
    builder.power("dev", "start", "mon 08:30", "mon 08:36")
    builder.operation("foreign", "dev", None, "mon 19:00", "mon 21:00", who="terraform")
    builder.power("dev", "stop", "mon 21:20", "mon 21:25")
    assert power(builder) == (10, [])
