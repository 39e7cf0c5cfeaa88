"""What a verb answers. Expected failures are values: an error's type does not survive a durable engine."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is, in the units that people count."""

    done: int
    total: int
    unit: str = "nodes"


@dataclass(frozen=True, slots=True)
class Done:
    """Proven, with what it was proven by."""

    evidence: str
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """It runs. `token` resumes it in another process (secret: it may hold signed URLs); look again at `poll_after`."""

    token: str
    poll_after: datetime
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be, or has failed: the code of the world, the cause in words, and what a person can do."""

    code: str
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Stale:
    """The world no longer fits the plan; nothing was done. Assess again, not before `retry_at` where that is known."""

    why: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Only from a check: the step may begin."""


type Outcome = Done | Pending | Refused | Stale
