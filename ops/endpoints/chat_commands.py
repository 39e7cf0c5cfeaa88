"""Commands from a chat, the same in every chat. Policy decides what a person is allowed to do."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ops.approvals.requests import OPEN_REQUESTS
from ops.context import Context
from ops.endpoints import run_controls
from ops.endpoints.manual_runs import too_many
from ops.endpoints.overrides import LONGEST
from ops.engine import Orchestrator, started
from ops.engine.run_starter import UNFINISHED, start_run
from ops.model.azure_names import azure_key
from ops.model.json import Json
from ops.model.ledger import Entry
from ops.model.message import Message
from ops.model.people import Identity, Person
from ops.model.run import Run, State
from ops.model.run_request import RunRequest
from ops.policy.calendar import iso_week, week_span
from ops.policy.commands import CHANGING, READ_ONLY, Command, may, read_command, read_until
from ops.policy.people import person_of
from ops.policy.rings import ring_name
from ops.render.commands import help_message, reply_message, status_message, working_message
from ops.runbooks import runbooks
from ops.serialization import from_json, to_json
from ops.settings import Settings
from ops.tables.approvals import approvals
from ops.tables.base import marked
from ops.tables.conditions import open_conditions
from ops.tables.fleet import KnownCluster, known_clusters
from ops.tables.runs import LIVE, runs

_WITHOUT_EFFECT = ("help", "status")
# The replies of commands, so that a repeated delivery has no effect. The janitor deletes them.
_ANSWERED = "answered-command"


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A command from an authenticated person. `event` identifies the delivery; a later reply is sent to `address`."""

    identity: Identity
    text: str
    event: str
    address: str

    @property
    def key(self) -> str:
        """The same for each delivery of the command, and for no other one."""
        return hashlib.sha256(f"{self.identity}|{self.event}|{self.text}".encode()).hexdigest()[:32]


class CommandRefusedError(Exception):
    """The command is rejected; the text says why, and only the sender sees it."""


def take_command(context: Context, request: ChatRequest) -> Message:
    """Executes a command and returns the reply. A slow command is answered later, at `request.address`.

    A repeated event has no effect, not even after an opposite command; its reply is the first one again.
    """
    settings, now = context.config.settings, context.ports.clock.now()
    command = read_command(request.text)
    person = person_of(settings, request.identity) if settings else None
    try:
        known = _known(person)
        return help_message(command) if isinstance(command, str) else _execute_once(context, command, known, request)
    except CommandRefusedError as refusal:
        name = command.name if isinstance(command, Command) else "unreadable"
        by = person.name if person else str(request.identity)
        text = f"{name} by {by} in {request.identity.endpoint} was rejected: {refusal}"
        # Unknown people cause at most one entry per minute, so they cannot fill the ledger.
        stranger = f"stranger|{request.identity.endpoint}|{now:%Y%m%dT%H%M}"
        key = f"command|{hashlib.sha256(request.event.encode()).hexdigest()[:16] if person else stranger}"
        context.ports.ledger.append(Entry(key, now, "command", name, text, by, {"identity": str(request.identity)}))
        return reply_message(f"{refusal}", State.SKIPPED, "not done")


def _known(person: Person | None) -> Person:
    if person is None:
        raise CommandRefusedError("Daytwo does not know you. Ask to be added to `people` in daytwo.yaml.")
    return person


def _execute_once(context: Context, command: Command, person: Person, request: ChatRequest) -> Message:
    if command.name in _WITHOUT_EFFECT:
        return _execute(context, command, person, request)
    record = context.ports.store.get(_ANSWERED, request.key)
    known = record.value if record is not None else None
    if isinstance(known, Mapping) and "reply" in known:
        return from_json(known["reply"], Message)
    reply = _execute(context, command, person, request)
    # Marked after the command, whose own steps are idempotent: if the process dies before this, the next delivery executes it.
    mark: Json = {"at": context.ports.clock.now().isoformat(), "reply": to_json(reply)}
    context.ports.store.insert(_ANSWERED, request.key, mark)
    return reply


def _execute(context: Context, command: Command, person: Person, request: ChatRequest) -> Message:
    settings = _settings(context)
    if command.name in READ_ONLY:
        return _start_query(context, command, person, request)
    if command.name in ("pause", "resume", "cancel"):
        return _control(context, command, person, request)
    cluster = _cluster(context, command.subject)
    _check(person, command, ring_name(cluster, settings), settings)
    match command.name:
        case "run":
            return _run(context, command, person, (request, cluster))
        case "awake":
            return _awake(context, command, person, (request, cluster))
        case _:
            return _skip(context, person, (request, cluster))


def _start_query(context: Context, command: Command, person: Person, request: ChatRequest) -> Message:
    if command.name == "help":
        return help_message("")
    if command.name == "status":
        return _status(context)
    if command.name == "why":
        _cluster(context, command.subject)
    query = (
        f"{Orchestrator.CHAT_QUERY}.{hashlib.sha256(f'{request.identity}|{request.event}'.encode()).hexdigest()[:24]}"
    )
    payload = started(command=command.name, subject=command.subject, address=request.address)
    if context.ports.store.insert(UNFINISHED, query, {}):  # a repeated delivery has already been answered, or will be
        context.engine.start(Orchestrator.CHAT_QUERY, query, payload)
    return working_message(command.name, person.name)


def _status(context: Context) -> Message:
    """Lists active runs and those that need a person; reads only the records."""
    store = context.ports.store
    open_runs = [run for run in _live_runs(context) if not run.state.is_final]
    requests = approvals(store).get_all(marked(store, OPEN_REQUESTS))
    pending = [stored.value for _, stored in requests if stored is not None]
    needs = [(each.where or each.what, f"{each.what}: {each.text}") for each in open_conditions(store)]
    return status_message(open_runs, pending, needs, context.ports.clock.now())


def _run(context: Context, command: Command, person: Person, requested: tuple[ChatRequest, KnownCluster]) -> Message:
    request, cluster = requested
    if command.runbook not in runbooks():
        raise CommandRefusedError(
            f"there is no runbook {command.runbook[:40]}; the runbooks are {', '.join(runbooks())}"
        )
    now = context.ports.clock.now()
    period = f"m-{hashlib.sha256(request.event.encode()).hexdigest()[:12]}"
    source = request.identity.endpoint
    run_request = RunRequest(command.runbook, cluster.id, cluster.name, period, now, source, person.name)
    refusal = too_many(context, run_request)
    if refusal:
        raise CommandRefusedError(refusal)
    run, _ = start_run(context, run_request)
    text = f"requested {run_request.runbook} on {cluster.name}"
    context.ports.ledger.append(Entry(f"{run.id}|requested", now, "requested", run.id, text, person.name))
    text = f"Requested {command.runbook} on {cluster.name}: {run.id}. Its message shows what it does and what it is waiting for."
    return reply_message(text, State.RUNNING, "requested")


def _awake(context: Context, command: Command, person: Person, requested: tuple[ChatRequest, KnownCluster]) -> Message:
    settings, now = _settings(context), context.ports.clock.now()
    until = read_until(command.until, _zone(settings), now)
    if isinstance(until, str):
        raise CommandRefusedError(until)
    if not now < until <= now + LONGEST:
        raise CommandRefusedError("the time must be in the future, at most 14 days ahead")
    return _override(context, "awake", until, person, requested)


def _skip(context: Context, person: Person, requested: tuple[ChatRequest, KnownCluster]) -> Message:
    settings, now = _settings(context), context.ports.clock.now()
    zone = _zone(settings)
    until = week_span(iso_week(now, zone), zone).end
    return _override(context, "skip", until, person, requested)


def _override(
    context: Context, kind: str, until: datetime, person: Person, requested: tuple[ChatRequest, KnownCluster]
) -> Message:
    request, cluster = requested
    override = run_controls.set_override(context, kind, cluster.id, until, person.name, request.key)
    return reply_message(f"{cluster.name} {run_controls.OVERRIDES[kind]}", State.DONE, "override", override.until)


def _control(context: Context, command: Command, person: Person, request: ChatRequest) -> Message:
    """Returns one run by its id, or all open runs on a cluster.

    Raises:
        CommandRefusedError: there is no open run, or a rule does not allow the command.
    """
    table, settings = runs(context.ports.store), _settings(context)
    by_id = table.get(azure_key(command.subject))
    matching = [by_id.value] if by_id else _open_runs(context, _cluster(context, command.subject))
    matching = [run for run in matching if not run.state.is_final]
    if not matching:
        raise CommandRefusedError(f"{command.subject} has no open run, so there is nothing to {command.name}")
    known = {stored.value.id: stored.value for stored in known_clusters(context.ports.store).scan()}
    for run in matching:
        ring = ring_name(known[run.target], settings) if run.target in known else run.ring
        _check(person, replace(command, runbook=run.runbook), ring, settings)
    for run in matching:
        run_controls.control_run(context, run.id, command.name, person.name, request.key)
    done = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}[command.name]
    return reply_message(f"{', '.join(run.id for run in matching)}: {done} before the next step", State.DONE, done)


def _open_runs(context: Context, cluster: KnownCluster) -> list[Run]:
    return [run for run in _live_runs(context) if run.target == cluster.id]


def _live_runs(context: Context) -> list[Run]:
    store = context.ports.store
    return [stored.value for _, stored in runs(store).get_all(marked(store, LIVE)) if stored is not None]


def _check(person: Person, command: Command, ring: str, settings: Settings) -> None:
    if command.name in CHANGING and not may(person, command.name, ring, command.runbook, settings):
        where = f"in {ring}" if ring else "on a cluster that is not in a ring"
        what = f"{command.name} {command.runbook}".strip()
        raise CommandRefusedError(
            f"You are not allowed to {what} {where}. Ask for a rule under `commands` in daytwo.yaml."
        )


def _cluster(context: Context, name: str) -> KnownCluster:
    clusters = [stored.value for stored in known_clusters(context.ports.store).scan(f"{azure_key(name)}|")]
    if len(clusters) == 1:
        return clusters[0]
    if clusters:
        places = ", ".join(sorted(each.id for each in clusters))
        raise CommandRefusedError(
            f"{len(clusters)} clusters have the name {name}, but a command needs exactly one: {places}"
        )
    raise CommandRefusedError(f"Daytwo does not know a cluster {name[:63]}. It discovers new clusters within an hour.")


def _zone(settings: Settings) -> str:
    """Returns the time zone of the times that people write: the first window's."""
    return next((window.zone for window in settings.windows.values()), "UTC")


def _settings(context: Context) -> Settings:
    if context.config.settings is None:
        raise CommandRefusedError(f"Daytwo has no valid configuration: {context.config.problem}")
    return context.config.settings
