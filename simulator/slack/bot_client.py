"""Slack as a client of the app: sends signed button clicks, modals and commands to the Request URLs and shows the responses."""

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
from simulator.slack.interactions import Interaction, button_of, click_payload, command_form, submission_payload
from simulator.slack.messages import Channel, Message
from simulator.slack.signing import SIGNING_SECRET, signed
from simulator.slack.triggers import Triggers
from simulator.slack.viewlimits import MAX_INPUT_LENGTH, inputs_of
from simulator.slack.views import View, Views, apply_response
from simulator.slack.workspace import USERS, User

type BotEndpoint = Literal["slack-interactions", "slack-commands"]

#: https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response.
RESPONSE_TIMEOUT_S = 3.0
MAX_RETRIES = 3


class InteractionError(ValueError):
    """A person cannot select this button or send this command. The text states the reason."""


@dataclass(frozen=True, slots=True)
class AppResponse:
    """The app's response. The status 0 means that the app did not respond in time."""

    status: int
    text: str
    seconds: float

    def document(self) -> JsonObject:
        """Return the response as JSON for a test."""
        return {"status": self.status, "body": self.text, "seconds": self.seconds}


class BotClient:
    """Has one Request URL for interactions and one for commands. `sent` contains the body of every request, oldest first.

    Slack signs with `secret`. A click is sent once, unless retries are requested, which then follow the same
    schedule as events.
    """

    def __init__(
        self, channels: dict[str, Channel], hooks: Hooks, now: Callable[[], datetime], secret: str = SIGNING_SECRET
    ) -> None:
        self.urls: dict[BotEndpoint, str] = {}
        self.sent: list[bytes] = []
        self.response_timeout_s = RESPONSE_TIMEOUT_S
        self._channels, self._hooks, self._now, self._secret = channels, hooks, now, secret
        self._number = 0
        self.triggers = Triggers(now)
        self.views = Views(now, self.triggers)

    def text_of(self, document: JsonObject) -> str:
        """Return the full text of the message that contains the button, or an empty text if the message does not exist."""
        message = self._channel(document).find(str(document.get("ts")))
        return "" if message is None else " ".join(_texts(message.blocks))

    async def click_button(self, document: JsonObject, origin: str) -> AppResponse:
        """Have `user` select `action_id` in the message `ts` of `channel`; `retries` is Slack's maximum number of retries.

        Raises:
            InteractionError: the user, the message or the button does not exist.
        """
        channel, user = self._channel(document), _user(document)
        message = channel.find(str(document.get("ts")))
        button = message and button_of(message, str(document.get("action_id")))
        if message is None or not button:
            raise InteractionError(
                f"{channel.id} does not show a button {document.get('action_id')!r} in {document.get('ts')!r}."
            )
        body = click_payload(message, button, self._interaction_in("actions", channel, user, message, origin))
        return await self._deliver("slack-interactions", body, _retries(document))

    async def command(self, document: JsonObject, origin: str) -> AppResponse:
        """Have `user` type `command` (default `/daytwo`) with `text` in `channel`, and show the response to that person.

        `deliveries` is how often Slack sends the same command, for example because the network has lost the response.

        Raises:
            InteractionError: the user or channel does not exist, or Slack would not show the response.
        """
        given = {"channel": next(iter(self._channels)), "command": "/daytwo", "text": "", **document}
        channel, user = self._channel(given), _user(given)
        interaction = self._interaction_in("commands", channel, user, None, origin)
        body = command_form(str(given["command"]), str(given["text"]), channel.id, interaction)
        outcome = await self._deliver("slack-commands", body, 0)
        for _ in range(1, int(str(given.get("deliveries", 1)))):
            outcome = await self._deliver("slack-commands", body, 0)
        if outcome.status == HTTPStatus.OK and outcome.text:
            try:
                self._hooks.show(channel, user.id, _shown(outcome.text), None)
            except HookError as error:
                raise InteractionError(f"Slack does not show the response: {error}.") from error
        return outcome

    async def submit(self, document: JsonObject) -> AppResponse:
        """Have `user` submit their open modal with `text` in its first field. The response decides whether the modal closes.

        Raises:
            InteractionError: there is no open modal, or Slack does not allow it to be submitted.
        """
        user = _user(document)
        view = self._view(document, user)
        typed = str(document.get("text", ""))
        values: dict[str, dict[str, str]] = {}
        for number, block in enumerate(inputs_of(view.content)):
            values |= _filled(block, typed if number == 0 else "")
        interaction = self._new_interaction(user, "")
        outcome = await self._deliver("slack-interactions", submission_payload(view.payload(), values, interaction), 0)
        apply_response(view, outcome.status, outcome.text)
        return outcome

    def close(self, document: JsonObject) -> AppResponse:
        """Have `user` close their open modal. The app is notified only if it requested a notification.

        Raises:
            InteractionError: there is no open modal.
        """
        view = self._view(document, _user(document))
        view.is_open = False
        return AppResponse(HTTPStatus.OK, "", 0.0)

    def _view(self, document: JsonObject, user: User) -> View:
        view = self.views.find(str(document["view"])) if "view" in document else self.views.last_of(user.id)
        if view is None or view.user != user.id:
            raise InteractionError(f"No modal {document.get('view', '')!r} is open for {user.name}.")
        return view

    def _interaction_in(
        self, kind: str, channel: Channel, user: User, message: Message | None, origin: str
    ) -> Interaction:
        return self._new_interaction(user, origin + self._hooks.make(kind, channel, user.id, message))

    def _new_interaction(self, user: User, address: str) -> Interaction:
        """Return a new interaction, whose trigger can be used to open a modal from now on."""
        self._number += 1
        interaction = Interaction(user, self._now(), self._number, address)
        self.triggers.register(interaction.trigger_id, user.id)
        return interaction

    async def _deliver(self, endpoint: BotEndpoint, body: bytes, retries: int) -> AppResponse:
        url = self.urls.get(endpoint)
        if url is None:
            raise InteractionError(f"There is no subscriber: POST /subscribers with schema {endpoint}.")
        self.sent.append(body)
        timeout = aiohttp.ClientTimeout(total=self.response_timeout_s)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            outcome = await self._send(session, url, body, {})
            for number in range(1, retries + 1):
                if outcome.status == HTTPStatus.OK:
                    break
                reason = "http_timeout" if outcome.status == 0 else "http_error"
                retry_headers = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
                outcome = await self._send(session, url, body, retry_headers)
        return outcome

    async def _send(self, session: aiohttp.ClientSession, url: str, body: bytes, more: dict[str, str]) -> AppResponse:
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
                return AppResponse(response.status, await response.text(), loop.time() - began)
        except (aiohttp.ClientError, TimeoutError):
            return AppResponse(0, "", loop.time() - began)

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
    """Return the value for a field.

    Raises:
        InteractionError: Slack's own client does not accept the value.
    """
    element = block.get("element")
    field: JsonObject = element if isinstance(element, dict) else {}
    longest = int(str(field.get("max_length", MAX_INPUT_LENGTH)))
    if len(typed) > longest:
        raise InteractionError(f"{len(typed)} characters are too many: the field's maximum is {longest}.")
    if not typed and block.get("optional") is not True:
        raise InteractionError("The field is required.")
    return {str(block.get("block_id", "b0")): {str(field.get("action_id")): typed}}


def _retries(document: JsonObject) -> int:
    retries = document.get("retries", 0)
    if not isinstance(retries, int) or not 0 <= retries <= MAX_RETRIES:
        raise InteractionError(f"retries must be a number from 0 to {MAX_RETRIES}, not {retries!r}.")
    return retries


def _shown(text: str) -> JsonObject:
    try:
        read = json.loads(text)
    except ValueError:
        return {"text": text}
    return read if isinstance(read, dict) else {"text": text}


def _texts(value: object) -> Iterator[str]:
    """Return every text in a structure, in the order of appearance."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [inner] if name == "text" and isinstance(inner, str) else _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
