"""Teams through a bot: posts, edits, threads, private answers, and its door's key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.chats.teams.connector import TeamsConnector
from ops.chats.teams.renderer import with_picture
from ops.chats.teams.tokens import BotTokens
from ops.model.json import Json
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import DeniedError, NotFoundError, RejectedError

# A channel's posts have threads; group chats and conversations with one person have none.
_CHANNEL_ENDS = ("@thread.tacv2", "@thread.skype")
_THREAD = ";messageid="
_GONE = "message_not_found"
_ADDRESS = "teams-bot:"
_ADDRESS_PARTS = 3


@dataclass
class TeamsBotChat:
    """Implements `Chat`. `channel` is the conversation that it posts to unless a route says otherwise.

    The message id of an answer in a thread holds both ids, `post/answer`: Teams wants both for an edit.
    """

    connector: TeamsConnector
    channel: str
    service_url: str
    name: str = "teams-bot"
    can_edit: bool = True
    can_thread: bool = True

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """A post of its own, or an answer in a thread. In a group chat an answer stands at the end: it has no threads."""
        card = with_picture(outgoing.content, outgoing.picture)
        if outgoing.thread is None and not _has_threads(channel):
            return Posted(channel, self.connector.post(self.service_url, channel, card))
        if outgoing.thread is None:
            return Posted(channel, self.connector.begin_thread(self.service_url, channel, card))
        root = outgoing.thread.message_id
        identity = self.connector.post(self.service_url, _thread(channel, root), card)
        return Posted(channel, f"{root}/{identity}")

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """Edits without a new notification. What somebody has deleted is refused as `message_not_found`, and posted anew."""
        root, _, answer = posted.message_id.partition("/")
        card = with_picture(outgoing.content, outgoing.picture)
        try:
            self.connector.edit(self.service_url, _thread(posted.channel, root), answer or root, card)
        except NotFoundError as error:
            raise RejectedError(_GONE, str(error)) from error

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """A bot cannot search Teams, and the Connector takes no key that would make a second post the same one.

        So where the answer to a post is lost, the post is made again: one message may stand there twice. The first of
        the two is not edited any more; its buttons still name the same request, so whoever presses hears how it stands.
        """
        del channel, key, since, thread
        return None


@dataclass(frozen=True)
class TeamsBotEndpoint:
    """Implements `BotDoor` and `Answers`: who comes in, and private answers to `teams-bot:<service>|<conversation>|<activity>`."""

    connector: TeamsConnector
    tokens: BotTokens

    def admit(self, authorization: str) -> str:
        """The service URL of the token, which has to be one of Teams'. Raises DeniedError, TryLaterError."""
        service_url = self.tokens.admit(authorization)
        if not self.connector.is_allowed(service_url):
            raise DeniedError("checking a request of Teams: the token's service URL is none of Teams'")
        return service_url

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        """Where an answer goes: after an activity, or without one at the end of a conversation."""
        return f"{_ADDRESS}{service_url}|{conversation}|{activity}"

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        """The conversation with one person. Raises DeniedError where the app is not installed for them or they block it."""
        return self.address(service_url, self.connector.private(service_url, user, tenant))

    def answer(self, address: str, content: Mapping[str, Json]) -> None:
        """Send one."""
        parts = address.removeprefix(_ADDRESS).split("|")
        if not address.startswith(_ADDRESS) or len(parts) != _ADDRESS_PARTS:
            raise RejectedError("ForeignAddress", "answering: the address is none of the Teams bot's")
        service_url, conversation, activity = parts
        card = with_picture(content, None)
        try:
            if activity:
                self.connector.answer(service_url, conversation, activity, card)
            else:
                self.connector.post(service_url, conversation, card)
        except (DeniedError, NotFoundError) as error:
            raise RejectedError("Gone", str(error)) from error


def _has_threads(channel: str) -> bool:
    return channel.endswith(_CHANNEL_ENDS)


def _thread(channel: str, root: str) -> str:
    """The conversation of a thread."""
    return f"{channel}{_THREAD}{root}" if _has_threads(channel) else channel
