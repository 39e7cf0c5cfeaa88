"""What became of a mutant."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Whether a test noticed the change."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"
    ERROR = "error"

    @property
    def is_noticed(self) -> bool:
        """Whether a test failed or did not end."""
        return self in (Outcome.KILLED, Outcome.TIMEOUT)


@dataclass(frozen=True)
class Verdict:
    """An outcome, and the test that failed or what went wrong with the tool."""

    outcome: Outcome
    by: str = ""
