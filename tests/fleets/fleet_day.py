"""One virtual day of a random fleet of every sort, and everything about it that must be empty."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.tables.conditions import open_conditions
from ops.tables.set_aside import set_aside_notes
from simulator.oracle import judge
from simulator.oracle.history import History
from simulator.oracle.node_events import NodeEvents
from simulator.oracle.statements import Truth, false_statements
from simulator.running import Running, running_simulation
from simulator.untidy_fleets import untidy_fleet
from simulator.world.journal import Kind
from simulator.world.specs import PRINCIPAL
from tests.fleets.claims import statements
from tests.fleets.events import running_inbox
from tests.fleets.executor_bot import ExecutorBot
from tests.flows.bot import environment, messages

START = datetime(2026, 11, 16, 6, tzinfo=UTC)
END = START + timedelta(days=1)
# The fleets whose first ring has no cluster: nothing can be proven there, so nothing is upgraded.
EMPTY_FIRST_EVERY = 7
# The fleets that are frozen for some hours by a calendar.
FROZEN_EVERY = 5
_CALENDAR = "freeze.ics"
_FREEZE = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tests//freeze//EN
BEGIN:VEVENT
UID:inventory
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Amsterdam:20261116T100000
DTEND;TZID=Europe/Amsterdam:20261116T140000
SUMMARY:Inventory
END:VEVENT
BEGIN:VEVENT
UID:night
DTSTAMP:20261101T000000Z
DTSTART:20261116T210000Z
DTEND:20261116T230000Z
SUMMARY:Payroll
END:VEVENT
END:VCALENDAR
"""
_RINGS = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
"""
_EMPTY = "    - {name: empty, select: {tags: {env: none}}, window: days}\n"
_CONFIG = """\
    - {name: pre-production, select: {tags: {env: [dev, test]}}, window: days}
    - {name: production, select: {tags: {env: prod}}, max-concurrent: 1 per region pair}
windows:
  days: {days: mon-fri, from: "08:00", to: "16:00", zone: UTC}
  nights: {days: mon-thu, from: "21:00", to: "05:00", zone: UTC}
node-image:
  {window: nights, proven-for: 1h, proven-awake: 1h, proven-nodes: 1, start-stopped-clusters: true, failure-budget: 3}
reboot: {window: nights}
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 07:00-22:00", zone: UTC}
spot: {group-within: 10m}
cost:
  budgets: [{name: platform}]
chat:
  slack: {channel: C0123}
"""


@dataclass(frozen=True, slots=True)
class FleetDay:
    """What must be empty (`wrong`), and how often each thing occurred."""

    wrong: tuple[str, ...]
    occurred: Counter[str] = field(default_factory=Counter)


def config_of(seed: int) -> str:
    """The configuration for a fleet."""
    empty = _EMPTY if seed % EMPTY_FIRST_EVERY == 0 else ""
    frozen = f"freezes:\n  - {{ics: {_CALENDAR}}}\n" if seed % FROZEN_EVERY == 0 else ""
    return _RINGS + empty + _CONFIG + frozen


def fleet_day(seed: int, clusters: int = 5) -> FleetDay:
    """Simulate the day on the executor. The same arguments give the same day."""
    spec, config = untidy_fleet(seed, START, clusters), config_of(seed)
    with (
        TemporaryDirectory() as folder,
        running_simulation(spec, seed) as simulation,
        running_inbox() as inbox,
        environment(simulation.environment),
    ):
        (Path(folder) / _CALENDAR).write_text(_FREEZE)
        bot = ExecutorBot(simulation, Path(folder), config, inbox)
        bot.run_until(END)
        entries = simulation.world.journal.entries
        store = bot.context.ports.store
        verdict = judge(config, spec, entries, START, END, seed=seed, calendars={_CALENDAR: _FREEZE})
        truth = Truth(History(spec, entries, seed), NodeEvents(entries))
        said = tuple(statements(store))
        wrong = (
            *verdict.violations,
            *false_statements(truth, said),
            *(f"set aside: {stored.value}" for stored in set_aside_notes(store).scan()),
            *_reported_wrongly(simulation, bot),
        )
        return FleetDay(wrong, _occurred(simulation, bot) + Counter(f"says {each.about}" for each in said))


def _reported_wrongly(simulation: Running, bot: ExecutorBot) -> list[str]:
    """Conditions that were not reported exactly once."""
    shown = messages(simulation)
    wrong = [f"{len(texts)} messages: {key}" for key, texts in shown.items() if len(texts) != 1]
    unreported = (
        condition
        for condition in open_conditions(bot.context.ports.store)
        if not any("needs you" in text for text in shown.get(condition.subject, ()))
    )
    return [*wrong, *(f"not reported: {condition}" for condition in unreported)]


def _occurred(simulation: Running, bot: ExecutorBot) -> Counter[str]:
    occurred: Counter[str] = Counter()
    for entry in simulation.world.journal.entries:
        if entry.kind is Kind.OPERATION_BEGUN and entry.detail["who"] == PRINCIPAL:
            occurred[f"begun {entry.detail['what']}"] += 1
        elif entry.kind is Kind.MACHINE_RESTART and entry.detail.get("who") == PRINCIPAL:
            occurred["restarts"] += 1
        elif entry.kind is Kind.OPERATION_REFUSED:
            occurred[f"refused {entry.detail['code']}"] += 1
        elif entry.kind is Kind.FAULT_ARMED:
            occurred[f"fault {entry.detail['what']}"] += 1
    occurred["open conditions"] += len(open_conditions(bot.context.ports.store))
    return occurred
