"""A rejection in Slack: the press opens a form that asks why, the form that is sent decides. A form left open is no decision.

A no is never lost: where no form can be opened, the press decides at once, without a reason.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus
from typing import Protocol

from ops.approvals.requests import current_rule, request_by_token
from ops.approvals.votes import ApprovalAction, LongReasonError, read_reason, record_vote
from ops.chats.slack.dialogs import not_taken, rejection_form, told_in_form
from ops.chats.slack.payloads import ButtonPress, Submission
from ops.chats.slack.renderer import plainly
from ops.context import Context
from ops.endpoints.http_types import HttpResponse
from ops.messaging.ephemeral_replies import reply_now
from ops.model.approval import Approval, Choice
from ops.model.json import Json
from ops.policy.people import person_of
from ops.policy.voting import may_decide
from ops.ports.bundle import Ports
from ops.ports.errors import OutsideError, RejectedError
from ops.runbooks import runbooks
from ops.tables.base import Table

_LOG = logging.getLogger(__name__)
# As long as Slack's response_url serves, from the press on.
_ANSWERED_FOR = timedelta(minutes=30)
# Slack's words for a press whose form is open: told again while, or after, an earlier delivery asked for it.
_OPEN_ALREADY = ("exchanged_trigger_id", "duplicate_external_id")
_NOTHING_DECIDED = "Nothing was decided: Daytwo's records cannot be reached now. Send it again in a minute."


class Forms(Protocol):
    """Opens dialogs."""

    def open(self, trigger: str, form: Mapping[str, Json]) -> None:
        """Show a dialog to the person whose action `trigger` identifies, within 2 s. Raises OutsideError.

        After TryLaterError it is unknown whether the person sees it.
        """
        ...


class DialogResult(Enum):
    """What came of a press that should open a form. All but the first are decided at once, `SILENT` is answered later."""

    OPEN = auto()
    NOT_ASKED = auto()
    REFUSED = auto()
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class DialogRecord:
    """A form that was asked for: whose it is, and where its private answer goes until when. The address is a secret."""

    user: str
    address: str
    until: datetime
    is_open: bool = False


def open_rejection_dialog(context: Context, forms: Forms | None, press: ButtonPress) -> DialogResult:
    """Opens the form of a press on Reject, once for each. Raises OutsideError: the records cannot be reached."""
    known = _forms(context.ports).get(press.event)
    if known is not None and known.value.is_open:
        return DialogResult.OPEN  # told again, perhaps when its trigger has expired, or its form was sent
    approval = _to_reject(context, press)
    if approval is None or forms is None:
        return DialogResult.NOT_ASKED
    record = DialogRecord(press.identity.user, press.address, context.ports.clock.now() + _ANSWERED_FOR)
    _forms(context.ports).insert(press.event, record)
    try:
        forms.open(press.trigger, rejection_form(approval, runbooks()[approval.runbook].title, press.event))
    except RejectedError as error:
        if error.code not in _OPEN_ALREADY:
            _LOG.warning("a rejection is taken without a reason: %s", error)
            return DialogResult.REFUSED
    except OutsideError as error:
        _LOG.warning("a rejection is taken without a reason: %s", error)
        return DialogResult.SILENT
    _remember(context.ports, press.event, record)
    return DialogResult.OPEN


def accept_reason(context: Context, sent: Submission) -> HttpResponse:
    """Decides. The form closes, and its person hears privately what came of it, or in the form where that cannot be any more."""
    try:
        reason = read_reason(sent.reason)
        stored = _forms(context.ports).get(sent.form) if sent.form else None
        decided = record_vote(context, ApprovalAction(sent.word, Choice.REJECT, sent.identity, sent.event, reason))
    except LongReasonError as error:
        return HttpResponse(HTTPStatus.OK, not_taken(f"{error}"))
    except OutsideError as error:
        _LOG.warning("a form in Slack could not be decided: %s", error)
        return HttpResponse(HTTPStatus.OK, not_taken(_NOTHING_DECIDED))
    record = stored.value if stored else None
    if record is None or record.user != sent.identity.user or context.ports.clock.now() >= record.until:
        return HttpResponse(HTTPStatus.OK, told_in_form(decided.text))
    reply_now(context.ports, sent.event, record.address, plainly(decided.text))
    return HttpResponse(HTTPStatus.OK, None)


def purge_dialogs(ports: Ports) -> None:
    """Those whose private answers nobody takes any more; one that is sent later is answered in its place."""
    for stored in list(_forms(ports).scan()):
        if ports.clock.now() >= stored.value.until:
            _forms(ports).delete(stored.key)


def _to_reject(context: Context, press: ButtonPress) -> Approval | None:
    """The request, where this person may reject it as it stands; None where the press is to hear why not."""
    settings, now = context.config.settings, context.ports.clock.now()
    approval = request_by_token(context.ports.store, press.value)
    if settings is None or approval is None or approval.token != press.value:
        return None
    person = person_of(settings, press.identity)
    refused = may_decide(approval, current_rule(settings, approval), person, settings, now, Choice.REJECT)
    return approval if refused is None else None


def _remember(ports: Ports, event: str, record: DialogRecord) -> None:
    """The form is open, whether or not that can be written down: its press told again may reject without a reason then."""
    try:
        _forms(ports).change(event, lambda old: replace(old or record, is_open=True))
    except OutsideError as error:
        _LOG.warning("an open form could not be written down: %s", error)


def _forms(ports: Ports) -> Table[DialogRecord]:
    return Table(ports.store, "slack-form", DialogRecord)
