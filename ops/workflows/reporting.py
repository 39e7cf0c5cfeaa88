"""Messages are state: rendered from the run, reconciled with what was last sent. A chat that is down delays, and never fails a run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from ops.bundle import Ports
from ops.config.current import ConfigState
from ops.model.ledger import Entry
from ops.model.message import Message
from ops.model.run import Rollout, Run, RunSummary, State
from ops.ports import Chat, ConflictError, Json, OutsideError, Posted, TryLaterError
from ops.records import MessageRecord, messages
from ops.render import renderer
from ops.render.run import configuration_message, rollout_message, run_message
from ops.runbooks import runbooks

_RETRY = timedelta(minutes=5)


def report_run(ports: Ports, run: Run) -> None:
    """Brings the run's message up to date. A timer's run that has nothing to tell stays silent."""
    if run.dry_run or (run.source == "timer" and not run.acted and not run.loud):
        return
    runbook = runbooks()[run.runbook]
    reconcile(ports, run_message(run, runbook.title, runbook.unit), run.channel)


def report_rollout(ports: Ports, rollout: Rollout, runs: Mapping[str, RunSummary]) -> None:
    """Brings the rollout's message up to date, once one of its runs has acted or it has come to grief."""
    if not any(run.acted for run in runs.values()) and rollout.state is not State.HALTED:
        return
    reconcile(ports, rollout_message(rollout, runs, runbooks()[rollout.plan.runbook].title))


def report_configuration(ports: Ports, config: ConfigState, now: datetime) -> None:
    """Says once that the configuration is not valid, and once that it is again; nobody hears of one that always was."""
    message = configuration_message(config.problem)
    if not config.problem and not any(
        messages(ports.store).get(f"{chat.name}|{message.subject}") for chat in ports.chats
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


def reconcile(ports: Ports, message: Message, channel: str = "") -> None:
    """In every chat: same content, no call; changed content, an edit; what cannot be sent now is sent by a later tick."""
    for chat in ports.chats:
        if not chat.can_edit and not (message.state.is_final or message.state is State.NEEDS_YOU):
            continue
        content = renderer(chat.name)(message)
        text = json.dumps(content, sort_keys=True)
        wanted = hashlib.sha256(text.encode()).hexdigest()[:16]
        key = f"{chat.name}|{message.subject}"
        reference = ""
        stored = messages(ports.store).get(key)
        if stored is not None and stored.value.wanted == wanted and not stored.value.dirty:
            continue
        reference = ports.store.put_content(text.encode())

        def want(
            old: MessageRecord | None, wanted: str = wanted, reference: str = reference, chat: Chat = chat
        ) -> MessageRecord:
            record = old or MessageRecord(
                chat.name, message.subject, (channel if chat.can_edit else "") or chat.channel
            )
            return replace(record, wanted=wanted, content_ref=reference, dirty=record.sent != wanted)

        record = messages(ports.store).change(key, want)
        if record.dirty:
            ports.store.insert("outbox", key, {})
            send(ports, chat, key)


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
    content = cast("Mapping[str, Json]", json.loads(ports.store.get_content(record.content_ref)))
    try:
        posted = Posted(record.channel, record.message_id) if record.message_id else None
        if posted is None and record.posting_since is not None:
            posted = chat.find(record.channel, record.subject, record.posting_since)
        if posted is None:
            stored = table.replace(stored, replace(record, posting_since=now))
            posted = chat.post(record.channel, content, record.subject)
            edits = 0
        else:
            chat.edit(posted, content)
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


def _note(ports: Ports, key: str, record: MessageRecord) -> None:
    """Keeps what came of the attempt; what was wanted meanwhile stays wanted."""

    def change(current: MessageRecord | None) -> MessageRecord:
        if current is None or current.wanted == record.wanted:
            return record
        return replace(record, wanted=current.wanted, content_ref=current.content_ref, dirty=True)

    after = messages(ports.store).change(key, change)
    if not after.dirty:
        ports.store.delete("outbox", key)
