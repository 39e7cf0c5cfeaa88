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
from ops.workflows.asking import NEWS, rule_of
from ops.workflows.reporting import reconcile


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


def report_news(ports: Ports, settings: Settings | None) -> None:
    """For a tick: requests that were decided or withdrawn, and whose runs have not said so yet."""
    for marker in list(ports.store.scan(NEWS)):
        report_if_new(ports, marker.key, settings)


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
    found = messages(ports.store).scan()
    return any(record.value.subject == approval.id and record.value.message_id for record in found)
