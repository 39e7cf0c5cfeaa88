"""Chat commands: parses them, and decides who can use which."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ops.model.people import Person
from ops.policy.calendar import wall_instant
from ops.settings import Settings

# Commands that everyone listed under `people` can use.
READ_ONLY = frozenset({"plan", "why", "status", "help"})
CHANGING = frozenset({"run", "awake", "skip", "pause", "resume", "cancel"})
_SUBJECT = r"(?P<subject>[\w.-]{1,200})"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<name>help|plan|status)",
        rf"(?P<name>why|pause|resume|cancel) {_SUBJECT}",
        rf"(?P<name>run) (?P<runbook>[\w-]{{1,40}}) {_SUBJECT}",
        rf"(?P<name>awake) {_SUBJECT} until (?P<until>.{{1,60}})",
        rf"(?P<name>skip) {_SUBJECT} this week",
    )
)
_USAGE = {
    **{name: f"{name} takes no arguments" for name in ("help", "plan", "status")},
    "why": "why needs the name of one cluster",
    **{name: f"{name} needs the name of one cluster, or the id of a run" for name in ("pause", "resume", "cancel")},
    "run": "run needs a runbook and a cluster, for example: run node-image shop-dev",
    "awake": "awake needs a cluster and a time, for example: awake shop-dev until 22:00",
    "skip": "skip needs a cluster, for example: skip shop-dev this week",
}
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed command. `subject` is a cluster or a run; `runbook` and `until` are empty if the command does not have them."""

    name: str
    subject: str = ""
    runbook: str = ""
    until: str = ""


def read_command(text: str) -> Command | str:
    """Parses a line; returns the command, or why the line cannot be parsed. An empty line requests help."""
    line = " ".join(text.split()) or "help"
    parsed = next((match for form in _FORMS if (match := form.fullmatch(line))), None)
    if parsed is None:
        name = line.split()[0].casefold()
        return _USAGE.get(name, f"there is no command {name[:40]}")
    groups = parsed.groupdict()
    return Command(
        groups["name"].casefold(),
        groups.get("subject", ""),
        groups.get("runbook", "").casefold(),
        groups.get("until", ""),
    )


def may(person: Person, command: str, ring: str, runbook: str, settings: Settings) -> bool:
    """Whether any rule allows the command. `ring` is empty for a cluster that is not in a ring, `runbook` for a command without one."""
    return any(
        person.name in rule.people
        and command in rule.allow
        and (not rule.rings or ring in rule.rings)
        and (not rule.runbooks or not runbook or runbook in rule.runbooks)
        for rule in settings.commands
    )


def read_until(text: str, zone: str, now: datetime) -> datetime | str:
    """Parses `22:00` (the next one in the zone), `tomorrow 08:00`, or an instant such as 2026-11-18T22:00+01:00; or says what is wrong."""
    words = text.split()
    tomorrow = words[0].casefold() == "tomorrow"
    clock = _CLOCK.fullmatch(words[1] if tomorrow and len(words) > 1 else words[0])
    if clock is not None and len(words) == 1 + tomorrow:
        today, wall = now.astimezone(ZoneInfo(zone)).date(), time(int(clock[1]), int(clock[2]))
        at = wall_instant(today, wall, zone)
        return at if at > now and not tomorrow else wall_instant(today + timedelta(days=1), wall, zone)
    try:
        instant = datetime.fromisoformat(text.replace(" ", "T"))
        # The first and the last dates that Python can represent may have no instant in UTC.
        return wall_instant(instant.date(), instant.time(), zone) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return f"{text[:40]} is not a time: write 22:00, tomorrow 08:00 or 2026-11-18T22:00+01:00"
