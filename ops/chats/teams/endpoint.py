"""The endpoint of the Teams bot. The Bot Connector's token is verified before the body is parsed.

A button records a vote, a message is a command, an installation reports its conversation. Other activities are ignored.
"""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from ops.approvals.notifications import request_message
from ops.approvals.votes import ApprovalAction, LongReasonError, VoteOutcome, read_reason, record_vote
from ops.chats.teams.payloads import Activity, read_activity
from ops.chats.teams.renderer import render_bot, with_picture
from ops.chats.teams.settings import IDENTITY
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
from ops.render.phrases import sentence

_LOG = logging.getLogger(__name__)
ENDPOINT = "teams"
_MAX_BODY_BYTES = 256 * 1024
# Commands that have been answered, so that a repeated delivery is ignored.
_ANSWERED = "answered-command"
_CARD = "application/vnd.microsoft.card.adaptive"
_TEXT = "application/vnd.microsoft.activity.message"
# After these results, the card shows the current request. After any other, the person reads why the vote does not count.
_SHOWS = frozenset({"approved", "rejected", "counted", "late", "expired"})
_NOT_TAKEN = "nothing was done: Daytwo's records are not available; try again in a minute"
_TROUBLE = "Nothing was decided: Daytwo's records are not available. Try again in a minute."


class BotEndpoint(Protocol):
    """Authenticates requests, and makes the addresses for replies."""

    def authenticate(self, authorization: str) -> str:
        """Returns the service URL for which the token was issued. Raises DeniedError, or TryLaterError if the token cannot be verified."""
        ...

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        """Returns the address for a reply to an activity, or, without one, for a post to the conversation."""
        ...

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        """Returns the address that reaches only this person. Raises DeniedError if the bot is not allowed to write to them."""
        ...


@dataclass(frozen=True, slots=True)
class TeamsAccess:
    """The dependencies of the endpoint, in addition to the context. `bot` is None if no bot is configured here."""

    bot: BotEndpoint | None
    rejected: RejectedRequests


def take_activity(context: Context, access: TeamsAccess, request: HttpRequest) -> HttpResponse:
    """POST teams/messages: the activities that Teams sends to its bot."""
    if access.bot is None:
        return HttpResponse(HTTPStatus.NOT_FOUND, {"error": "there is no Teams bot here"})
    try:
        activity = _authenticated(context, access.bot, request)
        return _take(context, access.bot, activity)
    except RequestRejectedError as rejected:
        return access.rejected.answer(context, ENDPOINT, rejected.rejection, request.body)


def _authenticated(context: Context, bot: BotEndpoint, request: HttpRequest) -> Activity:
    """Returns the activity, if Teams sent it to this bot from our tenant.

    Raises:
        RequestRejectedError: the body is too large or malformed, the token is not valid or cannot be verified, or another
            channel, service or tenant sent the activity.
    """
    if len(request.body) > _MAX_BODY_BYTES:
        raise RequestRejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "the body is larger than 256 kB")
    try:
        service_url = bot.authenticate(request.headers.get("authorization", ""))
    except DeniedError:
        why = "the request has no token of the Bot Connector for this bot"
        raise RequestRejectedError(HTTPStatus.UNAUTHORIZED, "bad-token", why) from None
    except TryLaterError as error:
        _LOG.warning("a request from Teams was rejected because its token could not be checked: %s", error)
        why = "the token cannot be checked now: try again later"
        raise RequestRejectedError(HTTPStatus.SERVICE_UNAVAILABLE, "no-keys", why) from None
    activity = read_activity(request.body)
    if activity.channel != "msteams":
        raise RequestRejectedError(HTTPStatus.FORBIDDEN, "other-channel", "this endpoint serves only Teams")
    if activity.service_url.rstrip("/") != service_url.rstrip("/"):
        why = "the activity names a service URL other than that of its token"
        raise RequestRejectedError(HTTPStatus.FORBIDDEN, "other-service", why)
    settings = context.config.settings
    tenant = settings.people.tenants.get(IDENTITY.name, "") if settings else ""
    if not tenant or activity.tenants != {tenant.lower()}:
        raise RequestRejectedError(
            HTTPStatus.FORBIDDEN, "other-tenant", "the activity is not from the configured tenant"
        )
    return activity


def _take(context: Context, bot: BotEndpoint, activity: Activity) -> HttpResponse:
    match activity.kind:
        case "invoke" if activity.name == "adaptiveCard/action":
            return _voted(context, activity)
        case "invoke":
            return HttpResponse(HTTPStatus.NOT_IMPLEMENTED, {"error": "this invoke is not supported"})
        case "message" if activity.is_for_the_bot():
            return _commanded(context, bot, activity)
        case _:
            if activity.adds_the_bot():
                _installed(context, activity)
            return HttpResponse(HTTPStatus.OK, {})


def _voted(context: Context, activity: Activity) -> HttpResponse:
    """Records a vote. The person sees the current request, or why the vote does not count."""
    token, choice, written = activity.vote()
    try:
        reason = read_reason(written)
        decided = record_vote(context, ApprovalAction(token, choice, _identity(activity), activity.event, reason))
    except LongReasonError as error:
        return _invoked(_TEXT, sentence(f"{error}"))
    except OutsideError as error:
        _LOG.warning("a vote in Teams could not be recorded: %s", error)
        return _invoked(_TEXT, _TROUBLE)
    return _invoked(*_shown(context, decided))


def _shown(context: Context, decided: VoteOutcome) -> tuple[str, Json]:
    settings = context.config.settings
    if decided.approval is None or settings is None or decided.result not in _SHOWS:
        return _TEXT, sentence(decided.text)
    message = request_message(context.ports, decided.approval, settings)
    return _CARD, with_picture(render_bot(message), None)


def _invoked(kind: str, value: Json) -> HttpResponse:
    """Returns the response to an invoke; Teams expects 200 for every result."""
    return HttpResponse(HTTPStatus.OK, {"statusCode": 200, "type": kind, "value": value})


def _commanded(context: Context, bot: BotEndpoint, activity: Activity) -> HttpResponse:
    """Executes a command. Only the sender sees the reply if Teams allows that; otherwise the reply is posted below the command."""
    typed = ChatRequest(_identity(activity), activity.text(), activity.event, _address(bot, activity))
    try:
        message = take_command(context, typed)
        # Repeating a command has no new effect, but its reply is a post, which would appear twice.
        is_first = context.ports.store.insert(_ANSWERED, typed.event, {"at": context.ports.clock.now().isoformat()})
    except OutsideError as error:
        _LOG.warning("a Teams command failed: %s", error)
        message, is_first = reply_message(_NOT_TAKEN, State.FAILED, "not done"), True
    if is_first:
        reply_now(context.ports, typed.event, typed.address, render_bot(message))
    return HttpResponse(HTTPStatus.OK, {})


def _address(bot: BotEndpoint, activity: Activity) -> str:
    """Returns the private conversation with the sender; if the bot is not allowed to write there, the thread, which others can read."""
    here = bot.address(activity.service_url, activity.conversation, activity.id)
    if activity.is_personal:
        return here
    try:
        return bot.private_address(activity.service_url, activity.sender.id, next(iter(activity.tenants)))
    except OutsideError as error:
        _LOG.info("replying to a Teams command in its thread: %s", error)
        return here


def _installed(context: Context, activity: Activity) -> None:
    """Reports the conversation, which an operator copies into daytwo.yaml."""
    now, conversation = context.ports.clock.now(), activity.conversation.partition(";")[0]
    text = (
        "The Teams bot was added to a conversation. To post there, add to daytwo.yaml: "
        f'chat: {{teams-bot: {{conversation: "{conversation}", service-url: "{activity.service_url}"}}}}'
    )
    _LOG.warning("%s", text)
    data = {"conversation": conversation, "service-url": activity.service_url}
    entry = Entry(
        f"teams-installed|{conversation}", now, "teams-installed", ENDPOINT, text, str(_identity(activity)), data
    )
    context.ports.ledger.append(entry)


def _identity(activity: Activity) -> Identity:
    """Returns the user whom Teams identifies: a member of our tenant, by object id. A user without an object id does not match any person."""
    return Identity(ENDPOINT, IDENTITY.name, next(iter(activity.tenants)), activity.sender.user, activity.sender.shown)
