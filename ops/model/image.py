"""Node images and their names."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

# Linux: AKSUbuntu-2204gen2containerd-202511.03.0; Windows: AKSWindows-2022-20348.4171.251020.
# Before 2023, Linux images had the date in another form: AKSUbuntu-1804gen2containerd-2022.10.03.
# With the SecurityPatch channel, a node's label ends in another date: -2025.11.05.
_NAME = re.compile(
    r"(?P<family>[A-Za-z][\w.-]*?)-"
    r"(?P<release>(?P<year>20\d\d)(?P<month>\d\d)\.(?P<day>\d\d)\.\d+|\d+\.\d+\.(?P<short>\d{6})|(?P<old>20\d\d\.\d\d\.\d\d))"
    r"(?:-(?P<patch>\d{4}\.\d\d\.\d\d))?"
)


@dataclass(frozen=True, slots=True)
class NodeImage:
    """A node image as Azure names it: a family (OS SKU, generation), a dated release, and sometimes a security patch."""

    family: str
    release: str
    released: date
    patch: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parses an image's name; returns None if its format is unknown."""
        match = _NAME.fullmatch(text)
        if match is None:
            return None
        short = match["short"] or (match["old"] or "")[2:].replace(".", "")
        digits = short or f"{match['year'][2:]}{match['month']}{match['day']}"
        try:
            released = datetime.strptime(digits, "%y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            return None
        return cls(match["family"], match["release"], released, match["patch"])

    def __str__(self) -> str:
        base = f"{self.family}-{self.release}"
        return f"{base}-{self.patch}" if self.patch else base

    @property
    def short(self) -> str:
        """The name without the family: the part that changes from week to week."""
        return f"{self.release}-{self.patch}" if self.patch else self.release

    def is_carried_as(self, label: str) -> bool:
        """Whether a node with this label value runs this image; an additional security patch is ignored."""
        seen = NodeImage.parse(label)
        return seen is not None and (seen.family, seen.release) == (self.family, self.release)

    def age(self, now: datetime) -> timedelta:
        """Returns the time since this image was released, counted from the start of that day in UTC."""
        return now - datetime(self.released.year, self.released.month, self.released.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ImageKey:
    """The subject of a proof: an image together with a Kubernetes minor version (docs/node-image.md, rule 11)."""

    image: str
    kubernetes_minor: str

    def __str__(self) -> str:
        return f"{self.image}@{self.kubernetes_minor}"


def days_between(own: str, newest: object) -> int | None:
    """Returns how many days before a newer image this image was released; None if either name cannot be parsed."""
    first = NodeImage.parse(own)
    second = NodeImage.parse(newest) if isinstance(newest, str) else None
    return None if first is None or second is None else max(0, (second.released - first.released).days)


def short_name(label: str) -> str:
    """Returns an image as messages show it: its version, its whole name if that cannot be read, or that it is unknown."""
    image = NodeImage.parse(label)
    return image.short if image else label or "an unknown image"
