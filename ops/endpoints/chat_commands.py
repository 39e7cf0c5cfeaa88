"""Commands from a chat, the same in every chat. What a person is allowed to do is policy."""

import hashlib
from dataclasses import dataclass, replace

from ops.approvals.requests import OPEN_REQUESTS
from ops.context import Context
from ops.endpoints import run_controls
from ops.endpoints.overrides import LONGEST
from ops.engine import Orchestrator
from ops.engine.run_starter import UNFINISHED, start_run
from ops.model.ledger import Entry
from ops.model.message import Message
from ops.model.people import Identity, Person
from ops.model.run import Run, State
from ops.model.run_request import RunRequest
from ops.policy.calendar import iso_week, week_span
from ops.policy.commands import CHANGING, LOOKING, Command, may, read_command, read_until, ring_name
from ops.policy.people import person_of
from ops.render.commands import help_message, reply_message, status_message, working_message
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.tables.approvals import approvals
from ops.tables.fleet import KnownCluster, known_clusters
from ops.tables.runs import LIVE, runs

_SLOW = ("plan", "why")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What somebody wrote, by whom the door has proven. `event` names the delivery, `address` is where a later answer goes."""

    identity: Identity
    text: str
    event: str
    address: str


class CommandRefusedError(Exception):
    """The command is not carried out; the text says why, to its sender alone."""


def take_command(context: Context, asked: ChatRequest) -> Message:
    """The answer to a command. What takes long is answered later, at `asked.address`; the same event again is the same command."""
    settings, now = context.config.settings, context.ports.clock.now()
    command = read_command(asked.text)
    person = person_of(settings, asked.identity) if settings else None
    try:
        known = _known(person)
        return help_message(command) if isinstance(command, str) else _execute(context, command, known, asked)
    except CommandRefusedError as refusal:
        name = command.name if isinstance(command, Command) else "unreadable"
        by = person.name if person else str(asked.identity)
        text = f"{name} by {by} in {asked.identity.door} was refused: {refusal}"
        # Whom nobody knows leaves one line a minute: strangers do not fill the ledger.
        stranger = f"stranger|{asked.identity.door}|{now:%Y%m%dT%H%M}"
        key = f"command|{hashlib.sha256(asked.event.encode()).hexdigest()[:16] if person else stranger}"
        context.ports.ledger.append(Entry(key, now, "command", name, text, by, {"identity": str(asked.identity)}))
        return reply_message(f"{refusal}", State.SKIPPED, "not done")


def _known(person: Person | None) -> Person:
    if person is None:
        raise CommandRefusedError("Daytwo does not know you: ask to be added under people in its configuration")
    return person


def _execute(context: Context, command: Command, person: Person, asked: ChatRequest) -> Message:
    settings = _settings(context)
    if command.name in LOOKING:
        return _start_query(context, command, person, asked)
    if command.name in ("pause", "resume", "cancel"):
        return _control(context, command, person, settings)
    cluster = _cluster(context, command.subject)
    _check(person, command, _ring(cluster, settings), settings)
    match command.name:
        case "run":
            return _run(context, command, person, (asked, cluster))
        case "awake":
            return _awake(context, command, person, cluster)
        case _:
            return _skip(context, person, cluster)


def _start_query(context: Context, command: Command, person: Person, asked: ChatRequest) -> Message:
    if command.name == "help":
        return help_message("")
    if command.name == "status":
        return _status(context)
    if command.name == "why":
        _cluster(context, command.subject)
    errand = f"{Orchestrator.CHAT_QUERY}.{hashlib.sha256(f'{asked.identity}|{asked.event}'.encode()).hexdigest()[:24]}"
    payload = {"command": command.name, "subject": command.subject, "address": asked.address}
    if context.ports.store.insert(UNFINISHED, errand, {}):  # the same question told again is being answered, or was
        context.engine.start(Orchestrator.CHAT_QUERY, errand, payload)
    return working_message(command.name, person.name)


def _status(context: Context) -> Message:
    """What goes on and what needs somebody: from the records alone."""
    keys = [marker.key for marker in context.ports.store.scan(LIVE)]
    found = [stored.value for key in keys if (stored := runs(context.ports.store).get(key)) is not None]
    asked = [approvals(context.ports.store).get(marker.key) for marker in context.ports.store.scan(OPEN_REQUESTS)]
    pending = [stored.value for stored in asked if stored is not None]
    return status_message([run for run in found if not run.state.is_final], pending, context.ports.clock.now())


def _run(context: Context, command: Command, person: Person, asked: tuple[ChatRequest, KnownCluster]) -> Message:
    request, cluster = asked
    if command.runbook not in runbooks():
        raise CommandRefusedError(f"there is no runbook {command.runbook[:40]}; there are {', '.join(runbooks())}")
    now = context.ports.clock.now()
    period = f"m-{hashlib.sha256(request.event.encode()).hexdigest()[:12]}"
    door = request.identity.door
    signal = RunRequest(command.runbook, cluster.id, cluster.name, period, now, door, person.name)
    run, _ = start_run(context, signal)
    text = f"asked for {signal.runbook} on {cluster.name}"
    context.ports.ledger.append(Entry(f"{run.id}|asked", now, "asked", run.id, text, person.name))
    text = f"{command.runbook} of {cluster.name} is asked for: {run.id}; its own message tells what it does, and what it waits for"
    return reply_message(text, State.RUNNING, "asked for")


def _awake(context: Context, command: Command, person: Person, cluster: KnownCluster) -> Message:
    settings, now = _settings(context), context.ports.clock.now()
    until = read_until(command.until, _zone(settings), now)
    if isinstance(until, str):
        raise CommandRefusedError(until)
    if not now < until <= now + LONGEST:
        raise CommandRefusedError("the time has to be ahead, by 14 days at the most: an override expires")
    run_controls.set_override(context, "awake", cluster.id, until, person.name)
    return reply_message(f"{cluster.name} {run_controls.OVERRIDES['awake']}", State.DONE, "override", until)


def _skip(context: Context, person: Person, cluster: KnownCluster) -> Message:
    settings, now = _settings(context), context.ports.clock.now()
    zone = _zone(settings)
    until = week_span(iso_week(now, zone), zone).end
    run_controls.set_override(context, "skip", cluster.id, until, person.name)
    return reply_message(f"{cluster.name} {run_controls.OVERRIDES['skip']}", State.DONE, "override", until)


def _control(context: Context, command: Command, person: Person, settings: Settings) -> Message:
    """One run by its id, or all open runs of a cluster."""
    table = runs(context.ports.store)
    by_id = table.get(command.subject.casefold())
    found = [by_id.value] if by_id else _open_runs(context, _cluster(context, command.subject))
    found = [run for run in found if not run.state.is_final]
    if not found:
        raise CommandRefusedError(f"nothing of {command.subject} goes on, so there is nothing to {command.name}")
    known = {stored.value.id: stored.value for stored in known_clusters(context.ports.store).scan()}
    for run in found:
        ring = _ring(known[run.target], settings) if run.target in known else run.ring
        _check(person, replace(command, runbook=run.runbook), ring, settings)
    for run in found:
        run_controls.control_run(context, run.id, command.name, person.name)
    done = {"pause": "paused", "resume": "goes on", "cancel": "cancelled"}[command.name]
    return reply_message(f"{', '.join(run.id for run in found)}: {done}, at its next step", State.DONE, done)


def _open_runs(context: Context, cluster: KnownCluster) -> list[Run]:
    found = [runs(context.ports.store).get(marker.key) for marker in context.ports.store.scan(LIVE)]
    return [stored.value for stored in found if stored is not None and stored.value.target == cluster.id]


def _check(person: Person, command: Command, ring: str, settings: Settings) -> None:
    if command.name in CHANGING and not may(person, command.name, ring, command.runbook, settings):
        where = f"in {ring}" if ring else "on a cluster in no ring"
        what = f"{command.name} {command.runbook}".strip()
        raise CommandRefusedError(f"you may not {what} {where}: a rule under commands would have to say so")


def _cluster(context: Context, name: str) -> KnownCluster:
    found = [stored.value for stored in known_clusters(context.ports.store).scan(f"{name.casefold()}|")]
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(sorted(each.id for each in found))
        raise CommandRefusedError(f"{len(found)} clusters are called {name}, and a command needs one: {places}")
    raise CommandRefusedError(
        f"there is no cluster {name[:63]} that Daytwo has seen; new ones are seen within the hour"
    )


def _ring(cluster: KnownCluster, settings: Settings) -> str:
    return ring_name(cluster.name, cluster.region, dict(cluster.tags), settings)


def _zone(settings: Settings) -> str:
    """The zone in which people write times: the first window's."""
    return next((window.zone for window in settings.windows.values()), "UTC")


def _settings(context: Context) -> Settings:
    if context.config.settings is None:
        raise CommandRefusedError(f"Daytwo has no valid configuration: {context.config.problem}")
    return context.config.settings
