"""Proof that an image is good: how long, awake, on how many nodes it ran in a ring (docs/node-image.md, rule 11)."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.image import ImageKey


@dataclass(frozen=True, slots=True)
class Sample:
    """What one look at a ring saw of one image."""

    nodes: int
    not_ready: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """The record of one image in one ring. `proven_at` once set stays."""

    ring: str
    key: ImageKey
    since: datetime | None = None
    last_sample: datetime | None = None
    awake_h: int = 0
    nodes: int = 0
    broken_by: str = ""
    proven_at: datetime | None = None
