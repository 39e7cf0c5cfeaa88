"""Teams through a Workflows webhook, which can only post."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from ops.adapters.http_client import post
from ops.chats.teams.renderer import render
from ops.model.json import Json
from ops.model.message import Message
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import ClosedChannelError, RejectedError

_TIMEOUT_S = 15
# The limit is 28 KB after expansion; Teams accepts larger cards but does not always deliver them (Microsoft Learn, Teams limits).
_MOST_BYTES = 20_000
# Any other refusal is about the flow: it was deleted, disabled or moved.
_ABOUT_THE_CARD = ("400", "413", "422")
_RETIRED = ".webhook.office.com"


class UnusableWebhookError(ValueError):
    """The address cannot be used. The text says why and how to fix it, but not the address, which is a secret."""


class RetiredWebhookError(UnusableWebhookError):
    """The address belongs to an Office 365 connector. Microsoft has retired these: nothing sent there arrives."""


@dataclass
class TeamsChat:
    """Implements `Chat`. `url` is a secret; `envelope` is `message` if the flow expects the card wrapped in a message."""

    url: str
    envelope: str = "message"
    channel: str = "teams"
    name: str = "teams"
    can_edit: bool = False
    can_thread: bool = False

    def __post_init__(self) -> None:
        self.url = self.url.strip()
        if _host(self.url).endswith(_RETIRED):
            raise RetiredWebhookError(
                "the Teams webhook is an Office 365 connector, which Microsoft has retired. Create a Workflows webhook and use its address."
            )

    def render(self, message: Message) -> Mapping[str, Json]:
        """Renders an Adaptive Card without buttons that vote."""
        return render(message)

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """Sends one POST request. The webhook does not return a message id, so our key takes its place.

        Raises:
            RejectedError: the card is too large for Teams, or is refused.
            ClosedChannelError: the flow does not exist anymore, or accepts nothing. Also raises the errors that the HTTP
                client's `post` raises.
        """
        content, key = outgoing.content, outgoing.key
        wrapped: Mapping[str, Json] = {
            "type": "message",
            "attachments": [
                {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
            ],
        }
        body = json.dumps(wrapped if self.envelope == "message" else content, ensure_ascii=False).encode()
        if len(body) > _MOST_BYTES:
            raise RejectedError("TooLarge", f"posting {key} to Teams: the card has {len(body)} bytes")
        headers = {"Content-Type": "application/json"}
        try:
            post(f"posting {key} to Teams", self.url, timeout_s=_TIMEOUT_S, content=body, headers=headers)
        except RejectedError as error:
            if error.code in _ABOUT_THE_CARD:
                raise
            raise ClosedChannelError(error.code, str(error)) from error
        return Posted(channel, key)

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """Posts the new state as a separate message, since a webhook cannot edit messages."""
        self.post(posted.channel, outgoing)

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Returns None: a webhook cannot search. If the response to a post was lost, the message is posted twice."""
        del channel, key, since, thread
        return None


def _host(url: str) -> str:
    """Returns the host of the webhook.

    Raises:
        UnusableWebhookError: the address is not a usable https address.
    """
    try:
        split = urlsplit(url)
        is_usable = split.scheme in ("https", "http") and split.port != 0 and url.isprintable() and " " not in url
    except ValueError:
        is_usable = False
    if not is_usable or not split.hostname:
        raise UnusableWebhookError(
            "the Teams webhook is not a valid address that begins with https://, without spaces or line breaks. "
            "Copy it from the flow again."
        )
    return split.hostname
