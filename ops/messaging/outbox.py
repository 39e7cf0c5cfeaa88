"""The outbox: attempts to update a chat, and the timer that retries failed ones."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from ops.messaging.rate_limit import RateLimitedError, RateLimiter, pause_after
from ops.model.json import Json
from ops.ports.bundle import Ports
from ops.ports.chat import Chat, Outgoing, Posted
from ops.ports.errors import (
    ClosedChannelError,
    ConflictError,
    NotDoneError,
    OutsideError,
    ThrottledError,
    TryLaterError,
    UneditableError,
)
from ops.tables.base import Stored, marked
from ops.tables.messages import MessageRecord, messages
from ops.tables.set_aside import each
from ops.telemetry.metrics import Metric

_LOG = logging.getLogger(__name__)

_OUTBOX = "outbox"
# Longer than any chat client's timeout: a post that began this recently may not have arrived yet.
_ON_ITS_WAY = timedelta(seconds=30)


def message_key(chat: str, channel: str, subject: str) -> str:
    """Returns the key of the record that describes what a channel shows about a subject."""
    return f"{chat}|{channel}|{subject}"


def deliver(ports: Ports, chat: Chat, key: str) -> None:
    """Makes one attempt immediately; the message stays in the outbox until the chat accepts it."""
    ports.store.insert(_OUTBOX, key, {})
    send_record(ports, chat, key, RateLimiter(ports))


def flush_outbox(ports: Ports, pause: Callable[[float], None] | None = None) -> int:
    """Retries everything in the outbox; returns the number of messages left.

    `pause` sleeps for a number of seconds. If it is given, a backlog is sent at the rate that the chat accepts, for a few minutes.
    """
    chats = {chat.name: chat for chat in ports.chats}
    pace = RateLimiter(ports, pause)
    keys, sent = _in_order(ports), []

    def send(key: str) -> None:
        chat = chats.get(key.split("|", maxsplit=1)[0])
        if chat is not None and send_record(ports, chat, key, pace):
            sent.append(key)

    each(ports.store, "outbox", keys, send)
    waiting = len(keys) - len(sent)
    ports.metrics.record(Metric.OUTBOX_DEPTH, waiting)
    return waiting


def send_record(ports: Ports, chat: Chat, key: str, pace: RateLimiter) -> bool:
    """Makes one attempt to show the desired content; returns whether the chat now shows it."""
    stored = messages(ports.store).get(key)
    if stored is None or not stored.value.dirty:
        _remove(ports, key)
        return True
    record = stored.value
    if record.retry_at is not None and ports.clock.now() < record.retry_at:
        return False
    thread = _thread(ports, record)
    if record.thread_of and thread is None:
        return False  # the message that this one replies to must exist first
    return _Attempt(ports, chat, pace, stored, _load_outgoing(ports, record, thread)).carry_out()


@dataclass
class _Attempt:
    """Makes one attempt. `stored` is the record as this attempt last read or wrote it."""

    ports: Ports
    chat: Chat
    pace: RateLimiter
    stored: Stored[MessageRecord]
    outgoing: Outgoing
    posting: bool = False

    def carry_out(self) -> bool:
        """Makes the attempt; returns whether the chat now shows the desired content."""
        try:
            self.pace.await_turn(self._channel_line)
            posted = self._known() or self._found()
            if posted is None:
                self._shown(self._post(), edits=0)
            else:
                self._edit(posted)
        except (RateLimitedError, ConflictError):
            return False  # the chat is rate limited, or another process is sending it
        except ThrottledError as error:
            self._failed(
                error, timedelta(0)
            )  # the rate limit applies to all messages, so no separate time is recorded for this one
            return False
        except TryLaterError as error:
            self._failed(error, timedelta(seconds=max(error.retry_after_s, 1.0)))
            return False
        except ClosedChannelError as error:
            self.pace.close(self._channel_line)
            self._failed(error, timedelta(0))
            return False
        except OutsideError as error:
            self._failed(error, pause_after(self.stored.value.refused + 1))
            return False
        return True

    @property
    def _channel_line(self) -> str:
        return f"{self.chat.name}|{self.stored.value.channel}|open"

    def _edit(self, posted: Posted) -> None:
        """Edits the message. If the chat does not accept changes of it, it is posted again.

        If that happens again, only an end state, or content that needs a person, is posted again: each post notifies people.

        Raises:
            UneditableError: the content can wait for the next attempt.
        """
        try:
            self._call(f"{self.chat.name}|edit", lambda: self.chat.edit(posted, self.outgoing))
        except UneditableError:
            record = self.stored.value
            if record.reposts and not (record.urgent or record.final):
                raise
            again = replace(record, message_id="", sent="", reposts=record.reposts + 1)
            self.stored = messages(self.ports.store).replace(self.stored, again)
            self._shown(self._post(), edits=0)
            return
        self._shown(posted, edits=1)

    def _known(self) -> Posted | None:
        record = self.stored.value
        return Posted(record.channel, record.message_id) if record.message_id else None

    def _found(self) -> Posted | None:
        """Searches for a message that an earlier attempt may have posted without receiving the response.

        Raises:
            RateLimitedError: the post may not have arrived yet.
        """
        record = self.stored.value
        since = record.posting_since
        if since is None:
            return None
        if self.ports.clock.now() - since < _ON_ITS_WAY:
            raise RateLimitedError(self.stored.key)
        posted = self._call(
            f"{self.chat.name}|find",
            lambda: self.chat.find(record.channel, record.subject, since, self.outgoing.thread),
        )
        if posted is not None:
            mine = replace(record, message_id=posted.message_id, channel=posted.channel, posting_since=None)
            self.stored = messages(self.ports.store).replace(self.stored, mine)
        return posted

    def _post(self) -> Posted:
        """Posts the message. The intent is recorded first: after a crash, the next attempt searches the chat."""
        line = f"{self.chat.name}|{self.stored.value.channel}|post"
        self.pace.await_turn(line)
        intent = replace(self.stored.value, posting_since=self.ports.clock.now())
        self.stored = messages(self.ports.store).replace(self.stored, intent)
        self.posting = True
        return self._limited(line, lambda: self.chat.post(intent.channel, self.outgoing))

    def _call[T](self, line: str, call: Callable[[], T]) -> T:
        self.pace.await_turn(line)
        return self._limited(line, call)

    def _limited[T](self, line: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except ThrottledError as error:
            self.pace.rest(line, error.retry_after_s)
            raise

    def _shown(self, posted: Posted, *, edits: int) -> None:
        """Records that the chat shows this content. The record stays dirty if other content was requested or sent in the meantime."""
        mine = self.stored.value

        def change(old: MessageRecord | None) -> MessageRecord:
            now = old or mine
            # Another attempt ran at the same time, and it is unknown which of the two the chat processed last.
            beside = (now.message_id, now.sent, now.edits) != (mine.message_id, mine.sent, mine.edits)
            return replace(
                now,
                message_id=posted.message_id,
                channel=posted.channel,
                sent=mine.wanted,
                dirty=beside or now.wanted != mine.wanted,
                posting_since=None,
                problem="",
                retry_at=None,
                edits=now.edits + edits,
                refused=0,
            )

        self.pace.open(self._channel_line)
        if messages(self.ports.store).change(self.stored.key, change).dirty:
            self.ports.store.insert(_OUTBOX, self.stored.key, {})  # the other attempt may have removed it
        else:
            _remove(self.ports, self.stored.key)

    def _failed(self, error: OutsideError, wait: timedelta) -> None:
        """Records the problem, and logs a new refusal. After a failed search, the next attempt searches again, since the message may exist."""
        mine = self.stored.value
        # A chat that is busy or unreachable is normal: the retry is planned, and the depth of the outbox shows an outage.
        if str(error) != mine.problem and not isinstance(error, TryLaterError):
            _LOG.warning(
                "%s has not accepted the message about %s in channel %s: %s",
                mine.chat,
                mine.subject,
                mine.channel,
                error,
            )
        retry_at = self.ports.clock.now() + wait if wait else None
        is_lasting = not isinstance(error, TryLaterError)
        is_undone = isinstance(error, NotDoneError) or is_lasting

        def change(old: MessageRecord | None) -> MessageRecord:
            now = old or mine
            reported = replace(now, problem=str(error), retry_at=retry_at, refused=now.refused + is_lasting)
            if self.posting and is_undone and now.posting_since == mine.posting_since:
                reported = replace(reported, posting_since=None)
            if not is_undone:
                # The chat may show this attempt's content instead of newer content that another attempt has sent.
                reported = replace(reported, dirty=True)
            return reported

        if messages(self.ports.store).change(self.stored.key, change).dirty:
            self.ports.store.insert(_OUTBOX, self.stored.key, {})


def refused_messages(ports: Ports) -> tuple[MessageRecord, ...]:
    """Returns the messages that wait because their chat refuses them for a reason that a retry cannot change."""
    waiting = messages(ports.store).get_all(marked(ports.store, _OUTBOX))
    return tuple(stored.value for _, stored in waiting if stored is not None and stored.value.refused)


def _remove(ports: Ports, key: str) -> None:
    """Removes the message from the outbox, unless other content was requested in the meantime."""
    ports.store.delete(_OUTBOX, key)
    stored = messages(ports.store).get(key)
    if stored is not None and stored.value.dirty:
        ports.store.insert(_OUTBOX, key, {})


def _in_order(ports: Ports) -> list[str]:
    """Sorts messages that need a person first, and messages before their replies."""
    ranked = [
        (stored is None or not stored.value.urgent, bool(stored and stored.value.thread_of), key)
        for key, stored in messages(ports.store).get_all(marked(ports.store, _OUTBOX))
    ]
    return [key for *_, key in sorted(ranked)]


def _thread(ports: Ports, record: MessageRecord) -> Posted | None:
    if not record.thread_of:
        return None
    root = messages(ports.store).get(message_key(record.chat, record.channel, record.thread_of))
    return Posted(root.value.channel, root.value.message_id) if root and root.value.message_id else None


def _load_outgoing(ports: Ports, record: MessageRecord, thread: Posted | None) -> Outgoing:
    content = cast("Mapping[str, Json]", json.loads(ports.store.get_content(record.content_ref)))
    picture = ports.store.get_content(record.picture) if record.picture else None
    return Outgoing(content, record.subject, thread, picture)
