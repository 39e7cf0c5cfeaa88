"""No newer image will come: for a retired OS, and for images that have not changed for months (docs/node-image.md, rule 19)."""

from datetime import UTC, datetime

import pytest

from ops.model.fleet import Pool
from ops.model.image import NodeImage
from ops.policy.image_support import ended, is_removed, no_newer_image
from tests.fakes import pool

AUTUMN = datetime(2026, 11, 16, tzinfo=UTC)
CASES = (
    ("AzureLinux", "AKSAzureLinux-V2gen2-202511.24.0", "support for Azure Linux 2 ended on 2025-11-30", True),
    ("CBLMariner", "AKSCBLMariner-V2gen2-202511.24.0", "support for Azure Linux 2 ended on 2025-11-30", True),
    ("AzureLinux", "AKSAzureLinux-V3gen2-202611.05.0", "", False),
    ("Windows2019", "AKSWindows-2019-17763.7240.260210", "support for Windows Server 2019 ended on 2026-03-01", False),
    ("WindowsAnnual", "AKSWindows-23H2-25398.1486.260512", "support for Windows Server Annual Channel ended", False),
    ("Windows2022", "AKSWindows-2022-20348.4171.261110", "", False),
    ("Flatcar", "AKSFlatcar-flatcargen2-202606.01.0", "support for Flatcar ended on 2026-06-08", True),
    ("Ubuntu", "AKSUbuntu-2204gen2containerd-202611.05.0", "", False),
)


def of(os_sku: str, image: str) -> tuple[Pool, NodeImage]:
    parsed = NodeImage.parse(image)
    assert parsed is not None
    return pool("user1", image, os_sku=os_sku), parsed


@pytest.mark.parametrize(("os_sku", "image", "end", "removed"), CASES)
def test_a_retired_os_is_recognized_by_its_images_or_its_sku(
    os_sku: str, image: str, end: str, *, removed: bool
) -> None:
    found = of(os_sku, image)
    assert ended(*found, AUTUMN).startswith(end)
    assert bool(ended(*found, AUTUMN)) is bool(end)
    assert is_removed(*found, AUTUMN) is removed


def test_removed_images_are_said_to_be_removed_only_afterwards() -> None:
    found = of("Windows2019", "AKSWindows-2019-17763.7240.260210")
    assert ended(*found, AUTUMN).endswith("its images will be removed on 2027-04-01")
    assert ended(*found, AUTUMN.replace(year=2027)).endswith("its images were removed on 2027-04-01")


@pytest.mark.parametrize(("day", "removed"), [(29, False), (30, True)])
def test_images_are_removed_with_their_day(day: int, *, removed: bool) -> None:
    found = of("Ubuntu", "AKSUbuntu-2204gen2containerd-202706.24.0")
    assert is_removed(*found, datetime(2028, 4, day, tzinfo=UTC)) is removed


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (datetime(2027, 6, 29, 23, tzinfo=UTC), ""),
        (
            datetime(2027, 6, 30, tzinfo=UTC),
            "support for Ubuntu 22.04 ended on 2027-06-30, and its images will be removed on 2028-04-30",
        ),
        (
            datetime(2028, 4, 30, tzinfo=UTC),
            "support for Ubuntu 22.04 ended on 2027-06-30, and its images were removed on 2028-04-30",
        ),
    ],
)
def test_support_ends_with_its_day(at: datetime, end: str) -> None:
    assert ended(*of("Ubuntu", "AKSUbuntu-2204gen2containerd-202706.24.0"), at) == end


@pytest.mark.parametrize(
    ("image", "frozen"),
    [
        ("AKSUbuntu-1804gen2containerd-202308.10.0", True),
        ("AKSUbuntu-2404gen2containerd-202608.17.0", True),
        ("AKSUbuntu-2404gen2containerd-202608.18.0", False),
        ("AKSWindows-2025-26100.6905.261013", False),
    ],
)
def test_an_image_that_is_months_old_has_no_successor(image: str, *, frozen: bool) -> None:
    said = no_newer_image(*of("Ubuntu", image), AUTUMN)
    assert bool(said) is frozen
    assert not frozen or "days old, and AKS publishes images at least monthly" in said
