"""The Bot Connector through Microsoft's client: posts, replies, edits, private conversations. One attempt per call."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops.adapters.http_client import retry_after_s
from ops.model.json import Json
from ops.ports.errors import DeniedError, NotFoundError, OutsideError, RejectedError, ThrottledError, TryLaterError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from microsoft_agents.activity import Activity
    from microsoft_agents.hosting.core.connector.client.connector_client import ConversationsOperations
    from microsoft_agents.hosting.core.security import OutboundHostValidator

CARD = "application/vnd.microsoft.card.adaptive"
# The hosts of the Bot Connector for Teams: public cloud and GCC. The SDK's longer lists contain shared hosts.
HOSTS = ("smba.trafficmanager.net", "smba.infra.gcc.teams.microsoft.com")
_SCOPE = "https://api.botframework.com/.default"
# Teams waits 15 s for the response to a vote or a command, which can take two calls.
_TIMEOUT_S = 5
_THROTTLED_S = 30.0
# Ids become part of an address, and the client does not escape them.
_ID = re.compile(r"[\w:@.;=+-]{1,512}", re.ASCII)
_LONGEST_ID = 512
# "Optimize your bot with rate limiting": retry 412, 429, 502 and 504.
_LATER = frozenset({HTTPStatus.PRECONDITION_FAILED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT})
# The limit is 80 KB.
_MOST_BYTES = 80_000


class ForbiddenHereError(DeniedError):
    """Teams knows the bot, but forbids this here: it is not in the conversation, or the message was deleted."""


@dataclass(frozen=True)
class TeamsConnector:
    """Communicates only with Microsoft's hosts and `simulated` ones (with their ports)."""

    app_id: str
    credential: "TokenCredential"
    simulated: frozenset[str] = frozenset()

    def is_allowed(self, service_url: str) -> bool:
        """Whether it is safe to send our token to this address."""
        return self._is_simulated(service_url) or self._hosts.is_allowed(service_url)

    def post(self, service_url: str, conversation: str, card: Mapping[str, Json]) -> str:
        """Posts a message to a conversation or thread; returns its id."""
        body = _message(card)
        return self._ask(
            "posting to Teams",
            service_url,
            (conversation,),
            lambda client: _id(client.send_to_conversation(conversation, body)),
        )

    def reply(self, service_url: str, conversation: str, answered: str, card: Mapping[str, Json]) -> str:
        """Replies to an activity; returns the reply's id."""
        body = _message(card)
        return self._ask(
            "replying in Teams",
            service_url,
            (conversation, answered),
            lambda client: _id(client.reply_to_activity(conversation, answered, body)),
        )

    def edit(self, service_url: str, conversation: str, changed: str, card: Mapping[str, Json]) -> str:
        """Replaces a message's card; returns the message's id."""
        body = _message(card)
        return self._ask(
            "editing a message in Teams",
            service_url,
            (conversation, changed),
            lambda client: _id(client.update_activity(conversation, changed, body)),
        )

    def begin_thread(self, service_url: str, channel: str, card: Mapping[str, Json]) -> str:
        """Posts to a channel; returns the id, which also names the thread."""
        from microsoft_agents.activity import ChannelAccount, ConversationParameters

        body = ConversationParameters(
            is_group=True,
            bot=ChannelAccount(id=f"28:{self.app_id}"),
            channel_data={"channel": {"id": channel}},
            activity=_message(card),
        )

        async def begin(client: "ConversationsOperations") -> str:
            return str((await client.create_conversation(body)).activity_id or "")

        return self._ask("posting to a channel in Teams", service_url, (channel,), begin)

    def private(self, service_url: str, user: str, tenant: str) -> str:
        """Returns the id of the conversation with one person, which Teams creates if needed. `user` is the id in Teams (29:…)."""
        from microsoft_agents.activity import ChannelAccount, ConversationParameters

        body = ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=f"28:{self.app_id}"),
            members=[ChannelAccount(id=user)],
            tenant_id=tenant,
        )

        async def begin(client: "ConversationsOperations") -> str:
            return str((await client.create_conversation(body)).id or "")

        return self._ask("writing to a person in Teams", service_url, (), begin)

    def _ask(
        self,
        doing: str,
        service_url: str,
        ids: tuple[str, ...],
        call: "Callable[[ConversationsOperations], Awaitable[str]]",
    ) -> str:
        from ops.adapters.azure_errors import refusals

        if not self.is_allowed(service_url):
            raise RejectedError("ForeignService", f"{doing}: the service URL does not belong to Teams")
        if any(not _ID.fullmatch(each) for each in ids):
            raise RejectedError("BadId", f"{doing}: the id of the conversation or message is not valid")
        with refusals(doing):
            token = self.credential.get_token(_SCOPE).token
        with _refusals(doing):
            identity = asyncio.run(self._call(service_url, token, call))
        if not identity:
            raise TryLaterError(f"{doing}: Teams accepted it without an id")
        return identity

    async def _call(
        self, service_url: str, token: str, call: "Callable[[ConversationsOperations], Awaitable[str]]"
    ) -> str:
        from aiohttp import ClientSession, ClientTimeout
        from microsoft_agents.hosting.core.connector.client.connector_client import (
            ConnectorClient,
            ConversationsOperations,
        )

        base = service_url if service_url.endswith("/") else f"{service_url}/"
        timeout = ClientTimeout(total=_TIMEOUT_S)
        # The SDK's session rejects other hosts, and names that resolve to a private network.
        session = (
            ClientSession(base_url=base, timeout=timeout)
            if self._is_simulated(service_url)
            else self._hosts.client({"base_url": base, "timeout": timeout})
        )
        client = ConnectorClient(base, token, session=session)
        try:
            # By default the client truncates ids to 150 characters, and a truncated id would name another conversation.
            return await call(ConversationsOperations(client.client, max_conversation_id_length=_LONGEST_ID))
        finally:
            await client.close()

    def _is_simulated(self, service_url: str) -> bool:
        parts = urlsplit(service_url)
        return parts.netloc in self.simulated and parts.scheme in ("http", "https")

    @cached_property
    def _hosts(self) -> "OutboundHostValidator":
        from microsoft_agents.hosting.core.security import OutboundHostValidator

        return OutboundHostValidator(list(HOSTS), enabled=True, include_default_microsoft_hosts=False)


def _message(card: Mapping[str, Json]) -> "Activity":
    """Returns the card as an activity; notifications show its fallback text.

    Raises:
        RejectedError: the card is too large for Teams.
    """
    from microsoft_agents.activity import Activity, Attachment

    activity = Activity(
        type="message",
        summary=str(card.get("fallbackText", "")),
        attachments=[Attachment(content_type=CARD, content=dict(card))],
    )
    size = len(activity.model_dump_json(by_alias=True, exclude_unset=True, ensure_ascii=True).encode())
    if size > _MOST_BYTES:
        raise RejectedError("TooLarge", f"posting to Teams: the card has {size} bytes")
    return activity


async def _id(answered: Awaitable[object]) -> str:
    return str(getattr(await answered, "id", "") or "")


@contextmanager
def _refusals(doing: str) -> Iterator[None]:
    from aiohttp import ClientError, ClientResponseError

    from ops.adapters.azure_errors import UNREADABLE

    try:
        yield
    except ClientResponseError as error:
        raise _refusal(doing, error.status, error.headers) from error
    except (ClientError, TimeoutError, OSError, *UNREADABLE) as error:
        # The response is not what the client expects, or the host resolves to a private network (ValueError).
        raise TryLaterError(f"{doing}: {type(error).__name__}") from error


def _refusal(doing: str, status: int, headers: Mapping[str, str] | None) -> OutsideError:
    text = f"{doing}: {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(text, retry_after_s(headers, _THROTTLED_S))
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST:
        return TryLaterError(text, retry_after_s(headers))
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(text)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        kind = ForbiddenHereError if status == HTTPStatus.FORBIDDEN else DeniedError
        return kind(f"{text}: the bot's app is not installed there, or its registration and id do not match")
    return RejectedError(str(status), text)
