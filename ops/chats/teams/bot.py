"""Teams through a bot: posts, edits, threads, private replies, and the authentication of its requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.chats.teams.connector import ForbiddenHereError, TeamsConnector
from ops.chats.teams.renderer import render_bot, with_picture
from ops.chats.teams.tokens import BotTokens
from ops.model.json import Json
from ops.model.message import Message
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import ClosedChannelError, DeniedError, NotFoundError, RejectedError, UneditableError

# Posts in a channel have threads; group chats and personal conversations do not.
_CHANNEL_ENDS = ("@thread.tacv2", "@thread.skype")
_THREAD = ";messageid="
_GONE = "message_not_found"
_CLOSED = "conversation_closed"
_ADDRESS = "teams-bot:"
_ADDRESS_PARTS = 3


@dataclass
class TeamsBotChat:
    """Implements `Chat`. `channel` is the default conversation.

    A reply in a thread has the message id `post/reply`, because an edit needs both ids.
    """

    connector: TeamsConnector
    channel: str
    service_url: str
    name: str = "teams-bot"
    can_edit: bool = True
    can_thread: bool = True

    def render(self, message: Message) -> Mapping[str, Json]:
        """Renders an Adaptive Card with buttons and mentions."""
        return render_bot(message)

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """Posts a new message, or a reply in a thread. A group chat has no threads, so a reply is posted at its end.

        Raises:
            ClosedChannelError: the conversation is gone, or Teams does not accept the bot there.
        """
        try:
            return self._post(channel, outgoing)
        except (DeniedError, NotFoundError) as error:
            raise ClosedChannelError(_CLOSED, str(error)) from error

    def _post(self, channel: str, outgoing: Outgoing) -> Posted:
        card = with_picture(outgoing.content, outgoing.picture)
        if outgoing.thread is None and not _has_threads(channel):
            return Posted(channel, self.connector.post(self.service_url, channel, card))
        if outgoing.thread is None:
            return Posted(channel, self.connector.begin_thread(self.service_url, channel, card))
        root = outgoing.thread.message_id
        identity = self.connector.post(self.service_url, _thread(channel, root), card)
        return Posted(channel, f"{root}/{identity}")

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """Edits the message without a new notification.

        Raises:
            UneditableError: the message was deleted. Teams answers 403 or 404.
            ClosedChannelError: Teams does not accept the bot's identity.
        """
        root, _, answer = posted.message_id.partition("/")
        card = with_picture(outgoing.content, outgoing.picture)
        try:
            self.connector.edit(self.service_url, _thread(posted.channel, root), answer or root, card)
        except (ForbiddenHereError, NotFoundError) as error:
            raise UneditableError(_GONE, str(error)) from error
        except DeniedError as error:
            raise ClosedChannelError(_CLOSED, str(error)) from error

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Returns None: a bot cannot search Teams, and the Connector does not accept a key that would make a second post idempotent.

        If the response to a post is lost, the message is posted again and appears twice. The first copy is no longer
        edited. Its buttons name the same request, so a vote there is answered with the current state.
        """
        del channel, key, since, thread
        return None


@dataclass(frozen=True)
class TeamsBotEndpoint:
    """Implements `BotEndpoint` and `Replies`. Its addresses are `teams-bot:<service>|<conversation>|<activity>`."""

    connector: TeamsConnector
    tokens: BotTokens

    def authenticate(self, authorization: str) -> str:
        """Returns the service URL of the token, which must belong to Teams.

        Raises:
            DeniedError: the token is not valid for this bot, or its service URL does not belong to Teams.
            TryLaterError: the signing keys cannot be read.
        """
        service_url = self.tokens.authenticate(authorization)
        if not self.connector.is_allowed(service_url):
            raise DeniedError("checking a request from Teams: the token's service URL does not belong to Teams")
        return service_url

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        """Returns the address for a reply to an activity, or, without one, for a post to the conversation."""
        return f"{_ADDRESS}{service_url}|{conversation}|{activity}"

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        """Returns the conversation with one person. Raises DeniedError if the app is not installed for them or they have blocked it."""
        return self.address(service_url, self.connector.private(service_url, user, tenant))

    def accepts(self, address: str) -> bool:
        """Whether this address was created by `address`."""
        return address.startswith(_ADDRESS) and len(address.removeprefix(_ADDRESS).split("|")) == _ADDRESS_PARTS

    def render(self, message: Message) -> Mapping[str, Json]:
        """Renders an Adaptive Card with buttons and mentions."""
        return render_bot(message)

    def send(self, address: str, content: Mapping[str, Json]) -> None:
        """Replies to the activity, or posts to the conversation if the address names none.

        Raises:
            RejectedError: the address does not belong to the bot, or the conversation no longer exists.
        """
        if not self.accepts(address):
            raise RejectedError("ForeignAddress", "replying in Teams: the address does not belong to the Teams bot")
        service_url, conversation, activity = address.removeprefix(_ADDRESS).split("|")
        card = with_picture(content, None)
        try:
            if activity:
                self.connector.reply(service_url, conversation, activity, card)
            else:
                self.connector.post(service_url, conversation, card)
        except (DeniedError, NotFoundError) as error:
            raise RejectedError("Gone", str(error)) from error


def _has_threads(channel: str) -> bool:
    return channel.endswith(_CHANNEL_ENDS)


def _thread(channel: str, root: str) -> str:
    """Returns the conversation that identifies a thread."""
    return f"{channel}{_THREAD}{root}" if _has_threads(channel) else channel
