"""Slack's doors: pressed buttons, sent forms, slash commands. Slack's signature over the raw body is the key; before it holds nothing is read.

The signature proves the app and Slack's word for who it was; the workspace has to be ours (docs/approvals.md, rule 6).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from ops.approvals.votes import ApprovalAction, record_vote
from ops.chats.slack.dialogs import REJECTING
from ops.chats.slack.payloads import ButtonPress, Submission, read_command, read_form, read_interaction
from ops.chats.slack.rejection_dialog import DialogResult, Forms, accept_reason, open_rejection_dialog
from ops.chats.slack.renderer import OPENS, plainly, privately, render
from ops.context import Context
from ops.endpoints.chat_commands import ChatRequest, take_command
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.rejected_requests import RejectedRequests, Rejection, RequestRejectedError
from ops.messaging.ephemeral_replies import reply_later, reply_now
from ops.model.approval import Choice
from ops.ports.errors import OutsideError

_LOG = logging.getLogger(__name__)
INTERACTIONS, COMMANDS = "slack-interactions", "slack-commands"
# Slack's largest payloads, with the whole message in them, stay far below.
_MAX_BODY_BYTES = 256 * 1024
_CLOSED = (
    "Slack's doors are closed: the app setting SLACK_SIGNING_SECRET is missing "
    "(it stands under Basic Information of the app at api.slack.com/apps)"
)
_NOTHING_DECIDED = "Nothing was decided: Daytwo's records cannot be reached now. Press again in a minute."
_UNASKED = "Slack opened no form to ask why, so it stands without a reason."
_NOTHING_DONE = "Nothing was done: Daytwo's records cannot be reached now. Try again in a minute."


class Signature(Protocol):
    """Verifies that a request comes from Slack."""

    def is_valid(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether the raw body was signed for this app within the last minutes. Raises nothing: what cannot be checked is not valid."""
        ...


@dataclass(frozen=True, slots=True)
class SlackAccess:
    """What the endpoints need besides the context.

    `signature` is None if its secret is not set: then every request is rejected. `forms` is None without a token: then a
    rejection is recorded without asking for a reason.
    """

    signature: Signature | None
    rejected: RejectedRequests
    forms: Forms | None


def take_interaction(context: Context, access: SlackAccess, request: HttpRequest) -> HttpResponse:
    """POST slack/interactions: 200, with nothing in it unless a form stays open. Who pressed hears privately what came of it."""
    if access.signature is None:
        return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _CLOSED})
    try:
        found = read_interaction(_authenticated(access.signature, request), _team(context))
    except RequestRejectedError as refused:
        return access.rejected.answer(context, INTERACTIONS, refused.rejection, request.body)
    if isinstance(found, Submission):
        if found.callback == REJECTING:
            return accept_reason(context, found)
        _ignore(context, access, request, f"a form called {found.callback[:64]!r}")
        return HttpResponse(HTTPStatus.OK, None)
    for press in found:
        name = press.action.partition(".")[0]
        if name in set(Choice):
            if not _take_press(context, access.forms, press, Choice(name)):
                # Slack shows a sign beside the button, so that nobody believes that it is done.
                return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _NOTHING_DECIDED})
        elif name != OPENS:
            _ignore(context, access, request, f"a press of {press.action[:64]!r}")
    return HttpResponse(HTTPStatus.OK, None)


def take_slash_command(context: Context, access: SlackAccess, request: HttpRequest) -> HttpResponse:
    """POST slack/commands: answered in the body, for the eyes of who typed it."""
    if access.signature is None:
        return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _CLOSED})
    try:
        form = _authenticated(access.signature, request)
        if form.get("ssl_check") == "1":
            return HttpResponse(HTTPStatus.OK, None)  # Slack looks now and then whether our certificate is good
        command = read_command(form, _team(context))
    except RequestRejectedError as refused:
        return access.rejected.answer(context, COMMANDS, refused.rejection, request.body)
    asked = ChatRequest(command.identity, command.text, command.event, command.address)
    try:
        content = render(take_command(context, asked))
    except OutsideError as error:
        _LOG.warning("a command in Slack could not be taken: %s", error)
        content = plainly(_NOTHING_DONE)
    return HttpResponse(HTTPStatus.OK, privately(content))


def _authenticated(signature: Signature, request: HttpRequest) -> Mapping[str, str]:
    """The form of a request that Slack has signed. Raises RefusedError."""
    if len(request.body) > _MAX_BODY_BYTES:
        raise RequestRejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "the body is larger than 256 kB")
    if not signature.is_valid(request.body, request.headers):
        why = "the request is not signed by Slack for this app, or was signed more than five minutes ago"
        raise RequestRejectedError(HTTPStatus.UNAUTHORIZED, "not-signed", why)
    return read_form(request.body)


def _team(context: Context) -> str:
    settings = context.config.settings
    return settings.people.slack_team if settings else ""


def _ignore(context: Context, access: SlackAccess, request: HttpRequest, what: str) -> None:
    ignored = Rejection(HTTPStatus.OK, "unknown-action", f"nothing is done by {what}")
    access.rejected.note(context, INTERACTIONS, ignored, request.body)


def _take_press(context: Context, forms: Forms | None, press: ButtonPress, choice: Choice) -> bool:
    """Whether the press was taken: it is decided, its answer given or kept; or a form asks why it is rejected."""
    try:
        opening = open_rejection_dialog(context, forms, press) if choice is Choice.REJECT else DialogResult.NOT_ASKED
        if opening is DialogResult.OPEN:
            return True
        decided = record_vote(context, ApprovalAction(press.value, choice, press.identity, press.event))
    except OutsideError as error:
        _LOG.warning("a press in Slack could not be decided: %s", error)
        reply_now(context.ports, press.event, press.address, plainly(_NOTHING_DECIDED))
        return False
    # Who has waited two seconds for Slack does not wait for it again.
    answer = reply_later if opening is DialogResult.SILENT else reply_now
    unasked = opening is not DialogResult.NOT_ASKED and decided.result == "rejected"
    text = f"{decided.text}. {_UNASKED}" if unasked else decided.text
    answer(context.ports, press.event, press.address, plainly(text))
    return True
