"""What a verb returns. Expected failures are values, since a durable engine does not preserve the types of errors."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a step, in units that people count."""

    done: int
    total: int
    unit: str = "nodes"


@dataclass(frozen=True, slots=True)
class Done:
    """Verified, with the evidence."""

    evidence: str
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The operation is running. `token` resumes it in another process (secret: it may hold signed URLs); poll again at `poll_after`."""

    token: str
    poll_after: datetime
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It is impossible, or has failed: the code, the cause in words, and what a person can do."""

    code: str
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Stale:
    """The cluster no longer fits the plan; nothing was done. Assess again, not before `retry_at` if that is set."""

    why: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """Only from a check: the step may begin."""


type Outcome = Done | Pending | Refused | Stale
