"""The schedule that a step carries: the same windows, and until when they keep the cluster awake."""

from datetime import UTC, datetime

import pytest

from ops.model.calendar import Window
from ops.policy.power import awake_until, schedule_windows, windows_text
from ops.settings.readers import parse_awake
from tests.fakes import ALL_OPERATIONS, cluster, settings

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
SETTINGS = settings(ALL_OPERATIONS)


def window(text: str, zone: str = "UTC") -> Window:
    found = parse_awake(text, zone)
    assert isinstance(found, Window)
    return found


@pytest.mark.parametrize(
    ("texts", "hour", "until"),
    [
        (("mon-fri 08:00-19:00",), 8, 19),
        (("mon-fri 08:00-19:00",), 7, None),
        (("mon-fri 08:00-19:00",), 19, None),
        (("mon-fri 08:00-19:00", "mon, wed 10:00-21:00"), 11, 19),
        (("mon-fri 08:00-19:00", "mon, wed 10:00-21:00"), 9, None),
        (("mon-fri 08:00-19:00", "tue 10:00-21:00"), 11, None),
        (("mon-fri 00:00-24:00",), 23, 24),
        ((), 11, None),
    ],
)
def test_a_cluster_is_awake_while_all_windows_are_open(texts: tuple[str, ...], hour: int, until: int | None) -> None:
    found = awake_until(windows_text([window(text) for text in texts]), MONDAY.replace(hour=hour))
    assert found == (None if until is None else datetime.fromtimestamp(MONDAY.timestamp() + until * 3600, UTC))


def test_a_window_over_midnight_and_its_zone_are_kept() -> None:
    text = windows_text([window("sun 22:00-06:00", "America/New_York")])
    assert text == "sun 22:00-06:00 America/New_York"
    assert awake_until(text, MONDAY.replace(hour=4)) == MONDAY.replace(hour=11)


def test_only_a_schedule_that_is_followed_counts() -> None:
    assert len(schedule_windows(cluster(), SETTINGS)) == 1
    assert len(schedule_windows(cluster(tags={"env": "dev", "daytwo-awake": "mon 09:00-17:00"}), SETTINGS)) == 2
    for other in (
        cluster("shop-prod", env="prod"),
        cluster(env="sandbox"),
        cluster(node_auto_provisioning=True),
        cluster(tags={"env": "dev", "daytwo-awake": "when I like"}),
        cluster(tags={"env": "dev", "daytwo-awake": "mon 20:00-23:00"}),
    ):
        assert schedule_windows(other, SETTINGS) == ()


def test_a_text_that_daytwo_has_not_written_is_refused() -> None:
    with pytest.raises(ValueError, match="was not written by Daytwo"):
        awake_until("whenever UTC", MONDAY)
