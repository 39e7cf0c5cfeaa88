"""A verb's possible results. Expected failures are values, since a durable engine does not preserve the types of errors."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """A step's progress, in units that people count."""

    done: int
    total: int
    unit: str = "nodes"


@dataclass(frozen=True, slots=True)
class Done:
    """The effect has been verified; holds the evidence."""

    evidence: str
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The operation is running: poll it again at `poll_after`. `token` resumes it in another process; it is secret (signed URLs)."""

    token: str
    poll_after: datetime
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The step is impossible or has failed: holds the code, the cause in words, and what a person can do.

    `lasting` means that a system has refused the first call, and will refuse it until a person changes something. `subject` is
    the object that this concerns, such as a node; empty if the action is refused on the whole cluster.
    """

    code: str
    cause: str
    remedy: str
    lasting: bool = False
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Stale:
    """The cluster no longer fits the plan, and nothing was done. Assess again, but not before `retry_at` if it is set.

    `code` is a `FailureCode` if the reason would be a failure for a step that has already begun.
    """

    why: str
    retry_at: datetime | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """The step can begin. Only a check returns this."""


type Outcome = Done | Pending | Refused | Stale
