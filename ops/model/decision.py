"""What a runbook decides: nothing, tell, wait or act."""

from dataclasses import dataclass, field
from datetime import datetime

from ops.model.plan import Plan, Skip
from ops.model.reasons import WaitReason


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to do; where a person or a rollout asked, the reason is told.

    `loud` where a person should notice all the same; `unread` where it is so because something could not be read.
    """

    why: str
    skips: tuple[Skip, ...] = ()
    notify: bool = False
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """There is something to say and nothing to do. `ok` is whether what is told is good."""

    headline: str
    lines: tuple[str, ...] = ()
    skips: tuple[Skip, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at `until` (or when a hint comes). `loud` where a person should notice."""

    until: datetime
    why: str
    code: WaitReason | None = None
    notify: bool = False
    skips: tuple[Skip, ...] = ()
    lines: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Act:
    """Carry out this plan now."""

    plan: Plan


type Decision = Nothing | Report | Wait | Act
