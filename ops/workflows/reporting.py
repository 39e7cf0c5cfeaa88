"""Messages are state: rendered from the run, reconciled with what was last sent. A chat that is down delays, and never fails a run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from ops.bundle import Ports
from ops.config.current import ConfigState
from ops.model.ledger import Entry
from ops.model.message import Message
from ops.model.run import Rollout, Run, RunSummary, State
from ops.ports import Chat, ConflictError, Json, Outgoing, OutsideError, Posted, TryLaterError
from ops.records import MessageRecord, messages
from ops.render import renderer
from ops.render.run import configuration_message, rollout_message, run_details, run_message
from ops.runbooks import runbooks

_RETRY = timedelta(minutes=5)


def report_run(ports: Ports, run: Run) -> None:
    """Brings the run's message up to date. A timer's run that has nothing to tell stays silent."""
    if run.dry_run or (run.source == "timer" and not run.acted and not run.loud):
        return
    runbook = runbooks()[run.runbook]
    reconcile(ports, run_message(run, runbook.title, runbook.unit), run.channels)
    details = run_details(run, runbook.title)
    if details is not None:
        reconcile(ports, details, run.channels, run.id)


def report_rollout(ports: Ports, rollout: Rollout, runs: Mapping[str, RunSummary]) -> None:
    """Brings the rollout's message up to date, once one of its runs has acted or it has come to grief."""
    if not any(run.acted for run in runs.values()) and rollout.state is not State.HALTED:
        return
    reconcile(ports, rollout_message(rollout, runs, runbooks()[rollout.plan.runbook].title))


def report_configuration(ports: Ports, config: ConfigState, now: datetime) -> None:
    """Says once that the configuration is not valid, and once that it is again; nobody hears of one that always was."""
    message = configuration_message(config.problem)
    if not config.problem and not any(
        messages(ports.store).get(message_key(chat.name, chat.channel, message.subject)) for chat in ports.chats
    ):
        return
    if config.problem:
        text = f"the configuration is not valid, so nothing new begins: {config.problem}"
        ports.ledger.append(Entry(f"configuration|{now:%Y%m%d}", now, "configuration", "daytwo.yaml", text))
    reconcile(ports, message)


def publish(ports: Ports, run: Run) -> None:
    """Tells other programs how a run ended. Nobody's listening is no failure of the run: the ledger has it all the same."""
    data: dict[str, Json] = {"run": run.id, "runbook": run.runbook, "state": str(run.state), "why": run.why}
    try:
        ports.events.publish("Daytwo.RunEnded", run.target, data, f"{run.id}.ended")
    except OutsideError as error:
        ports.store.insert("unpublished", run.id, {"event": data, "why": str(error)})


def reconcile(ports: Ports, message: Message, channels: Sequence[str] = (), thread_of: str = "") -> None:
    """In every chat: same content, no call; changed content, an edit; what cannot be sent now is sent by a later tick.

    `channels` are `chat|channel`; a chat with none of them shows it in its own. `thread_of` is the subject that it answers.
    """
    for chat in ports.chats:
        if not chat.can_edit and not (message.state.is_final or message.state is State.NEEDS_YOU):
            continue
        if thread_of and not chat.can_thread:
            continue
        content = renderer(chat.name)(message)
        for channel in _destinations(chat, channels):
            _want(ports, chat, _Wanted(channel, message, content, thread_of))


def _destinations(chat: Chat, channels: Sequence[str]) -> tuple[str, ...]:
    own = tuple(channel.removeprefix(f"{chat.name}|") for channel in channels if channel.startswith(f"{chat.name}|"))
    return own or (chat.channel,)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one channel should show."""

    channel: str
    message: Message
    content: Mapping[str, Json]
    thread_of: str


def _want(ports: Ports, chat: Chat, wanted: _Wanted) -> None:
    """Keeps what is wanted, and sends it where the channel shows something else."""
    subject = wanted.message.subject
    text = json.dumps(wanted.content, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    key = message_key(chat.name, wanted.channel, subject)
    stored = messages(ports.store).get(key)
    if stored is not None and stored.value.wanted == digest and not stored.value.dirty:
        return
    reference = ports.store.put_content(text.encode())
    picture = wanted.message.picture.reference if wanted.message.picture else ""

    def want(old: MessageRecord | None) -> MessageRecord:
        record = old or MessageRecord(chat.name, subject, wanted.channel, thread_of=wanted.thread_of)
        return replace(record, wanted=digest, content_ref=reference, picture=picture, dirty=record.sent != digest)

    if messages(ports.store).change(key, want).dirty:
        ports.store.insert("outbox", key, {})
        send(ports, chat, key)


def message_key(chat: str, channel: str, subject: str) -> str:
    """The record of what a channel shows of a subject."""
    return f"{chat}|{channel}|{subject}"


def flush(ports: Ports) -> int:
    """Sends what could not be sent before; how many still wait."""
    waiting = 0
    chats = {chat.name: chat for chat in ports.chats}
    for marker in list(ports.store.scan("outbox")):
        chat = chats.get(marker.key.split("|")[0])
        if chat is None or not send(ports, chat, marker.key):
            waiting += 1
    return waiting


def send(ports: Ports, chat: Chat, key: str) -> bool:
    """One attempt to bring the chat to what is wanted; whether it is now."""
    table = messages(ports.store)
    stored = table.get(key)
    if stored is None or not stored.value.dirty:
        ports.store.delete("outbox", key)
        return True
    now = ports.clock.now()
    if stored.value.retry_at is not None and now < stored.value.retry_at:
        return False
    record = stored.value
    thread = _thread(ports, record)
    if record.thread_of and thread is None:
        return False  # what it answers has to be there first
    outgoing = _outgoing(ports, record, thread)
    try:
        posted = Posted(record.channel, record.message_id) if record.message_id else None
        if posted is None and record.posting_since is not None:
            posted = chat.find(record.channel, record.subject, record.posting_since, thread)
        if posted is None:
            stored = table.replace(stored, replace(record, posting_since=now))
            posted = chat.post(record.channel, outgoing)
            edits = 0
        else:
            chat.edit(posted, outgoing)
            edits = 1
    except TryLaterError as error:
        later = now + timedelta(seconds=max(error.retry_after_s, 1.0))
        _note(ports, key, replace(stored.value, problem=str(error), retry_at=later))
        return False
    except ConflictError:
        return False  # somebody else is sending it
    except OutsideError as error:
        # A plain no: nothing was posted, so nothing needs to be searched for.
        _note(ports, key, replace(stored.value, problem=str(error), retry_at=now + _RETRY, posting_since=None))
        return False
    sent = replace(
        stored.value,
        message_id=posted.message_id,
        channel=posted.channel,
        sent=record.wanted,
        dirty=False,
        posting_since=None,
        problem="",
        retry_at=None,
        edits=record.edits + edits,
    )
    _note(ports, key, sent)
    return True


def _thread(ports: Ports, record: MessageRecord) -> Posted | None:
    if not record.thread_of:
        return None
    root = messages(ports.store).get(message_key(record.chat, record.channel, record.thread_of))
    return Posted(root.value.channel, root.value.message_id) if root and root.value.message_id else None


def _outgoing(ports: Ports, record: MessageRecord, thread: Posted | None) -> Outgoing:
    content = cast("Mapping[str, Json]", json.loads(ports.store.get_content(record.content_ref)))
    picture = ports.store.get_content(record.picture) if record.picture else None
    return Outgoing(content, record.subject, thread, picture)


def _note(ports: Ports, key: str, record: MessageRecord) -> None:
    """Keeps what came of the attempt; what was wanted meanwhile stays wanted."""

    def change(current: MessageRecord | None) -> MessageRecord:
        if current is None or current.wanted == record.wanted:
            return record
        return replace(record, wanted=current.wanted, content_ref=current.content_ref, dirty=True)

    after = messages(ports.store).change(key, change)
    if not after.dirty:
        ports.store.delete("outbox", key)
