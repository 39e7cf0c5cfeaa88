"""Slack knocks: presses, modals and commands go, signed, to the app's Request URLs, and the answer is shown."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Literal

import aiohttp

from simulator.http_types import JsonObject
from simulator.slack.hooks import HookError, Hooks
from simulator.slack.interactions import Happened, button_of, command_form, press_form, submission_form
from simulator.slack.messages import Channel, Message
from simulator.slack.signing import SIGNING_SECRET, signed
from simulator.slack.triggers import Triggers
from simulator.slack.viewlimits import LONGEST_TYPED, inputs_of
from simulator.slack.views import View, Views, answered
from simulator.slack.workspace import USERS, User

type Door = Literal["slack-interactions", "slack-commands"]

#: https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response.
ANSWER_WITHIN_S = 3.0
MOST_RETRIES = 3


class InteractionError(ValueError):
    """A press or command that nobody could give; the text says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the app answered; a status of 0 is no answer in time."""

    status: int
    text: str
    seconds: float

    def document(self) -> JsonObject:
        """Return it for a test."""
        return {"status": self.status, "body": self.text, "seconds": self.seconds}


class BotClient:
    """One Request URL each for interactions and commands; `sent` keeps every body that went out, oldest first.

    Slack signs with `secret`. A press is told once, unless a retry is asked for: then as Slack tells events again.
    """

    def __init__(
        self, channels: dict[str, Channel], hooks: Hooks, now: Callable[[], datetime], secret: str = SIGNING_SECRET
    ) -> None:
        self.urls: dict[Door, str] = {}
        self.sent: list[bytes] = []
        self.answer_within_s = ANSWER_WITHIN_S
        self._channels, self._hooks, self._now, self._secret = channels, hooks, now, secret
        self._number = 0
        self.triggers = Triggers(now)
        self.views = Views(now, self.triggers)

    def text_of(self, document: JsonObject) -> str:
        """Return all that the message says which is about to be pressed; nothing where there is none."""
        message = self._channel(document).find(str(document.get("ts")))
        return "" if message is None else " ".join(_texts(message.blocks))

    async def press(self, document: JsonObject, origin: str) -> Outcome:
        """Have `user` press `action_id` on the message `ts` of `channel`; `retries` bounds how often Slack tries again.

        Raises:
            PressError: nobody could press that.
        """
        channel, user = self._channel(document), _user(document)
        message = channel.find(str(document.get("ts")))
        pressed = message and button_of(message, str(document.get("action_id")))
        if message is None or not pressed:
            raise InteractionError(
                f"{channel.id} shows no button {document.get('action_id')!r} on {document.get('ts')!r}."
            )
        body = press_form(message, pressed, self._happened("actions", channel, user, message, origin))
        return await self._knock("slack-interactions", body, _retries(document))

    async def command(self, document: JsonObject, origin: str) -> Outcome:
        """Have `user` type `command` (`/daytwo` unless said) with `text` in `channel`; what is answered is shown to them.

        Raises:
            PressError: nobody could type that, or the answer is none that Slack shows.
        """
        given = {"channel": next(iter(self._channels)), "command": "/daytwo", "text": "", **document}
        channel, user = self._channel(given), _user(given)
        happened = self._happened("commands", channel, user, None, origin)
        body = command_form(str(given["command"]), str(given["text"]), channel.id, happened)
        outcome = await self._knock("slack-commands", body, 0)
        if outcome.status == HTTPStatus.OK and outcome.text:
            try:
                self._hooks.show(channel, user.id, _shown(outcome.text), None)
            except HookError as error:
                raise InteractionError(f"Slack does not show what was answered: {error}.") from error
        return outcome

    async def submit(self, document: JsonObject) -> Outcome:
        """Have `user` fill in the modal before them with `text` (in its first field) and send it; the answer says whether it closes.

        Raises:
            PressError: there is none, or Slack does not let it be sent.
        """
        user = _user(document)
        view = self._view(document, user)
        typed = str(document.get("text", ""))
        values: dict[str, dict[str, str]] = {}
        for number, block in enumerate(inputs_of(view.content)):
            values |= _filled(block, typed if number == 0 else "")
        happened = self._told(user, "")
        outcome = await self._knock("slack-interactions", submission_form(view.told(), values, happened), 0)
        answered(view, outcome.status, outcome.text)
        return outcome

    def close(self, document: JsonObject) -> Outcome:
        """Have `user` close the modal before them: the app is told nothing, unless it asked to be. Raises PressError."""
        view = self._view(document, _user(document))
        view.is_open = False
        return Outcome(HTTPStatus.OK, "", 0.0)

    def _view(self, document: JsonObject, user: User) -> View:
        view = self.views.find(str(document["view"])) if "view" in document else self.views.last_of(user.id)
        if view is None or view.user != user.id:
            raise InteractionError(f"No modal {document.get('view', '')!r} stands before {user.name}.")
        return view

    def _happened(self, kind: str, channel: Channel, user: User, message: Message | None, origin: str) -> Happened:
        return self._told(user, origin + self._hooks.make(kind, channel, user.id, message))

    def _told(self, user: User, address: str) -> Happened:
        """Return what is told now; its trigger opens a modal from now on."""
        self._number += 1
        happened = Happened(user, self._now(), self._number, address)
        self.triggers.tell(happened.trigger_id, user.id)
        return happened

    async def _knock(self, door: Door, body: bytes, retries: int) -> Outcome:
        url = self.urls.get(door)
        if url is None:
            raise InteractionError(f"Nobody listens: POST /subscribers with schema {door}.")
        self.sent.append(body)
        timeout = aiohttp.ClientTimeout(total=self.answer_within_s)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            outcome = await self._send(session, url, body, {})
            for number in range(1, retries + 1):
                if outcome.status == HTTPStatus.OK:
                    break
                reason = "http_timeout" if outcome.status == 0 else "http_error"
                told_again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
                outcome = await self._send(session, url, body, told_again)
        return outcome

    async def _send(self, session: aiohttp.ClientSession, url: str, body: bytes, more: dict[str, str]) -> Outcome:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **signed(body, self._now(), self._secret),
            **more,
        }
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with session.post(url, data=body, headers=headers) as response:
                return Outcome(response.status, await response.text(), loop.time() - began)
        except (aiohttp.ClientError, TimeoutError):
            return Outcome(0, "", loop.time() - began)

    def _channel(self, document: JsonObject) -> Channel:
        channel = self._channels.get(str(document.get("channel")))
        if channel is None:
            raise InteractionError(
                f"There is no channel {document.get('channel')!r}: use one of {', '.join(self._channels)}."
            )
        return channel


def _user(document: JsonObject) -> User:
    user = USERS.get(str(document.get("user")))
    if user is None:
        raise InteractionError(f"There is no user {document.get('user')!r}: use one of {', '.join(USERS)}.")
    return user


def _filled(block: JsonObject, typed: str) -> dict[str, dict[str, str]]:
    """Return what a field holds. Raises PressError where Slack's own client does not take it."""
    element = block.get("element")
    field: JsonObject = element if isinstance(element, dict) else {}
    longest = int(str(field.get("max_length", LONGEST_TYPED)))
    if len(typed) > longest:
        raise InteractionError(f"{len(typed)} characters are too many: the field takes {longest}.")
    if not typed and block.get("optional") is not True:
        raise InteractionError("The field has to be filled in.")
    return {str(block.get("block_id", "b0")): {str(field.get("action_id")): typed}}


def _retries(document: JsonObject) -> int:
    retries = document.get("retries", 0)
    if not isinstance(retries, int) or not 0 <= retries <= MOST_RETRIES:
        raise InteractionError(f"retries must be a number from 0 to {MOST_RETRIES}, not {retries!r}.")
    return retries


def _shown(text: str) -> JsonObject:
    try:
        read = json.loads(text)
    except ValueError:
        return {"text": text}
    return read if isinstance(read, dict) else {"text": text}


def _texts(value: object) -> Iterator[str]:
    """Return every text in a structure, in its order."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [inner] if name == "text" and isinstance(inner, str) else _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
