"""A rejection in Slack: Reject opens a dialog that asks for the reason; submitting the dialog records the vote.

An open dialog decides nothing. A rejection is never lost: if the dialog cannot be opened, it is recorded without a reason.
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
from ops.chats.slack.dialogs import dialog_error, dialog_result, rejection_form
from ops.chats.slack.payloads import ButtonAction, Submission
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
from ops.render.phrases import sentence
from ops.runbooks import runbooks
from ops.tables.base import Table
from ops.tables.set_aside import each

_LOG = logging.getLogger(__name__)
# How long Slack's response_url works after a button is used.
_ANSWERED_FOR = timedelta(minutes=30)
# Slack's errors for a repeated delivery when an earlier one has opened the dialog or is opening it.
_OPEN_ALREADY = ("exchanged_trigger_id", "duplicate_external_id")
_NOTHING_DECIDED = "Nothing was decided: Daytwo's records are not available. Submit again in a minute."


class Forms(Protocol):
    """Opens dialogs."""

    def open(self, trigger: str, form: Mapping[str, Json]) -> None:
        """Shows a dialog to the person whose action `trigger` identifies, within 2 s. Raises OutsideError.

        After TryLaterError it is unknown whether the person sees the dialog.
        """
        ...


class DialogResult(Enum):
    """Whether the dialog is open. If not, the vote is recorded immediately; after `SILENT` the reply is sent later."""

    OPEN = auto()
    NOT_NEEDED = auto()
    REFUSED = auto()
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class DialogRecord:
    """A requested dialog: its user, and the address for the private reply until it expires. The address is a secret."""

    user: str
    address: str
    until: datetime
    is_open: bool = False


def open_rejection_dialog(context: Context, forms: Forms | None, action: ButtonAction) -> DialogResult:
    """Opens the dialog once per use of Reject. Raises OutsideError if the records are not available."""
    known = _forms(context.ports).get(action.event)
    if known is not None and known.value.is_open:
        return (
            DialogResult.OPEN
        )  # a repeated delivery, perhaps after the trigger has expired or the dialog was submitted
    approval = _to_reject(context, action)
    if approval is None or forms is None:
        return DialogResult.NOT_NEEDED
    record = DialogRecord(action.identity.user, action.address, context.ports.clock.now() + _ANSWERED_FOR)
    _forms(context.ports).insert(action.event, record)
    try:
        forms.open(action.trigger, rejection_form(approval, runbooks()[approval.runbook].title, action.event))
    except RejectedError as error:
        if error.code not in _OPEN_ALREADY:
            _LOG.warning("a rejection is recorded without a reason: %s", error)
            return DialogResult.REFUSED
    except OutsideError as error:
        _LOG.warning("a rejection is recorded without a reason: %s", error)
        return DialogResult.SILENT
    _remember(context.ports, action.event, record)
    return DialogResult.OPEN


def accept_reason(context: Context, sent: Submission) -> HttpResponse:
    """Records the vote. The dialog closes and the person gets a private reply; if the address has expired, the dialog shows the reply."""
    try:
        reason = read_reason(sent.reason)
        stored = _forms(context.ports).get(sent.form) if sent.form else None
        decided = record_vote(context, ApprovalAction(sent.token, Choice.REJECT, sent.identity, sent.event, reason))
    except LongReasonError as error:
        return HttpResponse(HTTPStatus.OK, dialog_error(sentence(f"{error}")))
    except OutsideError as error:
        _LOG.warning("a vote in a Slack dialog could not be recorded: %s", error)
        return HttpResponse(HTTPStatus.OK, dialog_error(_NOTHING_DECIDED))
    record = stored.value if stored else None
    if record is None or record.user != sent.identity.user or context.ports.clock.now() >= record.until:
        return HttpResponse(HTTPStatus.OK, dialog_result(sentence(decided.text)))
    reply_now(context.ports, sent.event, record.address, plainly(sentence(decided.text)))
    return HttpResponse(HTTPStatus.OK, None)


def purge_dialogs(ports: Ports) -> None:
    """Deletes the records whose reply address has expired. A dialog that is submitted later shows the result itself."""
    table, now = _forms(ports), ports.clock.now()
    expired = [stored.key for stored in table.scan() if now >= stored.value.until]
    each(ports.store, "dialogs", expired, table.delete)


def _to_reject(context: Context, action: ButtonAction) -> Approval | None:
    """Returns the request if this person can reject it now; None if they cannot and the reply must say why the vote does not count."""
    settings, now = context.config.settings, context.ports.clock.now()
    approval = request_by_token(context.ports.store, action.value)
    if settings is None or approval is None or approval.token != action.value:
        return None
    person = person_of(settings, action.identity)
    refused = may_decide(approval, current_rule(settings, approval), person, settings, now, Choice.REJECT)
    return approval if refused is None else None


def _remember(ports: Ports, event: str, record: DialogRecord) -> None:
    """Records that the dialog is open. If that fails, a repeated delivery can record the rejection without a reason."""
    try:
        _forms(ports).change(event, lambda old: replace(old or record, is_open=True))
    except OutsideError as error:
        _LOG.warning("an open dialog could not be recorded: %s", error)


def _forms(ports: Ports) -> Table[DialogRecord]:
    return Table(ports.store, "slack-form", DialogRecord)
