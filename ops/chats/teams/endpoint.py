"""The Teams bot's door. The Bot Connector's token is the key; before it is proven nothing of the body is read.

A press decides, a message is a command, an installation tells where it is; of everything else there is nothing to do.
"""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from ops.approvals.notifications import request_message
from ops.approvals.votes import ApprovalAction, LongReasonError, VoteOutcome, read_reason, record_vote
from ops.chats.teams.payloads import Activity, read_activity
from ops.chats.teams.renderer import render_bot, with_picture
from ops.context import Context
from ops.endpoints.chat_commands import ChatRequest, take_command
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.rejected_requests import RejectedRequests, RequestRejectedError
from ops.messaging.ephemeral_replies import reply_now
from ops.model.json import Json
from ops.model.ledger import Entry
from ops.model.people import Identity
from ops.model.run import State
from ops.ports.errors import DeniedError, OutsideError, TryLaterError
from ops.render.commands import reply_message

_LOG = logging.getLogger(__name__)
DOOR = "teams"
_MAX_BODY_BYTES = 256 * 1024
# What was answered: a message that is delivered again is not answered again.
_ANSWERED = "answered-command"
_CARD = "application/vnd.microsoft.card.adaptive"
_TEXT = "application/vnd.microsoft.activity.message"
# After these the request stands as the card shows it; after others the person hears why it does not.
_SHOWS = frozenset({"approved", "rejected", "counted", "late", "expired"})
_NOT_TAKEN = "nothing was done: Daytwo's records cannot be reached now; try again in a minute"
_TROUBLE = "Nothing was decided: Daytwo's records cannot be reached now. Press again in a minute."


class BotEndpoint(Protocol):
    """Authenticates requests, and makes the addresses for replies."""

    def authenticate(self, authorization: str) -> str:
        """The service URL that the request's token is for. Raises DeniedError, TryLaterError if the token cannot be checked."""
        ...

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        """The address for a reply to an activity, or, without one, for a post to the conversation."""
        ...

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        """The address that reaches one person alone. Raises DeniedError if the bot may not write to them."""
        ...


@dataclass(frozen=True, slots=True)
class TeamsAccess:
    """What the endpoint needs besides the context. `bot` is None if no bot is configured here."""

    bot: BotEndpoint | None
    rejected: RejectedRequests


def take_activity(context: Context, access: TeamsAccess, request: HttpRequest) -> HttpResponse:
    """POST teams/messages: what Teams sends to its bot."""
    if access.bot is None:
        return HttpResponse(HTTPStatus.NOT_FOUND, {"error": "there is no Teams bot here"})
    try:
        activity = _authenticated(context, access.bot, request)
        return _take(context, access.bot, activity)
    except RequestRejectedError as rejected:
        return access.rejected.answer(context, DOOR, rejected.rejection, request.body)


def _authenticated(context: Context, bot: BotEndpoint, request: HttpRequest) -> Activity:
    """The activity, once it is certain that Teams has sent it, to this bot, from our tenant. Raises RefusedError."""
    if len(request.body) > _MAX_BODY_BYTES:
        raise RequestRejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "the body is larger than 256 kB")
    try:
        service_url = bot.authenticate(request.headers.get("authorization", ""))
    except DeniedError:
        why = "the request carries no token of the Bot Connector for this bot"
        raise RequestRejectedError(HTTPStatus.UNAUTHORIZED, "bad-token", why) from None
    except TryLaterError as error:
        _LOG.warning("a request of Teams could not be checked, so it was refused: %s", error)
        why = "the request's token cannot be checked now: try again later"
        raise RequestRejectedError(HTTPStatus.SERVICE_UNAVAILABLE, "no-keys", why) from None
    activity = read_activity(request.body)
    if activity.channel != "msteams":
        raise RequestRejectedError(HTTPStatus.FORBIDDEN, "other-channel", "only Teams is served here")
    if activity.service_url.rstrip("/") != service_url.rstrip("/"):
        why = "the activity names another service URL than its token"
        raise RequestRejectedError(HTTPStatus.FORBIDDEN, "other-service", why)
    settings = context.config.settings
    tenant = settings.people.entra_tenant if settings else ""
    if not tenant or activity.tenants != {tenant.lower()}:
        raise RequestRejectedError(
            HTTPStatus.FORBIDDEN, "other-tenant", "the activity is not from the tenant that is configured"
        )
    return activity


def _take(context: Context, bot: BotEndpoint, activity: Activity) -> HttpResponse:
    match activity.kind:
        case "invoke" if activity.name == "adaptiveCard/action":
            return _pressed(context, activity)
        case "invoke":
            return HttpResponse(HTTPStatus.NOT_IMPLEMENTED, {"error": "nothing answers this invoke"})
        case "message" if activity.is_for_the_bot():
            return _written(context, bot, activity)
        case _:
            if activity.adds_the_bot():
                _installed(context, activity)
            return HttpResponse(HTTPStatus.OK, {})


def _pressed(context: Context, activity: Activity) -> HttpResponse:
    """A decision. The person sees the request as it stands now, or why theirs does not count."""
    token, choice, written = activity.press()
    try:
        reason = read_reason(written)
        decided = record_vote(context, ApprovalAction(token, choice, _identity(activity), activity.event, reason))
    except LongReasonError as error:
        return _invoked(_TEXT, f"{error}")
    except OutsideError as error:
        _LOG.warning("a press in Teams could not be carried out: %s", error)
        return _invoked(_TEXT, _TROUBLE)
    return _invoked(*_shown(context, decided))


def _shown(context: Context, decided: VoteOutcome) -> tuple[str, Json]:
    settings = context.config.settings
    if decided.approval is None or settings is None or decided.result not in _SHOWS:
        return _TEXT, decided.text
    message = request_message(context.ports, decided.approval, settings)
    return _CARD, with_picture(render_bot(message), None)


def _invoked(kind: str, value: Json) -> HttpResponse:
    """An invoke's answer; Teams wants 200 around whatever it says."""
    return HttpResponse(HTTPStatus.OK, {"statusCode": 200, "type": kind, "value": value})


def _written(context: Context, bot: BotEndpoint, activity: Activity) -> HttpResponse:
    """A command: carried out, and answered to its sender alone where Teams lets us, else below it."""
    asked = ChatRequest(_identity(activity), activity.text(), activity.event, _address(bot, activity))
    try:
        message = take_command(context, asked)
        # Carried out again it is the same command; its answer is a post, which would stand there twice.
        is_first = context.ports.store.insert(_ANSWERED, asked.event, {"at": context.ports.clock.now().isoformat()})
    except OutsideError as error:
        _LOG.warning("a command in Teams could not be taken: %s", error)
        message, is_first = reply_message(_NOT_TAKEN, State.FAILED, "not done"), True
    if is_first:
        reply_now(context.ports, asked.event, asked.address, render_bot(message))
    return HttpResponse(HTTPStatus.OK, {})


def _address(bot: BotEndpoint, activity: Activity) -> str:
    """Alone with the sender. Where the bot may not write to them it is the thread, which others read too."""
    here = bot.address(activity.service_url, activity.conversation, activity.id)
    if activity.is_personal:
        return here
    try:
        return bot.private_address(activity.service_url, activity.sender.id, next(iter(activity.tenants)))
    except OutsideError as error:
        _LOG.info("answering a command of Teams in its thread: %s", error)
        return here


def _installed(context: Context, activity: Activity) -> None:
    """Where the bot is now: an operator writes it into daytwo.yaml."""
    now, conversation = context.ports.clock.now(), activity.conversation.partition(";")[0]
    text = (
        "the Teams bot was added to a conversation; to have messages there, write into daytwo.yaml: "
        f'chat: {{teams-bot: {{conversation: "{conversation}", service-url: "{activity.service_url}"}}}}'
    )
    _LOG.warning("%s", text)
    data = {"conversation": conversation, "service-url": activity.service_url}
    entry = Entry(f"teams-installed|{conversation}", now, "teams-installed", DOOR, text, str(_identity(activity)), data)
    context.ports.ledger.append(entry)


def _identity(activity: Activity) -> Identity:
    """Proven by Teams: a member of our tenant, by object id; whoever has none is nobody."""
    return Identity(DOOR, next(iter(activity.tenants)), activity.sender.user, activity.sender.shown)
