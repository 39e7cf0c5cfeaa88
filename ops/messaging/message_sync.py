"""Messages are state: rendered from the run and compared with what was sent last. An unavailable chat delays messages but never fails a run."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ops.messaging.outbox import deliver, message_key
from ops.model.json import Json
from ops.model.message import Message
from ops.model.run import Rollout, Run, RunSummary, State
from ops.ports.bundle import Ports
from ops.ports.chat import Chat
from ops.ports.errors import OutsideError, TryLaterError
from ops.render.run import rollout_message, run_details, run_message
from ops.runbooks import runbooks
from ops.tables.base import Stored
from ops.tables.messages import MessageRecord, messages
from ops.tables.runs import UnpublishedEnd, unpublished_ends
from ops.tables.set_aside import each

_LOG = logging.getLogger(__name__)
# Event Grid itself also retries for this long.
_PUBLISHED_WITHIN = timedelta(days=1)


def report_run(ports: Ports, run: Run) -> None:
    """Updates the run's message. A run that was started by a timer and has nothing to report does not post a message.

    If people have approved a run, its end is reported even if nothing was done.
    """
    has_news = run.acted or run.notify or (bool(run.approved) and run.state.is_final)
    if run.dry_run or (run.source == "timer" and not has_news):
        return
    runbook = runbooks()[run.runbook]
    reconcile(ports, run_message(run, runbook), run.channels)
    # A thread that shows details shows the end, too, even if the steps that it lists were abandoned.
    details = run_details(run, runbook.title, is_posted=_is_posted(ports, f"{run.id}.details", run.channels))
    if details is not None:
        reconcile(ports, details, run.channels, run.id)


def _is_posted(ports: Ports, subject: str, channels: Sequence[str]) -> bool:
    """Whether a chat shows, or will show, a message about the subject."""
    keys = [message_key(chat.name, each, subject) for chat in ports.chats for each in destinations(chat, channels)]
    return any(messages(ports.store).get(key) is not None for key in keys)


def report_rollout(ports: Ports, rollout: Rollout, runs: Mapping[str, RunSummary]) -> None:
    """Updates the rollout's message once one of its runs has acted, or once the rollout has halted."""
    if not any(run.acted for run in runs.values()) and rollout.state is not State.HALTED:
        return
    reconcile(ports, rollout_message(rollout, runs, runbooks()[rollout.plan.runbook].title))


def publish(ports: Ports, run: Run) -> None:
    """Publishes the end of a run as an event, either immediately or later, when a timer fires. A failure to publish does not fail the run."""
    ended = UnpublishedEnd(run.target, run.runbook, str(run.state), run.why, ports.clock.now())
    try:
        _send(ports, run.id, ended)
    except OutsideError as error:
        _LOG.warning("The end of %s could not be published and will be retried: %s", run.id, error)
        unpublished_ends(ports.store).insert(run.id, ended)


def publish_pending(ports: Ports) -> None:
    """Publishes the ends of runs that could not be published earlier. They are dropped after a day; the ledger still has them.

    Stops after the first failed call for a topic: each call can take seconds, and hundreds of ends may be waiting.
    """
    table, now = unpublished_ends(ports.store), ports.clock.now()
    refusals: list[OutsideError] = []

    def publish_one(stored: Stored[UnpublishedEnd]) -> None:
        refusal = refusals[0] if refusals else _publish_failure(ports, stored)
        if isinstance(refusal, TryLaterError):
            refusals[:] = [refusal]
        if refusal is not None:
            if now - stored.value.since < _PUBLISHED_WITHIN:
                return
            _LOG.warning("The end of %s will not be published: %s", stored.key, refusal)
        table.delete(stored.key)

    each(ports.store, "run events", list(table.scan()), publish_one, lambda stored: stored.key)


def _publish_failure(ports: Ports, stored: Stored[UnpublishedEnd]) -> OutsideError | None:
    """Publishes the end of one run; returns the error if this fails."""
    try:
        _send(ports, stored.key, stored.value)
    except OutsideError as error:
        return error
    return None


def _send(ports: Ports, run_id: str, ended: UnpublishedEnd) -> None:
    data = {"run": run_id, "runbook": ended.runbook, "state": ended.state, "why": ended.why}
    ports.events.publish("Daytwo.RunEnded", ended.target, data, f"{run_id}.ended")


def reconcile(ports: Ports, message: Message, channels: Sequence[str] = (), thread_of: str = "") -> None:
    """Updates every chat: unchanged content needs no call, changed content is sent as an edit, and failed calls are retried later.

    `channels` are `chat|channel`; a chat without an entry uses its default channel. `thread_of` is the subject whose
    message this one replies to.
    """
    for chat in ports.chats:
        if not chat.can_edit and not (message.state.is_final or message.state is State.NEEDS_YOU):
            continue
        if thread_of and not chat.can_thread:
            # In a chat without threads, only a message that needs a person is posted.
            if message.state is not State.NEEDS_YOU:
                continue
            thread_of = ""
        content = chat.render(message)
        for channel in destinations(chat, channels):
            _sync_channel(ports, chat, _Target(channel, message, content, thread_of))


def destinations(chat: Chat, channels: Sequence[str]) -> tuple[str, ...]:
    """Returns this chat's channels from a list of `chat|channel`, or its default channel if the list has none."""
    own = tuple(channel.removeprefix(f"{chat.name}|") for channel in channels if channel.startswith(f"{chat.name}|"))
    return own or (chat.channel,)


@dataclass(frozen=True, slots=True)
class _Target:
    """The content that one channel should show."""

    channel: str
    message: Message
    content: Mapping[str, Json]
    thread_of: str


def _sync_channel(ports: Ports, chat: Chat, wanted: _Target) -> None:
    """Stores the desired content, and sends it if the channel shows something else."""
    subject = wanted.message.subject
    text = json.dumps(wanted.content, sort_keys=True)
    picture = wanted.message.picture.reference if wanted.message.picture else ""
    digest = hashlib.sha256(f"{text}{picture}".encode()).hexdigest()[:16]
    key = message_key(chat.name, wanted.channel, subject)
    stored = messages(ports.store).get(key)
    if stored is not None and stored.value.wanted == digest and not stored.value.dirty:
        return
    reference = ports.store.put_content(text.encode())

    def want(old: MessageRecord | None) -> MessageRecord:
        record = old or MessageRecord(chat.name, subject, wanted.channel, thread_of=wanted.thread_of)
        return replace(
            record,
            wanted=digest,
            content_ref=reference,
            picture=picture,
            urgent=wanted.message.state is State.NEEDS_YOU,
            final=wanted.message.state.is_final,
            dirty=record.dirty or record.sent != digest,
        )

    if messages(ports.store).change(key, want).dirty:
        deliver(ports, chat, key)
