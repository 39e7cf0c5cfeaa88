"""A rejection in Slack: the press opens a form that asks why, the form that is sent decides. A form left open is no decision.

A no is never lost: where no form can be opened, the press decides at once, without a reason.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus

from ops.bundle import Ports
from ops.intake.deciding import Click, decide
from ops.intake.http import Response
from ops.intake.reasons import LongReasonError, read_reason
from ops.intake.slack_forms import Press, Submission
from ops.model.approval import Approval, Choice
from ops.policy.people import person_of
from ops.policy.press import may_decide
from ops.ports import OutsideError, RejectedError
from ops.records import Table
from ops.render.slack import plainly
from ops.render.slack_modal import not_taken, rejection_form, told_in_form
from ops.runbooks import runbooks
from ops.workflows.activities.context import Context
from ops.workflows.asking import request_of, rule_of
from ops.workflows.private_answers import answer_once

_LOG = logging.getLogger(__name__)
# As long as Slack's response_url serves, from the press on.
_ANSWERED_FOR = timedelta(minutes=30)
# Slack's words for a press whose form is open: told again while, or after, an earlier delivery asked for it.
_OPEN_ALREADY = ("exchanged_trigger_id", "duplicate_external_id")
_NOTHING_DECIDED = "Nothing was decided: Daytwo's records cannot be reached now. Send it again in a minute."


class Opening(Enum):
    """What came of a press that should open a form. All but the first are decided at once, `SILENT` is answered later."""

    OPEN = auto()
    NOT_ASKED = auto()
    REFUSED = auto()
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class FormRecord:
    """A form that was asked for: whose it is, and where its private answer goes until when. The address is a secret."""

    user: str
    address: str
    until: datetime
    is_open: bool = False


def ask_why(context: Context, press: Press) -> Opening:
    """Opens the form of a press on Reject, once for each. Raises OutsideError: the records cannot be reached."""
    forms, known = context.ports.forms, _forms(context.ports).get(press.event)
    if known is not None and known.value.is_open:
        return Opening.OPEN  # told again, perhaps when its trigger has expired, or its form was sent
    approval = _to_reject(context, press)
    if approval is None or forms is None:
        return Opening.NOT_ASKED
    record = FormRecord(press.identity.user, press.address, context.ports.clock.now() + _ANSWERED_FOR)
    _forms(context.ports).insert(press.event, record)
    try:
        forms.open(press.trigger, rejection_form(approval, runbooks()[approval.runbook].title, press.event))
    except RejectedError as error:
        if error.code not in _OPEN_ALREADY:
            _LOG.warning("a rejection is taken without a reason: %s", error)
            return Opening.REFUSED
    except OutsideError as error:
        _LOG.warning("a rejection is taken without a reason: %s", error)
        return Opening.SILENT
    _remember(context.ports, press.event, record)
    return Opening.OPEN


def take_reason(context: Context, sent: Submission) -> Response:
    """Decides. The form closes, and its person hears privately what came of it, or in the form where that cannot be any more."""
    try:
        reason = read_reason(sent.reason)
        stored = _forms(context.ports).get(sent.form) if sent.form else None
        decided = decide(context, Click(sent.word, Choice.REJECT, sent.identity, sent.event, reason))
    except LongReasonError as error:
        return Response(HTTPStatus.OK, not_taken(f"{error}"))
    except OutsideError as error:
        _LOG.warning("a form in Slack could not be decided: %s", error)
        return Response(HTTPStatus.OK, not_taken(_NOTHING_DECIDED))
    record = stored.value if stored else None
    if record is None or record.user != sent.identity.user or context.ports.clock.now() >= record.until:
        return Response(HTTPStatus.OK, told_in_form(decided.text))
    answer_once(context.ports, sent.event, record.address, plainly(decided.text))
    return Response(HTTPStatus.OK, None)


def forget_forms(ports: Ports) -> None:
    """Those whose private answers nobody takes any more; one that is sent later is answered in its place."""
    for stored in list(_forms(ports).scan()):
        if ports.clock.now() >= stored.value.until:
            _forms(ports).delete(stored.key)


def _to_reject(context: Context, press: Press) -> Approval | None:
    """The request, where this person may reject it as it stands; None where the press is to hear why not."""
    settings, now = context.config.settings, context.ports.clock.now()
    approval = request_of(context.ports.store, press.value)
    if settings is None or approval is None or approval.token != press.value:
        return None
    person = person_of(settings, press.identity)
    refused = may_decide(approval, rule_of(settings, approval), person, settings, now, Choice.REJECT)
    return approval if refused is None else None


def _remember(ports: Ports, event: str, record: FormRecord) -> None:
    """The form is open, whether or not that can be written down: its press told again may reject without a reason then."""
    try:
        _forms(ports).change(event, lambda old: replace(old or record, is_open=True))
    except OutsideError as error:
        _LOG.warning("an open form could not be written down: %s", error)


def _forms(ports: Ports) -> Table[FormRecord]:
    return Table(ports.store, "slack-form", FormRecord)
