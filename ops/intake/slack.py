"""Slack's doors: pressed buttons, sent forms, slash commands. Slack's signature over the raw body is the key; before it holds nothing is read.

The signature proves the app and Slack's word for who it was; the workspace has to be ours (docs/approvals.md, rule 6).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from ops.intake.commands import Asked, take_command
from ops.intake.deciding import Click, decide
from ops.intake.http import Response
from ops.intake.refusals import Refusal, Refusals, RefusedError
from ops.intake.slack_forms import Press, Submission, read_command, read_form, read_interaction
from ops.intake.slack_rejecting import Opening, ask_why, take_reason
from ops.model.approval import Choice
from ops.ports import OutsideError, Signature
from ops.render import renderer
from ops.render.slack import OPENS, plainly
from ops.render.slack_modal import REJECTING
from ops.render.slack_sent import privately
from ops.workflows.activities.context import Context
from ops.workflows.private_answers import answer_later, answer_once

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


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came: nothing of it is trusted."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands at the doors: the signature's verifier (None where its secret is not set), and who notes refusals."""

    signature: Signature | None
    refusals: Refusals


def take_interaction(context: Context, guard: Guard, received: Received) -> Response:
    """POST slack/interactions: 200, with nothing in it unless a form stays open. Who pressed hears privately what came of it."""
    if guard.signature is None:
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _CLOSED})
    try:
        found = read_interaction(_proven(guard.signature, received), _team(context))
    except RefusedError as refused:
        return guard.refusals.answer(context, INTERACTIONS, refused.refusal, received.body)
    if isinstance(found, Submission):
        if found.callback == REJECTING:
            return take_reason(context, found)
        _ignore(context, guard, received, f"a form called {found.callback[:64]!r}")
        return Response(HTTPStatus.OK, None)
    for press in found:
        name = press.action.partition(".")[0]
        if name in set(Choice):
            if not _take_press(context, press, Choice(name)):
                # Slack shows a sign beside the button, so that nobody believes that it is done.
                return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _NOTHING_DECIDED})
        elif name != OPENS:
            _ignore(context, guard, received, f"a press of {press.action[:64]!r}")
    return Response(HTTPStatus.OK, None)


def take_slash_command(context: Context, guard: Guard, received: Received) -> Response:
    """POST slack/commands: answered in the body, for the eyes of who typed it."""
    if guard.signature is None:
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _CLOSED})
    try:
        form = _proven(guard.signature, received)
        if form.get("ssl_check") == "1":
            return Response(HTTPStatus.OK, None)  # Slack looks now and then whether our certificate is good
        command = read_command(form, _team(context))
    except RefusedError as refused:
        return guard.refusals.answer(context, COMMANDS, refused.refusal, received.body)
    asked = Asked(command.identity, command.text, command.event, "slack", command.address)
    try:
        content = renderer("slack")(take_command(context, asked))
    except OutsideError as error:
        _LOG.warning("a command in Slack could not be taken: %s", error)
        content = plainly(_NOTHING_DONE)
    return Response(HTTPStatus.OK, privately(content))


def _proven(signature: Signature, received: Received) -> Mapping[str, str]:
    """The form of a request that Slack has signed. Raises RefusedError."""
    if len(received.body) > _MAX_BODY_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "the body is larger than 256 kB")
    if not signature.holds(received.body, received.headers):
        why = "the request is not signed by Slack for this app, or was signed more than five minutes ago"
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "not-signed", why)
    return read_form(received.body)


def _team(context: Context) -> str:
    settings = context.config.settings
    return settings.people.slack_team if settings else ""


def _ignore(context: Context, guard: Guard, received: Received, what: str) -> None:
    ignored = Refusal(HTTPStatus.OK, "unknown-action", f"nothing is done by {what}")
    guard.refusals.note(context, INTERACTIONS, ignored, received.body)


def _take_press(context: Context, press: Press, choice: Choice) -> bool:
    """Whether the press was taken: it is decided, its answer given or kept; or a form asks why it is rejected."""
    try:
        opening = ask_why(context, press) if choice is Choice.REJECT else Opening.NOT_ASKED
        if opening is Opening.OPEN:
            return True
        decided = decide(context, Click(press.value, choice, press.identity, press.event))
    except OutsideError as error:
        _LOG.warning("a press in Slack could not be decided: %s", error)
        answer_once(context.ports, press.event, press.address, plainly(_NOTHING_DECIDED))
        return False
    # Who has waited two seconds for Slack does not wait for it again.
    answer = answer_later if opening is Opening.SILENT else answer_once
    unasked = opening is not Opening.NOT_ASKED and decided.result == "rejected"
    text = f"{decided.text}. {_UNASKED}" if unasked else decided.text
    answer(context.ports, press.event, press.address, plainly(text))
    return True
