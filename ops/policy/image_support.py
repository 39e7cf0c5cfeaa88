"""Until when AKS publishes node images for an OS, and what it means that none come anymore (docs/node-image.md, rule 19)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ops.model.fleet import Pool
from ops.model.image import NodeImage


@dataclass(frozen=True, slots=True)
class Retirement:
    """An OS whose images AKS no longer publishes once support has `ended`; from `removed` on, AKS cannot create nodes with them.

    It is recognized by the start of an image's family, or by the pool's OS SKU.
    """

    name: str
    ended: date
    removed: date | None
    families: tuple[str, ...] = ()
    os_skus: tuple[str, ...] = ()

    def is_of(self, pool: Pool, family: str) -> bool:
        """Whether it is the OS of a pool whose newest image belongs to this family."""
        return family.casefold().startswith(self.families) or pool.os_sku.casefold() in self.os_skus


# The retirements that the AKS documentation and release notes announced until August 2026.
_RETIREMENTS = (
    Retirement(
        "Azure Linux 2", date(2025, 11, 30), date(2026, 3, 31), ("aksazurelinux-v2", "akscblmariner"), ("cblmariner",)
    ),
    Retirement("Windows Server 2019", date(2026, 3, 1), date(2027, 4, 1), ("akswindows-2019",), ("windows2019",)),
    Retirement("Windows Server Annual Channel", date(2026, 5, 15), date(2027, 5, 15), (), ("windowsannual",)),
    Retirement("Flatcar", date(2026, 6, 8), date(2026, 9, 8), ("aksflatcar",), ("flatcar",)),
    Retirement("Ubuntu 20.04", date(2027, 3, 17), None, ("aksubuntu-2004",), ("ubuntu2004",)),
    Retirement("Ubuntu 22.04", date(2027, 6, 30), date(2028, 4, 30), ("aksubuntu-2204",), ("ubuntu2204",)),
    Retirement("Windows Server 2022", date(2028, 6, 30), None, ("akswindows-2022",), ("windows2022",)),
)
# AKS publishes Linux images every week and Windows images every month.
_FROZEN_AFTER = timedelta(days=90)


def ended(pool: Pool, newest: NodeImage, now: datetime) -> str:
    """Says when support for the pool's OS ended, and whether its images are gone; empty if it has not ended."""
    found = _retirement(pool, newest)
    if found is None or now.date() < found.ended:
        return ""
    gone = "" if found.removed is None else f", and its images {_removal(found.removed, now)}"
    return f"support for {found.name} ended on {found.ended}{gone}"


def is_removed(pool: Pool, newest: NodeImage, now: datetime) -> bool:
    """Whether AKS can no longer create or reimage nodes with the pool's OS, so that an upgrade would fail."""
    found = _retirement(pool, newest)
    return found is not None and found.removed is not None and now.date() >= found.removed


def no_newer_image(pool: Pool, newest: NodeImage, now: datetime) -> str:
    """Why no image after the newest one can be expected; empty if one can."""
    end = ended(pool, newest, now)
    if end:
        return f"{newest.short} is its last image: {end}"
    age = newest.age(now)
    if age > _FROZEN_AFTER:
        return (
            f"{newest.short} is the newest image that Azure offers it, but it is {age.days} days old, and AKS publishes "
            "images at least monthly"
        )
    return ""


def _retirement(pool: Pool, newest: NodeImage) -> Retirement | None:
    return next((each for each in _RETIREMENTS if each.is_of(pool, newest.family)), None)


def _removal(removed: date, now: datetime) -> str:
    return f"were removed on {removed}" if now.date() >= removed else f"will be removed on {removed}"
