"""The decisions that a runbook can make: nothing, report, wait or act."""

from dataclasses import dataclass, field
from datetime import datetime

from ops.model.plan import Plan, Skip
from ops.model.reasons import WaitReason


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to do. If a person or a rollout started the run, the reason is reported.

    `notify` means that people are always notified; `missing_facts`, that something could not be read.
    """

    why: str
    skips: tuple[Skip, ...] = ()
    notify: bool = False
    missing_facts: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """There is something to report, but nothing to do. `ok` is true if the report is good news."""

    headline: str
    lines: tuple[str, ...] = ()
    skips: tuple[Skip, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Assess the run again at `until`, or when it is woken. `notify` means that people are notified."""

    until: datetime
    why: str
    code: WaitReason | None = None
    notify: bool = False
    skips: tuple[Skip, ...] = ()
    lines: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Act:
    """Execute this plan now."""

    plan: Plan


type Decision = Nothing | Report | Wait | Act
