"""Whether a cluster should be awake now, and how long it is awake per week (docs/power.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from ops.model.azure_names import azure_key
from ops.model.calendar import Window
from ops.model.fleet import Cluster
from ops.model.reasons import SkipReason
from ops.model.wording import clock
from ops.policy.calendar import next_open, occurrence_at
from ops.policy.cluster_limits import why_no_stop
from ops.policy.rings import ring_of
from ops.policy.select import matches
from ops.settings import Settings
from ops.settings.power import POWER, Schedule
from ops.settings.readers import DAY_NAMES, parse_awake

TAG = "daytwo-awake"
# AKS requires 15 to 30 minutes between a start and a stop.
BETWEEN = timedelta(minutes=15)
# The parameter of a step with the schedule of the cluster that it starts.
AWAKE = "awake"
_HORIZON = timedelta(days=14)
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST_TAG = 60
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES


@dataclass(frozen=True, slots=True)
class DesiredPower:
    """The desired state (awake or asleep), the reason, and the latest time at which it changes."""

    awake: bool
    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class NoSchedule:
    """Means that no schedule applies to the cluster or that it must never be stopped; holds the code and the reason."""

    code: SkipReason
    why: str


def schedule_of(cluster: Cluster, settings: Settings) -> Schedule | None:
    """Returns the first entry that selects the cluster."""
    for schedule in settings.get(POWER):
        if matches(schedule.select, cluster):
            return schedule
    return None


def may_sleep(cluster: Cluster, settings: Settings) -> NoSchedule | None:
    """Why the cluster is never stopped; None if Daytwo can stop it."""
    ring = ring_of(cluster, settings)
    if ring is None:
        return NoSchedule(SkipReason.NO_RING, "the cluster is not in a ring, so Daytwo leaves it alone")
    if ring is settings.fleet.rings[-1]:
        return NoSchedule(SkipReason.PRODUCTION, f"{ring.name} is the last ring, whose clusters are never stopped")
    impossible = why_no_stop(cluster)
    if impossible:
        return NoSchedule(SkipReason.NODE_AUTO_PROVISIONING, impossible)
    return None


def desired_power(
    cluster: Cluster, settings: Settings, tag_window: Window | str | None, awake_until: datetime | None, now: datetime
) -> DesiredPower | NoSchedule:
    """Returns the desired state now. `tag_window` is the cluster's own tag as parsed, or why it cannot be parsed."""
    schedule = schedule_of(cluster, settings)
    if schedule is None:
        return NoSchedule(SkipReason.NO_SCHEDULE, "no schedule selects it")
    refusal = may_sleep(cluster, settings)
    if refusal is not None:
        return refusal
    if isinstance(tag_window, str):
        return NoSchedule(SkipReason.BAD_TAG, f"its tag {TAG} cannot be parsed, so nothing is changed: {tag_window}")
    windows = _both(schedule, tag_window)
    if len(windows) > 1 and not _common_minutes(windows):
        return NoSchedule(
            SkipReason.BAD_TAG,
            f"its tag {TAG} and its entry in `power` have no time in common, so it would never be awake, and nothing is "
            f"changed: write a tag within {_described(windows[0])}, or change the entry",
        )
    if not windows:
        return NoSchedule(SkipReason.NO_SCHEDULE, f"its schedule has no times, and it has no tag {TAG}")
    if awake_until is not None and now < awake_until:
        return DesiredPower(awake=True, why=f"kept awake until {clock(awake_until)}", until=awake_until)
    return _by(windows, now)


def schedule_windows(cluster: Cluster, settings: Settings) -> tuple[Window, ...]:
    """Returns the windows that together keep the cluster awake; none if Daytwo does not stop it by a schedule."""
    own = tag_window(cluster, settings)
    # Any time serves: whether a schedule applies does not depend on it.
    if isinstance(desired_power(cluster, settings, own, None, _ANY_TIME), NoSchedule) or isinstance(own, str):
        return ()
    schedule = schedule_of(cluster, settings)
    return _both(schedule, own) if schedule is not None else ()


def _both(schedule: Schedule, own: Window | None) -> tuple[Window, ...]:
    return tuple(window for window in (schedule.awake, own) if window is not None)


def windows_text(windows: Sequence[Window]) -> str:
    """Writes windows into a parameter of a step; `awake_until` reads it."""
    return "; ".join(_described(window) for window in windows)


def awake_until(text: str, now: datetime) -> datetime | None:
    """Returns until when a schedule that `windows_text` has written keeps a cluster awake; None if it sleeps now, or has none."""
    windows = [_parsed(each) for each in text.split("; ") if each]
    spans = [occurrence_at(window, now) for window in windows]
    ends = [span.end for span in spans if span is not None]
    return min(ends) if ends and len(ends) == len(windows) else None


def _parsed(text: str) -> Window:
    hours, _, zone = text.rpartition(" ")
    window = parse_awake(hours, zone)
    if isinstance(window, str):
        raise ValueError(f"{text!r} was not written by Daytwo: {window}")  # noqa: TRY004 - the text is wrong, not its type
    return window


def _by(windows: Sequence[Window], now: datetime) -> DesiredPower:
    spans = [occurrence_at(window, now) for window in windows]
    ends = [span.end for span in spans if span is not None]
    if len(ends) == len(windows):
        return DesiredPower(awake=True, why="its schedule says awake", until=min(ends))
    following = [next_open(window, (), now, _HORIZON) for window in windows]
    starts = [span.start for span in following if span is not None]
    return DesiredPower(awake=False, why="its schedule says asleep", until=max(starts, default=now + _HORIZON))


def tag_window(cluster: Cluster, settings: Settings) -> Window | str | None:
    """Returns the window in the cluster's own tag, in the time zone of the schedule that selects the cluster.

    Returns why the tag cannot be parsed as a text, or None if the cluster does not have the tag.
    """
    text = tag_of(cluster.tags)
    if text is None:
        return None
    schedule = schedule_of(cluster, settings)
    zone = schedule.zone if schedule is not None and schedule.zone is not None else "UTC"
    window = parse_awake(text, zone)
    return f"{text[:_LONGEST_TAG]!r}: {window}" if isinstance(window, str) else window


def awake_minutes(cluster: Cluster, settings: Settings) -> int:
    """How long the schedule and the tag keep the cluster awake per week; always, if it is never stopped. Ignores daylight saving."""
    schedule, own = schedule_of(cluster, settings), tag_window(cluster, settings)
    if schedule is None or may_sleep(cluster, settings) is not None or isinstance(own, str):
        return _WEEK_MINUTES
    windows = [window for window in (schedule.awake, own) if window is not None]
    # Zero if they have no time in common: a tag that changes to this is held, although nothing would be done (`desired_power`).
    return len(_common_minutes(windows)) if windows else _WEEK_MINUTES


def _common_minutes(windows: Sequence[Window]) -> set[int]:
    return set.intersection(*map(_minutes_of, windows))


def _described(window: Window) -> str:
    """Returns a window as it is written in daytwo.yaml."""
    days = ",".join(DAY_NAMES[day] for day in sorted(window.days))
    end = "24:00" if window.end == time() else f"{window.end:%H:%M}"
    return f"{days} {window.start:%H:%M}-{end} {window.zone}"


def _minutes_of(window: Window) -> set[int]:
    """Returns the minutes of the week in which a window is open, from Monday 00:00 in its zone."""
    start = window.start.hour * 60 + window.start.minute
    end = window.end.hour * 60 + window.end.minute + (_DAY_MINUTES if window.overnight else 0)
    return {(day * _DAY_MINUTES + minute) % _WEEK_MINUTES for day in window.days for minute in range(start, end)}


def tag_of(tags: Mapping[str, str]) -> str | None:
    """Returns the cluster's own schedule as written in its tag; Azure compares tag names case-insensitively."""
    return next((value for name, value in tags.items() if azure_key(name) == TAG), None)
