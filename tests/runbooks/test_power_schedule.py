"""Power schedules in full: whole plans, what is waited for, and which windows apply (docs/power.md)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from ops.model.calendar import Window
from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import Cluster, Gone, Power, Unknown
from ops.model.plan import Claim, Plan, Skip, Step
from ops.model.reasons import SkipReason, WaitReason
from ops.model.run import Run
from ops.model.run_request import RunRequest
from ops.policy.power import (
    DesiredPower,
    NoSchedule,
    awake_minutes,
    desired_power,
    may_sleep,
    schedule_of,
    tag_of,
    tag_window,
)
from ops.runbooks.power import RUNBOOK, Facts
from tests.fakes import ALL_OPERATIONS, cluster, settings

# Tuesday: the schedule of `ALL_OPERATIONS` is mon-fri 08:00-19:00 UTC.
DAY, NIGHT = datetime(2026, 11, 17, 10, tzinfo=UTC), datetime(2026, 11, 17, 21, tzinfo=UTC)
FIVE = timedelta(minutes=5)
SETTINGS = settings(ALL_OPERATIONS)
DEV, ASLEEP = cluster("shop-dev"), cluster("shop-dev", running=False)


def run(created: datetime) -> Run:
    return Run("r1", "power", DEV.id, "shop-dev", "p", created, "timer", "daytwo")


def decide(of: Cluster | Unknown, now: datetime, **facts: object) -> object:
    known = replace(Facts(of, None, None), **facts)  # type: ignore[arg-type]  # fields by name
    return RUNBOOK.decide(known, SETTINGS, run(now), now)


@pytest.mark.parametrize(
    ("of", "now", "verb", "title", "why"),
    [
        (DEV, NIGHT, "stop-cluster", "stop", "its schedule says asleep"),
        (ASLEEP, DAY, "start-cluster", "start", "its schedule says awake"),
    ],
)
def test_a_plan_has_one_step_and_names_the_schedule(
    of: Cluster, now: datetime, verb: str, title: str, why: str
) -> None:
    step = Step(title, verb, f"{title} the cluster", {}, 900)
    assert decide(of, now) == Act(Plan("power", of.id, (step,), (Claim(f"cluster.{of.id}"),), (why,), risk="power"))


def test_a_cluster_in_its_desired_state_says_which() -> None:
    assert decide(DEV, DAY) == Nothing("the cluster is awake, as scheduled: its schedule says awake")
    assert decide(ASLEEP, NIGHT) == Nothing("the cluster is asleep, as scheduled: its schedule says asleep")
    late = NIGHT + timedelta(hours=1)
    assert decide(DEV, NIGHT, awake_until=late) == Nothing(
        "the cluster is awake, as scheduled: kept awake until Tue 22:00 UTC"
    )


def test_a_cluster_without_a_schedule_is_skipped_and_only_a_wrong_tag_needs_a_person() -> None:
    why = "no schedule selects it"
    assert decide(cluster("a", env="test"), NIGHT) == Nothing(why, (Skip("a", SkipReason.NO_SCHEDULE, why),))
    why = "its tag daytwo-awake cannot be parsed, so nothing is changed: odd"
    skip = Skip("shop-dev", SkipReason.BAD_TAG, why, needs_person=True)
    assert decide(DEV, NIGHT, tag_schedule="odd") == Nothing(why, (skip,))


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (Unknown("no answer"), "the cluster could not be read: no answer"),
        (
            replace(DEV, power=Power.UNKNOWN),
            "the power state could not be read: Azure does not report whether the cluster is running",
        ),
    ],
)
def test_what_could_not_be_read_is_read_again_for_an_hour(of: Cluster | Unknown, why: str) -> None:
    def at(minutes: float) -> object:
        now = NIGHT + timedelta(minutes=minutes)
        return RUNBOOK.decide(Facts(of, None, None), SETTINGS, run(NIGHT), now)

    assert at(0) == Wait(NIGHT + FIVE, why, WaitReason.UNREADABLE)
    assert at(55) == Wait(NIGHT + timedelta(hours=1), why, WaitReason.UNREADABLE)
    assert at(55.1) == Nothing(why, missing_facts=True)


def test_a_cluster_that_is_gone_ends_the_run() -> None:
    assert decide(Gone("it does not exist"), NIGHT) == Nothing("it does not exist")


def test_a_cluster_that_another_run_has_started_is_left_awake() -> None:
    why = "node-image.x has started it and will stop it"
    assert decide(DEV, NIGHT, temporary_holder="node-image.x") == Nothing(
        why, (Skip("shop-dev", SkipReason.HELD, why),)
    )
    why = "it cannot be determined whether another run has started it: no answer"
    assert decide(DEV, NIGHT, temporary_holder=Unknown("no answer")) == Nothing(
        why, (Skip("shop-dev", SkipReason.HELD, why, needs_person=True),)
    )
    assert isinstance(decide(ASLEEP, DAY, temporary_holder="node-image.x"), Act)


def test_a_run_waits_for_another_operation_and_for_the_pause_of_aks() -> None:
    assert decide(replace(DEV, provisioning_state="Updating"), NIGHT) == Wait(
        NIGHT + FIVE, "another operation is running on the cluster", WaitReason.BUSY
    )
    changed = NIGHT - timedelta(minutes=15)
    assert isinstance(decide(DEV, NIGHT, power_changed=changed), Act)
    changed += timedelta(seconds=1)
    assert decide(DEV, NIGHT, power_changed=changed) == Wait(
        NIGHT + timedelta(seconds=1), "AKS requires a pause between a stop and a start", WaitReason.POWER_PAUSE
    )


@pytest.mark.parametrize(
    ("of", "now", "is_due"),
    [
        (DEV, NIGHT, True),
        (DEV, DAY, False),
        (ASLEEP, DAY, True),
        (ASLEEP, NIGHT, True),
        (replace(DEV, tags={"env": "dev", "daytwo-awake": "mon-fri 12:00-13:00"}), DAY, True),
        (replace(DEV, provisioning_state="Updating"), NIGHT, False),
        (cluster("a", env="test"), NIGHT, False),
        (replace(DEV, node_auto_provisioning=True), NIGHT, True),
    ],
)
def test_a_cluster_that_may_not_be_in_its_scheduled_state_is_due(of: Cluster, now: datetime, *, is_due: bool) -> None:
    request = RunRequest("power", of.id, of.name, f"20261117t{now:%H%M}", now, "timer", "daytwo")
    assert RUNBOOK.due([of], SETTINGS, now) == ((request,) if is_due else ())


def window(days: set[int], start: time, end: time, zone: str = "UTC") -> Window:
    return Window("w", frozenset(days), start, end, zone)


def desired(tag: Window | str | None, now: datetime, awake_until: datetime | None = None) -> DesiredPower | NoSchedule:
    return desired_power(DEV, SETTINGS, tag, awake_until, now)


ASLEEP_WHY, AWAKE_WHY = "its schedule says asleep", "its schedule says awake"


class TestDesired:
    """Schedule, tag and override together."""

    NARROW = window({1}, time(9), time(12))

    def test_the_state_lasts_until_the_first_of_both_windows_closes(self) -> None:
        nineteen = datetime(2026, 11, 17, 19, tzinfo=UTC)
        assert desired(None, DAY) == DesiredPower(awake=True, why=AWAKE_WHY, until=nineteen)
        noon = datetime(2026, 11, 17, 12, tzinfo=UTC)
        assert desired(self.NARROW, DAY) == DesiredPower(awake=True, why=AWAKE_WHY, until=noon)

    def test_it_is_asleep_until_the_last_of_both_windows_opens(self) -> None:
        eight = datetime(2026, 11, 18, 8, tzinfo=UTC)
        assert desired(None, NIGHT) == DesiredPower(awake=False, why=ASLEEP_WHY, until=eight)
        next_week = datetime(2026, 11, 24, 9, tzinfo=UTC)
        assert desired(self.NARROW, NIGHT) == DesiredPower(awake=False, why=ASLEEP_WHY, until=next_week)
        afternoon = datetime(2026, 11, 17, 13, tzinfo=UTC)
        assert desired(self.NARROW, afternoon) == DesiredPower(awake=False, why=ASLEEP_WHY, until=next_week)

    def test_an_override_lasts_until_its_end(self) -> None:
        late = NIGHT + timedelta(hours=2)
        kept = DesiredPower(awake=True, why="kept awake until Tue 23:00 UTC", until=late)
        assert desired(None, NIGHT, late) == kept
        assert desired(self.NARROW, late, late).awake is False  # type: ignore[union-attr]  # a desired state

    def test_a_tag_without_a_common_time_changes_nothing(self) -> None:
        found = desired(window({5, 6}, time(9), time(12)), DAY)
        assert found == NoSchedule(
            SkipReason.BAD_TAG,
            "its tag daytwo-awake and its entry in `power` have no time in common, so it would never be awake, and "
            "nothing is changed: write a tag within mon,tue,wed,thu,fri 08:00-19:00 UTC, or change the entry",
        )

    def test_one_common_minute_is_enough(self) -> None:
        assert isinstance(desired(window({0}, time(18, 59), time(20)), DAY), DesiredPower)
        assert isinstance(desired(window({0}, time(19), time(20)), DAY), NoSchedule)
        assert isinstance(desired(window({0}, time(7), time(8, 1)), DAY), DesiredPower)
        assert isinstance(desired(window({0}, time(7), time(8)), DAY), NoSchedule)
        assert isinstance(desired(window({0}, time(18, 30), time(20)), DAY), DesiredPower)
        assert isinstance(desired(window({0}, time(19, 30), time(20)), DAY), NoSchedule)

    def test_an_overnight_tag_reaches_into_the_next_morning_and_from_sunday_into_monday(self) -> None:
        assert isinstance(desired(window({6}, time(22), time(8, 1)), DAY), DesiredPower)
        assert isinstance(desired(window({6}, time(22), time(8)), DAY), NoSchedule)

    def test_a_schedule_that_ends_at_midnight_is_written_with_24_hours(self) -> None:
        config = ALL_OPERATIONS.replace("mon-fri 08:00-19:00", "sat 08:00-24:00")
        found = desired_power(DEV, settings(config), self.NARROW, None, DAY)
        assert isinstance(found, NoSchedule)
        assert "write a tag within sat 08:00-24:00 UTC, or" in found.why

    def test_a_schedule_without_times_needs_a_tag(self) -> None:
        config = settings(ALL_OPERATIONS.replace(', awake: "mon-fri 08:00-19:00", zone: UTC', ", zone: UTC"))
        why = "its schedule has no times, and it has no tag daytwo-awake"
        assert desired_power(DEV, config, None, None, DAY) == NoSchedule(SkipReason.NO_SCHEDULE, why)
        assert isinstance(desired_power(DEV, config, self.NARROW, None, DAY), DesiredPower)


@pytest.mark.parametrize(
    ("of", "code", "why"),
    [
        (cluster(env="qa"), SkipReason.NO_RING, "the cluster is not in a ring, so Daytwo leaves it alone"),
        (
            cluster(env="prod"),
            SkipReason.PRODUCTION,
            "production is the last ring, whose clusters are never stopped",
        ),
        (
            cluster(node_auto_provisioning=True),
            SkipReason.NODE_AUTO_PROVISIONING,
            "AKS cannot stop a cluster with node auto-provisioning",
        ),
    ],
)
def test_a_cluster_that_is_never_stopped_says_why(of: Cluster, code: SkipReason, why: str) -> None:
    assert may_sleep(of, SETTINGS) == NoSchedule(code, why)


TWO = settings(
    ALL_OPERATIONS.replace(
        "power:\n", 'power:\n  - {select: {names: [early-*]}, awake: "mon 06:00-07:00", zone: Europe/Amsterdam}\n'
    )
)


def test_the_first_schedule_that_selects_the_cluster_applies() -> None:
    early = schedule_of(cluster("early-dev"), TWO)
    assert early is not None
    assert early.zone == "Europe/Amsterdam"
    assert schedule_of(cluster("late-dev"), TWO) == TWO_LAST
    assert schedule_of(cluster("late", env="test"), TWO) is None


TWO_LAST = schedule_of(DEV, SETTINGS)


def tagged(text: str, name: str = "early-dev", **more: str) -> Cluster:
    return cluster(name, tags={"env": "dev", "daytwo-awake": text, **more})


def test_a_tag_is_read_in_the_zone_of_its_schedule() -> None:
    found = tag_window(tagged("mon 09:00-10:00"), TWO)
    assert isinstance(found, Window)
    assert (found.days, found.start, found.end, found.zone) == (frozenset({0}), time(9), time(10), "Europe/Amsterdam")
    unselected = cluster("x", tags={"env": "test", "daytwo-awake": "mon 09:00-10:00"})
    found = tag_window(unselected, TWO)
    assert isinstance(found, Window)
    assert found.zone == "UTC"
    assert tag_window(cluster("early-dev"), TWO) is None


def test_a_tag_that_cannot_be_read_is_quoted_up_to_sixty_characters() -> None:
    found = tag_window(tagged("x" * 61), TWO)
    assert isinstance(found, str)
    assert found.startswith(f"'{'x' * 60}': ")


def test_a_tags_name_is_compared_without_regard_to_case() -> None:
    assert tag_of({"a": "b", "Daytwo-Awake": "always"}) == "always"
    assert tag_of({"a": "b"}) is None


@pytest.mark.parametrize(
    ("of", "minutes"),
    [
        (DEV, 5 * 11 * 60),
        (tagged("mon 09:00-10:00", "shop-dev"), 60),
        (tagged("sat 09:00-10:00", "shop-dev"), 0),
        (tagged("odd", "shop-dev"), 7 * 24 * 60),
        (cluster(env="test"), 7 * 24 * 60),
        (replace(DEV, node_auto_provisioning=True), 7 * 24 * 60),
    ],
)
def test_the_time_awake_per_week(of: Cluster, minutes: int) -> None:
    assert awake_minutes(of, SETTINGS) == minutes


def test_a_schedule_without_times_and_tag_keeps_a_cluster_awake() -> None:
    config = settings(ALL_OPERATIONS.replace(', awake: "mon-fri 08:00-19:00", zone: UTC', ", zone: UTC"))
    assert awake_minutes(DEV, config) == 7 * 24 * 60
    assert awake_minutes(tagged("mon 09:00-10:00", "shop-dev"), config) == 60
