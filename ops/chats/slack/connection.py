"""The connection to Slack, from the app settings SLACK_TOKEN, SLACK_SIGNING_SECRET and SLACK_URL."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.chats.slack.client import SlackChat
    from ops.chats.slack.endpoint import SlackAccess
    from ops.chats.slack.modals import SlackModals
    from ops.chats.slack.replies import SlackReplies
    from ops.ports.runtime import Clock
    from ops.settings import Settings


class SlackConnection:
    """Implements `Connection`. `SLACK_URL` is the address of a simulated Slack."""

    def __init__(self, environment: Mapping[str, str], clock: "Clock") -> None:
        self._token = environment.get("SLACK_TOKEN", "")
        self._secret = environment.get("SLACK_SIGNING_SECRET", "").strip()
        self._url = environment.get("SLACK_URL", "")
        self._clock = clock
        self._chats: dict[str, SlackChat] = {}

    def chats(self, settings: "Settings | None") -> "tuple[SlackChat, ...]":
        """Returns the one chat, if the configuration names a channel and the app settings contain the token."""
        from ops.chats.slack.settings import SLACK

        section = settings.chat.get(SLACK) if settings else None
        channel = section.channel if section else None
        if not channel or not self._token:
            return ()
        if channel not in self._chats:
            from ops.chats.slack.client import SlackChat

            self._chats[channel] = (
                SlackChat(self._token, channel, self._url) if self._url else SlackChat(self._token, channel)
            )
        return (self._chats[channel],)

    def replies(self, settings: "Settings | None") -> "tuple[SlackReplies, ...]":
        """Returns the sender of replies, which sends to Slack's own host and the simulated one and does not need a token."""
        del settings
        return (self._replies,)

    @cached_property
    def access(self) -> "SlackAccess":
        """Returns the dependencies of the endpoints; without SLACK_SIGNING_SECRET they reject every request."""
        from ops.chats.slack.endpoint import SlackAccess
        from ops.chats.slack.signature import SlackSignature
        from ops.endpoints.rejected_requests import RejectedRequests

        signature = SlackSignature(self._secret, self._clock) if self._secret else None
        return SlackAccess(signature, RejectedRequests(), self._forms)

    @property
    def _forms(self) -> "SlackModals | None":
        from ops.chats.slack.modals import SlackModals

        if not self._token:
            return None
        return SlackModals(self._token, self._url) if self._url else SlackModals(self._token)

    @cached_property
    def _replies(self) -> "SlackReplies":
        from urllib.parse import urlsplit

        from ops.chats.slack.replies import SlackReplies

        return SlackReplies(frozenset({"hooks.slack.com", urlsplit(self._url).netloc} - {""}))
