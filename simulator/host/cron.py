"""Timer triggers: Azure's schedules, the next due time of each, and a function's input after a missed occurrence."""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from croniter import croniter

from simulator.host.runtime import Function, Value

_SETTING = re.compile(r"%([^%]+)%")
_FIELDS_WITH_SECONDS = 6


class ScheduleError(ValueError):
    """The schedule of a timer trigger is invalid."""


@dataclass(frozen=True, slots=True)
class CronState:
    """The stored state of a timer trigger: when it last ran and when it will run next."""

    last: datetime | None
    next: datetime


@dataclass(frozen=True, slots=True)
class CronRun:
    """A timer trigger that is due, and the time at which it was due."""

    function: Function
    due: datetime
    past_due: bool
    last: datetime | None

    def value(self) -> Value:
        """The function's input (`TimerRequest`)."""
        last = self.last or datetime.min.replace(tzinfo=UTC)
        status = {"Last": last.isoformat(), "Next": self.due.isoformat(), "LastUpdated": last.isoformat()}
        body = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": self.past_due}
        return Value("json", json.dumps(body))


class Crons:
    """All timer triggers in an app.

    Args:
        functions: The functions with a timer trigger.
        stored_states: The states that a previous host stored, by function name.
        now: The current time.
    """

    def __init__(self, functions: Iterable[Function], stored_states: dict[str, CronState], now: datetime) -> None:
        self._functions = {function.name: function for function in functions}
        self._states = {
            name: stored_states.get(name) or CronState(None, next_occurrence(function, now))
            for name, function in self._functions.items()
        }
        self._running: set[str] = set()
        self._missed = {name for name, state in self._states.items() if state.next < now}
        self._at_start = {name for name, one in self._functions.items() if one.settings.get("runOnStartup")}
        for name in self._at_start - self._missed:
            self._states[name] = replace(self._states[name], next=now)

    @property
    def states(self) -> dict[str, CronState]:
        """The states to be stored, by function name."""
        return dict(self._states)

    def next_due(self) -> datetime | None:
        """When the next trigger is due. A running trigger cannot be due until its run ends (Azure's singleton lock)."""
        return min((state.next for name, state in self._states.items() if name not in self._running), default=None)

    def take_due(self, now: datetime) -> list[CronRun]:
        """Return the triggers that are due. If several occurrences were missed while the host was down, the trigger runs once."""
        due = [name for name, state in self._states.items() if state.next <= now and name not in self._running]
        self._running.update(due)
        return [self._run(name) for name in due]

    def ended(self, run: CronRun, now: datetime) -> None:
        """Record that a run has ended, successfully or not, and compute the next occurrence."""
        name = run.function.name
        self._running.discard(name)
        self._states[name] = CronState(run.due, next_occurrence(run.function, max(run.due, now)))

    def _run(self, name: str) -> CronRun:
        state = self._states[name]
        past_due = name in self._missed
        self._missed.discard(name)
        return CronRun(self._functions[name], state.next, past_due, state.last)


def next_occurrence(function: Function, after: datetime) -> datetime:
    """The first occurrence in a function's schedule after `after`.

    The schedule is NCRONTAB with five fields, or six with seconds first, or `%NAME%` for an app setting. Times are UTC.

    Raises:
        ScheduleError: the schedule is invalid or the app setting is missing.
    """
    schedule = _SETTING.sub(
        lambda found: os.environ.get(found[1], found[0]), str(function.settings["schedule"])
    ).strip()
    six = len(schedule.split()) == _FIELDS_WITH_SECONDS
    if not croniter.is_valid(schedule, second_at_beginning=six):
        raise ScheduleError(
            f"timer function {function.name}: {schedule!r} is not a schedule; use five or six cron fields, or the name "
            "of an app setting between % signs that contains them"
        )
    found: datetime = croniter(schedule, after, second_at_beginning=six).get_next(datetime)
    return found
