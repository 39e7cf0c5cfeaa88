"""Teams through a Workflows webhook: it can post and nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from ops.model.json import Json
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import RejectedError, ThrottledError, TryLaterError

_TIMEOUT_S = 15
# 28 KB is the limit, counted after expansion; what is accepted is not always delivered (Microsoft Learn, Teams limits).
_MOST_BYTES = 20_000
_RETIRED = ".webhook.office.com"


class UnusableWebhookError(ValueError):
    """No address to which anything could be sent. The text says why and what to do, and shows nothing of it: it is a secret."""


class RetiredWebhookError(UnusableWebhookError):
    """An Office 365 connector: they are retired, so nothing sent there arrives."""


@dataclass
class TeamsChat:
    """Implements `Chat`. `url` is a secret; `envelope` says whether the flow wants the card wrapped in a message."""

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
                "the Teams webhook is an Office 365 connector, and these are retired: make a Workflows webhook and put its address there"
            )

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """One POST. Teams names no message, so our key stands for it."""
        import httpx

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
        try:
            response = httpx.post(
                self.url, content=body, headers={"Content-Type": "application/json"}, timeout=_TIMEOUT_S
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TryLaterError(f"posting {key} to Teams: {type(error).__name__}") from error
        wait_s = response.headers.get("Retry-After", "")
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise ThrottledError(f"posting {key} to Teams: too many", float(wait_s) if wait_s.isdigit() else 60)
        if response.is_server_error:
            raise TryLaterError(
                f"posting {key} to Teams: {response.status_code}", float(wait_s) if wait_s.isdigit() else 60
            )
        if response.is_error:
            raise RejectedError(str(response.status_code), f"posting {key} to Teams: {response.status_code}")
        return Posted(channel, key)

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """A later state is a post of its own: a webhook cannot edit."""
        self.post(posted.channel, outgoing)

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """A webhook cannot search: an answer that was lost may lead to a second post."""
        del channel, key, since, thread
        return None


def _host(url: str) -> str:
    """Where the webhook is. Raises UnusableWebhookError."""
    try:
        split = urlsplit(url)
        is_usable = split.scheme in ("https", "http") and split.port != 0 and url.isprintable() and " " not in url
    except ValueError:
        is_usable = False
    if not is_usable or not split.hostname:
        raise UnusableWebhookError(
            "the Teams webhook is no address that begins with https:// and has no blank or line break in it: "
            "copy it from the flow once more, and put it there"
        )
    return split.hostname
