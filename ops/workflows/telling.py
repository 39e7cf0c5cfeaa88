"""What chats show of requests for approval: the request itself, its reminder, its escalation, in every channel."""

from ops.bundle import Ports
from ops.model.approval import Approval
from ops.model.message import Message
from ops.model.people import Person
from ops.model.settings import Settings
from ops.policy.approval import approvers
from ops.policy.people import named
from ops.records import approvals, messages
from ops.render.approval import approval_message, escalation_message, reminder_message
from ops.runbooks import runbooks
from ops.workflows.activities.context import Context
from ops.workflows.asking import NEWS, OPEN_REQUESTS, move, rule_of
from ops.workflows.reporting import destinations, reconcile
from ops.workflows.sending import message_key


def report_approval(ports: Ports, approval: Approval, settings: Settings | None) -> None:
    """Brings every channel up to date; before it is asked nothing is shown."""
    if not approval.asked or settings is None:
        return
    deciding, title = _deciding(approval, settings), runbooks()[approval.runbook].title
    reconcile(ports, request_message(ports, approval, settings), approval.channels)
    if approval.reminded:
        reconcile(ports, reminder_message(approval, title, deciding), approval.channels, approval.id)
    if approval.escalated:
        people = named(settings, approval.escalated_to)
        reconcile(ports, escalation_message(approval, title, people), approval.channels, approval.id)
    ports.store.delete(NEWS, approval.id)


def request_message(ports: Ports, approval: Approval, settings: Settings) -> Message:
    """The request as it stands."""
    title = runbooks()[approval.runbook].title
    link = f"{ports.address}/approvals/{approval.token}" if ports.address else ""
    return approval_message(approval, title, _deciding(approval, settings), link)


def _deciding(approval: Approval, settings: Settings) -> tuple[Person, ...]:
    rule = rule_of(settings, approval)
    return named(settings, approvers(approval, rule) if rule else approval.approvers)


def tend_requests(context: Context) -> None:
    """For a tick: what time does to requests, and what people did, is shown though no run has looked.

    A run that is paused, or whose hint was lost, leaves no button that decides nothing any more.
    """
    settings, store = context.config.settings, context.ports.store
    if settings is None:
        return
    for marker in list(store.scan(OPEN_REQUESTS)):
        stored = approvals(store).get(marker.key)
        rule = rule_of(settings, stored.value) if stored else None
        if rule is not None:
            report_approval(context.ports, move(context, marker.key, rule), settings)
        if stored is None or stored.value.state.is_decided:
            store.delete(OPEN_REQUESTS, marker.key)
    for marker in list(store.scan(NEWS)):
        report_if_new(context.ports, marker.key, settings)


def report_if_new(ports: Ports, approval_id: str, settings: Settings | None) -> None:
    """One such request, where there is news of it."""
    if ports.store.get(NEWS, approval_id) is None:
        return
    stored = approvals(ports.store).get(approval_id)
    if stored is None or not stored.value.asked:
        ports.store.delete(NEWS, approval_id)
    else:
        report_approval(ports, stored.value, settings)


def reached_anybody(ports: Ports, approval: Approval) -> bool:
    """Whether any chat has taken the request."""
    keys = [
        message_key(chat.name, channel, approval.id)
        for chat in ports.chats
        for channel in destinations(chat, approval.channels)
    ]
    found = [messages(ports.store).get(key) for key in keys]
    return any(stored is not None and stored.value.message_id for stored in found)
