"""Node images: families by OS SKU and Kubernetes minor version, weekly releases, and when they arrive in each region."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from simulator.world.specs import RegionSpec

# The first release in a world. It is on a Thursday, as are all later releases.
FIRST_RELEASE = date(2026, 6, 4)
RELEASE_EVERY = timedelta(days=7)
# Windows images follow the monthly patch day, so here they are part of every fourth release.
WINDOWS_EVERY = 4
# A release takes up to two weeks to reach every region (AKS release notes).
MAX_DELAY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Family:
    """A series of images with the same OS SKU and generation, for a range of Kubernetes minor versions."""

    prefix: str
    os_sku: str

    def version(self, released: date) -> str:
        """Return the version of the image released on a given day, in AKS's format."""
        if self.os_sku.startswith("Windows"):
            return f"{self.prefix}-20348.{4000 + (released - FIRST_RELEASE).days}.{released:%y%m%d}"
        return f"{self.prefix}-{released:%Y%m.%d}.0"


UBUNTU_2204 = Family("AKSUbuntu-2204gen2containerd", "Ubuntu")
UBUNTU_2404 = Family("AKSUbuntu-2404gen2containerd", "Ubuntu")
AZURE_LINUX_3 = Family("AKSAzureLinux-V3gen2", "AzureLinux")
WINDOWS_2022 = Family("AKSWindows-2022-containerd-gen2", "Windows2022")
FAMILIES = (UBUNTU_2204, UBUNTU_2404, AZURE_LINUX_3, WINDOWS_2022)
# From this Kubernetes minor version on, Ubuntu 24.04 is the default for OS SKU Ubuntu.
UBUNTU_2404_FROM_MINOR = 35


def family_of(os_sku: str, kubernetes_version: str) -> Family:
    """Return the image family of a pool.

    Raises:
        ValueError: the world does not have images for the pool's OS SKU.
    """
    minor = int(kubernetes_version.split(".")[1])
    match os_sku:
        case "Ubuntu":
            return UBUNTU_2404 if minor >= UBUNTU_2404_FROM_MINOR else UBUNTU_2204
        case "AzureLinux":
            return AZURE_LINUX_3
        case "Windows2022":
            return WINDOWS_2022
        case _:
            raise ValueError(f"No image family for OS SKU {os_sku!r}: use Ubuntu, AzureLinux or Windows2022.")


def releases(until: datetime) -> list[date]:
    """Return every release day up to a time."""
    found = []
    day = FIRST_RELEASE
    while day <= until.date():
        found.append(day)
        day += RELEASE_EVERY
    return found


def released_families(day: date) -> tuple[Family, ...]:
    """Return the image families that have a release on the given day."""
    number = (day - FIRST_RELEASE) // RELEASE_EVERY
    return tuple(f for f in FAMILIES if not f.os_sku.startswith("Windows") or number % WINDOWS_EVERY == 0)


class Catalog:
    """The images that have reached each region, in order of arrival."""

    def __init__(self, regions: tuple[RegionSpec, ...], seed: int, start: datetime) -> None:
        self._regions = {region.name: region for region in regions}
        self._seed = seed
        self._start = start
        self._landed: dict[tuple[str, Family], list[date]] = {}
        for day in releases(start):
            for name in self._regions:
                if self.lands_at(day, name) <= start:
                    for family in released_families(day):
                        self.land(day, name, family)

    def lands_at(self, day: date, region: str) -> datetime:
        """Return when a release reaches a region: after the region's usual delay plus a little jitter from the seed."""
        spec = self._regions[region]
        released = datetime.combine(day, time(), self._start.tzinfo)
        if spec.image_delay is not None:
            return released + spec.image_delay
        usual_h = Random(f"{self._seed}/{region}").uniform(12, 13 * 24)
        jitter_h = Random(f"{self._seed}/{region}/{day}").uniform(-12, 24)
        return released + min(timedelta(hours=round(usual_h + jitter_h)), MAX_DELAY)

    def land(self, day: date, region: str, family: Family) -> bool:
        """Record the arrival of an image. Return False if the image had already arrived."""
        there = self._landed.setdefault((region, family), [])
        if day in there:
            return False
        there.append(day)
        there.sort()
        return True

    def newest(self, region: str, family: Family) -> str:
        """Return a family's newest image in a region."""
        return self.behind(region, family, 0)

    def behind(self, region: str, family: Family, count: int) -> str:
        """Return the image that is ``count`` releases older than a region's newest, or the oldest known image."""
        there = self._landed[region, family]
        return family.version(there[max(len(there) - 1 - count, 0)])

    def next_release(self, region: str, family: Family) -> date:
        """Return the release day that follows that of a family's newest image in a region."""
        step = RELEASE_EVERY * (WINDOWS_EVERY if family.os_sku.startswith("Windows") else 1)
        return self._landed[region, family][-1] + step
