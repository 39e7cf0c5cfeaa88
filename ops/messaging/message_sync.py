"""Messages are state: rendered from the run, reconciled with what was last sent. A chat that is down delays, and never fails a run."""

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
from ops.render import renderer
from ops.render.run import rollout_message, run_details, run_message
from ops.runbooks import runbooks
from ops.tables.base import Stored
from ops.tables.messages import MessageRecord, messages
from ops.tables.runs import UnpublishedEnd, unpublished_ends

_LOG = logging.getLogger(__name__)
# As long as Event Grid itself tries.
_PUBLISHED_WITHIN = timedelta(days=1)


def report_run(ports: Ports, run: Run) -> None:
    """Brings the run's message up to date. A timer's run that has nothing to tell stays silent.

    Who has approved one hears how it ended, also where nothing was done.
    """
    is_worth_telling = run.acted or run.notify or (bool(run.approved) and run.state.is_final)
    if run.dry_run or (run.source == "timer" and not is_worth_telling):
        return
    runbook = runbooks()[run.runbook]
    reconcile(ports, run_message(run, runbook), run.channels)
    details = run_details(run, runbook.title)
    if details is not None:
        reconcile(ports, details, run.channels, run.id)


def report_rollout(ports: Ports, rollout: Rollout, runs: Mapping[str, RunSummary]) -> None:
    """Brings the rollout's message up to date, once one of its runs has acted or it has come to grief."""
    if not any(run.acted for run in runs.values()) and rollout.state is not State.HALTED:
        return
    reconcile(ports, rollout_message(rollout, runs, runbooks()[rollout.plan.runbook].title))


def publish(ports: Ports, run: Run) -> None:
    """Tells other programs how a run ended, now or by a later tick. Nobody's listening is no failure of the run."""
    ended = UnpublishedEnd(run.target, run.runbook, str(run.state), run.why, ports.clock.now())
    try:
        _send(ports, run.id, ended)
    except OutsideError as error:
        _LOG.warning("the end of %s could not be published, and is tried again: %s", run.id, error)
        unpublished_ends(ports.store).insert(run.id, ended)


def publish_pending(ports: Ports) -> None:
    """What other programs could not be told before; after a day nobody waits for it, and the ledger has it all the same.

    A topic that does not answer is asked once: each call to it may wait for seconds, and there may be hundreds.
    """
    table, now = unpublished_ends(ports.store), ports.clock.now()
    refusal: OutsideError | None = None
    for stored in list(table.scan()):
        if not isinstance(refusal, TryLaterError):
            refusal = _publish_failure(ports, stored)
        if refusal is not None:
            if now - stored.value.since < _PUBLISHED_WITHIN:
                continue
            _LOG.warning("the end of %s is published no more: %s", stored.key, refusal)
        table.delete(stored.key)


def _publish_failure(ports: Ports, stored: Stored[UnpublishedEnd]) -> OutsideError | None:
    """Tells one end; what came in the way."""
    try:
        _send(ports, stored.key, stored.value)
    except OutsideError as error:
        return error
    return None


def _send(ports: Ports, run_id: str, ended: UnpublishedEnd) -> None:
    data = {"run": run_id, "runbook": ended.runbook, "state": ended.state, "why": ended.why}
    ports.events.publish("Daytwo.RunEnded", ended.target, data, f"{run_id}.ended")


def reconcile(ports: Ports, message: Message, channels: Sequence[str] = (), thread_of: str = "") -> None:
    """In every chat: same content, no call; changed content, an edit; what cannot be sent now is sent by a later tick.

    `channels` are `chat|channel`; a chat with none of them shows it in its own. `thread_of` is the subject that it answers.
    """
    for chat in ports.chats:
        if not chat.can_edit and not (message.state.is_final or message.state is State.NEEDS_YOU):
            continue
        if thread_of and not chat.can_thread:
            # Without threads only what calls on somebody is worth a post of its own.
            if message.state is not State.NEEDS_YOU:
                continue
            thread_of = ""
        content = renderer(chat.name)(message)
        for channel in destinations(chat, channels):
            _sync_channel(ports, chat, _Target(channel, message, content, thread_of))


def destinations(chat: Chat, channels: Sequence[str]) -> tuple[str, ...]:
    """Where a chat shows what belongs into these channels (`chat|channel`): its own of them, else its usual one."""
    own = tuple(channel.removeprefix(f"{chat.name}|") for channel in channels if channel.startswith(f"{chat.name}|"))
    return own or (chat.channel,)


@dataclass(frozen=True, slots=True)
class _Target:
    """What one channel should show."""

    channel: str
    message: Message
    content: Mapping[str, Json]
    thread_of: str


def _sync_channel(ports: Ports, chat: Chat, wanted: _Target) -> None:
    """Keeps what is wanted, and sends it where the channel shows something else."""
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
            dirty=record.dirty or record.sent != digest,
        )

    if messages(ports.store).change(key, want).dirty:
        deliver(ports, chat, key)
