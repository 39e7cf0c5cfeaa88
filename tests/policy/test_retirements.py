"""Each OS whose images end: from when on no newer image comes, and from when on its pools cannot be upgraded."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ops.model.image import NodeImage
from ops.policy.image_support import ended, is_removed
from tests.fakes import pool

DAY = timedelta(days=1)
RETIREMENTS = [
    ("Azure Linux 2", "AKSAzureLinux-V2gen2", "", date(2025, 11, 30), date(2026, 3, 31)),
    ("Azure Linux 2", "AKSCBLMariner-V2gen2", "", date(2025, 11, 30), date(2026, 3, 31)),
    ("Azure Linux 2", "AKSOther", "CBLMariner", date(2025, 11, 30), date(2026, 3, 31)),
    ("Windows Server 2019", "AKSWindows-2019", "", date(2026, 3, 1), date(2027, 4, 1)),
    ("Windows Server 2019", "AKSOther", "Windows2019", date(2026, 3, 1), date(2027, 4, 1)),
    ("Windows Server Annual Channel", "AKSOther", "WindowsAnnual", date(2026, 5, 15), date(2027, 5, 15)),
    ("Flatcar", "AKSFlatcar-gen2", "", date(2026, 6, 8), date(2026, 9, 8)),
    ("Flatcar", "AKSOther", "flatcar", date(2026, 6, 8), date(2026, 9, 8)),
    ("Ubuntu 20.04", "AKSUbuntu-2004gen2containerd", "", date(2027, 3, 17), None),
    ("Ubuntu 20.04", "AKSOther", "Ubuntu2004", date(2027, 3, 17), None),
    ("Ubuntu 22.04", "AKSUbuntu-2204gen2containerd", "", date(2027, 6, 30), date(2028, 4, 30)),
    ("Ubuntu 22.04", "AKSOther", "Ubuntu2204", date(2027, 6, 30), date(2028, 4, 30)),
    ("Windows Server 2022", "AKSWindows-2022", "", date(2028, 6, 30), None),
    ("Windows Server 2022", "AKSOther", "Windows2022", date(2028, 6, 30), None),
]


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.parametrize(("name", "family", "sku", "end", "removed"), RETIREMENTS)
def test_an_os_ends_on_its_day_and_its_images_are_gone_on_theirs(
    name: str, family: str, sku: str, end: date, removed: date | None
) -> None:
    image = NodeImage(family, "202511.05.0", date(2025, 11, 5))
    of = pool(os_sku=sku)
    support = f"support for {name} ended on {end}"
    assert ended(of, image, midnight(end) - timedelta(seconds=1)) == ""
    later = f", and its images will be removed on {removed}" if removed else ""
    assert ended(of, image, midnight(end)) == f"{support}{later}"
    if removed is None:
        assert not is_removed(of, image, midnight(end) + 3650 * DAY)
        return
    assert not is_removed(of, image, midnight(removed) - timedelta(seconds=1))
    assert is_removed(of, image, midnight(removed))
    assert ended(of, image, midnight(removed)) == f"{support}, and its images were removed on {removed}"


@pytest.mark.parametrize("family", ["AKSAzureLinux-V3gen2", "AKSUbuntu-2404gen2containerd", "AKSWindows-2025"])
def test_an_os_that_is_not_retired_has_no_end(family: str) -> None:
    image = NodeImage(family, "202511.05.0", date(2025, 11, 5))
    assert ended(pool(os_sku=""), image, datetime(2040, 1, 1, tzinfo=UTC)) == ""
    assert not is_removed(pool(os_sku=""), image, datetime(2040, 1, 1, tzinfo=UTC))
