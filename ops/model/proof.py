"""The proof of an image in a ring: how long, for how many awake hours and on how many nodes it has run (docs/node-image.md, rule 11)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.model.image import ImageKey


@dataclass(frozen=True, slots=True)
class ProofPolicy:
    """The requirements for a proof: the number of nodes, how long an image must run, and how much of that time clusters must be awake."""

    nodes: int
    elapsed: timedelta
    awake: timedelta


@dataclass(frozen=True, slots=True)
class Sample:
    """The result of one ring scan for one image: how many nodes run it, and the names of those that are not Ready.

    It is not `complete` if a running cluster or a pool of the ring could not be read, so that more nodes may run the image.
    """

    nodes: int
    not_ready: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Proof:
    """The record of one image in one ring. Once set, `proven_at` does not change."""

    ring: str
    key: ImageKey
    since: datetime | None = None
    last_sample: datetime | None = None
    awake_h: int = 0
    nodes: int = 0
    broken_by: str = ""
    proven_at: datetime | None = None
