"""Slack's endpoints: buttons, submitted dialogs, slash commands. The signature is verified before the body is parsed.

The signature proves that Slack sent the request for this app, and Slack vouches for the user. The workspace must be the
configured one (docs/approvals.md, rule 6).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from ops.approvals.votes import ApprovalAction, record_vote
from ops.chats.slack.dialogs import REJECTING
from ops.chats.slack.payloads import ButtonAction, Submission, read_command, read_form, read_interaction
from ops.chats.slack.rejection_dialog import DialogResult, Forms, accept_reason, open_rejection_dialog
from ops.chats.slack.renderer import OPENS, plainly, privately, render
from ops.chats.slack.settings import IDENTITY
from ops.context import Context
from ops.endpoints.chat_commands import ChatRequest, take_command
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.rejected_requests import RejectedRequests, Rejection, RequestRejectedError
from ops.messaging.ephemeral_replies import reply_later, reply_now
from ops.model.approval import Choice
from ops.ports.errors import OutsideError
from ops.render.phrases import sentence

_LOG = logging.getLogger(__name__)
INTERACTIONS, COMMANDS = "slack-interactions", "slack-commands"
# Slack's largest payloads contain the whole message and are far smaller than this.
_MAX_BODY_BYTES = 256 * 1024
_NOT_CONFIGURED = (
    "The app setting SLACK_SIGNING_SECRET is missing, so Slack requests are rejected. "
    "Copy it from Basic Information of the app at api.slack.com/apps."
)
_NOTHING_DECIDED = "Nothing was decided: Daytwo's records are not available. Try again in a minute."
_NO_REASON = "Slack could not open the dialog that asks for a reason, so none is recorded."
_NOTHING_DONE = "Nothing was done: Daytwo's records are not available. Try again in a minute."


class Signature(Protocol):
    """A verifier of requests from Slack."""

    def is_valid(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether the raw body was signed for this app within the last five minutes. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True)
class SlackAccess:
    """The dependencies of the endpoints, in addition to the context.

    `signature` is None if the signing secret is not set; every request is then rejected. `forms` is None without a token; a
    rejection is then recorded without asking for a reason.
    """

    signature: Signature | None
    rejected: RejectedRequests
    forms: Forms | None


def take_interaction(context: Context, access: SlackAccess, request: HttpRequest) -> HttpResponse:
    """POST slack/interactions: 200 with an empty body, or with an update of the dialog. The person gets a private reply."""
    if access.signature is None:
        return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _NOT_CONFIGURED})
    try:
        found = read_interaction(_authenticated(access.signature, request), _team(context))
    except RequestRejectedError as rejected:
        return access.rejected.answer(context, INTERACTIONS, rejected.rejection, request.body)
    if isinstance(found, Submission):
        if found.callback == REJECTING:
            return accept_reason(context, found)
        _ignore(context, access, request, f"the dialog {found.callback[:64]!r} is not one of Daytwo's")
        return HttpResponse(HTTPStatus.OK, None)
    for action in found:
        name = action.id.partition(".")[0]
        if name in set(Choice):
            if not _take_vote(context, access.forms, action, Choice(name)):
                # With an error status, Slack shows a warning next to the button.
                return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _NOTHING_DECIDED})
        elif name != OPENS:
            _ignore(context, access, request, f"the button {action.id[:64]!r} is not one of Daytwo's")
    return HttpResponse(HTTPStatus.OK, None)


def take_slash_command(context: Context, access: SlackAccess, request: HttpRequest) -> HttpResponse:
    """POST slack/commands: the body is the reply, which only the sender sees."""
    if access.signature is None:
        return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _NOT_CONFIGURED})
    try:
        form = _authenticated(access.signature, request)
        if form.get("ssl_check") == "1":
            return HttpResponse(HTTPStatus.OK, None)  # Slack checks our certificate from time to time
        command = read_command(form, _team(context))
    except RequestRejectedError as rejected:
        return access.rejected.answer(context, COMMANDS, rejected.rejection, request.body)
    typed = ChatRequest(command.identity, command.text, command.event, command.address)
    try:
        content = render(take_command(context, typed))
    except OutsideError as error:
        _LOG.warning("a Slack command failed: %s", error)
        content = plainly(_NOTHING_DONE)
    return HttpResponse(HTTPStatus.OK, privately(content))


def _authenticated(signature: Signature, request: HttpRequest) -> Mapping[str, str]:
    """Returns the form fields of a request, if Slack signed it.

    Raises:
        RequestRejectedError: the body is too large, not signed by Slack, or not a form.
    """
    if len(request.body) > _MAX_BODY_BYTES:
        raise RequestRejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "the body is larger than 256 kB")
    if not signature.is_valid(request.body, request.headers):
        why = "the request is not signed by Slack for this app, or was signed more than five minutes ago"
        raise RequestRejectedError(HTTPStatus.UNAUTHORIZED, "not-signed", why)
    return read_form(request.body)


def _team(context: Context) -> str:
    settings = context.config.settings
    return settings.people.tenants.get(IDENTITY.name, "") if settings else ""


def _ignore(context: Context, access: SlackAccess, request: HttpRequest, what: str) -> None:
    ignored = Rejection(HTTPStatus.OK, "unknown-action", what)
    access.rejected.note(context, INTERACTIONS, ignored, request.body)


def _take_vote(context: Context, forms: Forms | None, action: ButtonAction, choice: Choice) -> bool:
    """Whether the action was handled: the vote is recorded and answered, or a dialog asks for the reason for a rejection."""
    try:
        opening = open_rejection_dialog(context, forms, action) if choice is Choice.REJECT else DialogResult.NOT_NEEDED
        if opening is DialogResult.OPEN:
            return True
        decided = record_vote(context, ApprovalAction(action.value, choice, action.identity, action.event))
    except OutsideError as error:
        _LOG.warning("a vote in Slack could not be recorded: %s", error)
        reply_now(context.ports, action.event, action.address, plainly(_NOTHING_DECIDED))
        return False
    # If opening the dialog timed out, another call to Slack would exceed the time limit of this request.
    reply = reply_later if opening is DialogResult.SILENT else reply_now
    has_no_dialog = opening is not DialogResult.NOT_NEEDED and decided.result == "rejected"
    text = " ".join([sentence(decided.text), *([_NO_REASON] if has_no_dialog else [])])
    reply(context.ports, action.event, action.address, plainly(text))
    return True
