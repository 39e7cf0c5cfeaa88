"""The expected duration of an upgrade, and the order of pools."""

from datetime import date, timedelta

import pytest

from ops.model.image import NodeImage
from ops.policy.upgrade_duration import expected_duration, surge, upgrade_order
from tests.fakes import MONDAY, pool


@pytest.mark.parametrize(
    ("max_surge", "count", "spot", "expected"),
    [
        ("", 10, False, 1),
        ("1", 10, False, 1),
        ("33%", 10, False, 4),
        ("10%", 3, False, 1),
        ("50%", 10, True, 1),
        ("0", 5, False, 1),
        ("?", 5, False, 1),
    ],
)
def test_the_surge_is_parsed_and_never_overestimated(max_surge: str, count: int, spot: bool, expected: int) -> None:  # noqa: FBT001 - a column
    assert surge(pool(max_surge=max_surge, spot=spot), count) == expected


@pytest.mark.parametrize(
    ("count", "max_surge", "soak", "minutes"),
    [(3, "1", 0, 31), (14, "33%", 0, 31), (14, "10%", 0, 59), (3, "1", 5, 46), (0, "1", 0, 10)],
)
def test_the_expected_duration_is_batches_times_seven_minutes_and_soak_plus_ten(
    count: int, max_surge: str, soak: int, minutes: int
) -> None:
    assert expected_duration(pool(max_surge=max_surge, node_soak_min=soak), count) == timedelta(minutes=minutes)


def test_pools_are_ordered_system_user_spot_and_by_name_within_each() -> None:
    pools = (pool("b", spot=True), pool("z"), pool("y", mode="System"), pool("a"))
    assert [each.name for each in upgrade_order(pools)] == ["y", "a", "z", "b"]


@pytest.mark.parametrize(
    ("text", "family", "released", "patch"),
    [
        ("AKSUbuntu-2204gen2containerd-202511.03.0", "AKSUbuntu-2204gen2containerd", date(2025, 11, 3), None),
        (
            "AKSUbuntu-2204gen2containerd-202511.03.0-2025.11.05",
            "AKSUbuntu-2204gen2containerd",
            date(2025, 11, 3),
            "2025.11.05",
        ),
        ("AKSAzureLinux-V3gen2-202510.19.1", "AKSAzureLinux-V3gen2", date(2025, 10, 19), None),
        ("AKSUbuntu-1804gen2containerd-2022.10.03", "AKSUbuntu-1804gen2containerd", date(2022, 10, 3), None),
        ("AKSUbuntu-1604-2020.10.08", "AKSUbuntu-1604", date(2020, 10, 8), None),
        ("AKSWindows-2022-20348.4171.251020", "AKSWindows-2022", date(2025, 10, 20), None),
    ],
)
def test_an_image_name_is_parsed(text: str, family: str, released: date, patch: str | None) -> None:
    image = NodeImage.parse(text)
    assert image is not None
    assert (image.family, image.released, image.patch, str(image)) == (family, released, patch, text)


@pytest.mark.parametrize(
    "text", ["", "custom", "AKSUbuntu-2204-202513.40.0", "AKSUbuntu-2204gen2containerd", "x" * 500]
)
def test_an_invalid_image_name_is_not_parsed(text: str) -> None:
    assert NodeImage.parse(text) is None


def test_an_images_age_is_counted_from_its_date() -> None:
    image = NodeImage.parse("AKSUbuntu-2204gen2containerd-202611.05.0")
    assert image is not None
    assert image.age(MONDAY) == timedelta(days=11)
