"""Shows requests for approval in every chat channel: the request, its reminder, its escalation."""

from ops.approvals.requests import CHANGED_REQUESTS, OPEN_REQUESTS, advance, current_rule
from ops.context import Context
from ops.messaging.message_sync import destinations, reconcile
from ops.messaging.outbox import message_key
from ops.model.approval import Approval
from ops.model.message import Message
from ops.model.people import Person
from ops.policy.approvers import deciders, valid_votes
from ops.policy.people import named
from ops.ports.bundle import Ports
from ops.render.approval import approval_message, escalation_message, reminder_message
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.tables.approvals import approvals
from ops.tables.base import marked
from ops.tables.messages import messages
from ops.tables.set_aside import each
from ops.telemetry.metrics import Metric

_ROUNDS = 3


def report_approval(ports: Ports, approval: Approval, settings: Settings | None) -> None:
    """Updates every channel. A request is not shown before it is due.

    The request is read again after sending, so a slow process does not leave an older state in the chats.
    """
    for _ in range(_ROUNDS):
        stored = approvals(ports.store).get(approval.id)
        current = stored.value if stored else approval
        if settings is None or not current.asked:
            return
        _show(ports, current, settings)
        after = approvals(ports.store).get(approval.id)
        if after is None or after.value == current:
            ports.store.delete(CHANGED_REQUESTS, approval.id)
            return
    ports.store.insert(CHANGED_REQUESTS, approval.id, {})


def _show(ports: Ports, approval: Approval, settings: Settings) -> None:
    approvers, title = _approvers_and_title(approval, settings), runbooks()[approval.runbook].title
    reconcile(ports, request_message(ports, approval, settings), approval.channels)
    if approval.reminded:
        reconcile(ports, reminder_message(approval, title, approvers), approval.channels, approval.id)
    if approval.escalated:
        people = named(settings, approval.escalated_to)
        reconcile(ports, escalation_message(approval, title, people), approval.channels, approval.id)


def request_message(ports: Ports, approval: Approval, settings: Settings) -> Message:
    """Returns the request's message in its current state."""
    title, rule = runbooks()[approval.runbook].title, current_rule(settings, approval)
    link = f"{ports.address}/approvals/{approval.token}" if ports.address else ""
    counted = valid_votes(approval, rule, settings) if rule else tuple(vote.person for vote in approval.votes)
    return approval_message(approval, title, _approvers_and_title(approval, settings), link, counted)


def _approvers_and_title(approval: Approval, settings: Settings) -> tuple[Person, ...]:
    rule = current_rule(settings, approval)
    return named(settings, deciders(approval, rule, settings) if rule else approval.approvers)


def update_requests(context: Context) -> None:
    """For a timer: shows changes to requests that no run has noticed.

    Otherwise, buttons without any effect would remain after a run is paused or its wake event is lost.
    """
    settings, store = context.config.settings, context.ports.store
    if settings is None:
        return
    # Changed requests first: showing an open request clears its mark, but its runs must still be woken.
    each(store, "changed requests", marked(store, CHANGED_REQUESTS), lambda key: _repair(context, key, settings))
    open_requests = marked(store, OPEN_REQUESTS)
    context.ports.metrics.record(Metric.APPROVALS_WAITING, len(open_requests))
    each(store, "open requests", open_requests, lambda key: _update(context, key, settings))


def _update(context: Context, approval_id: str, settings: Settings) -> None:
    stored = approvals(context.ports.store).get(approval_id)
    rule = current_rule(settings, stored.value) if stored else None
    if rule is not None:
        report_approval(context.ports, advance(context, approval_id, rule, settings), settings)
    if stored is None or stored.value.state.is_decided:
        # The process that recorded the vote may have died before it woke the runs.
        for part in stored.value.active_parts if stored else ():
            context.engine.wake(part.run)
        context.ports.store.delete(OPEN_REQUESTS, approval_id)


def _repair(context: Context, approval_id: str, settings: Settings) -> None:
    """Completes the work that an endpoint or a run did not finish: updates the messages and wakes the runs."""
    stored = approvals(context.ports.store).get(approval_id)
    for part in stored.value.active_parts if stored else ():
        context.engine.wake(part.run)
    report_if_changed(context.ports, approval_id, settings)


def report_if_changed(ports: Ports, approval_id: str, settings: Settings | None) -> None:
    """Updates a request's messages if the request has changed."""
    if ports.store.get(CHANGED_REQUESTS, approval_id) is None:
        return
    stored = approvals(ports.store).get(approval_id)
    if stored is None or not stored.value.asked:
        ports.store.delete(CHANGED_REQUESTS, approval_id)
    else:
        report_approval(ports, stored.value, settings)


def was_delivered(ports: Ports, approval: Approval) -> bool:
    """Whether at least one chat has accepted the request."""
    keys = [
        message_key(chat.name, channel, approval.id)
        for chat in ports.chats
        for channel in destinations(chat, approval.channels)
    ]
    records = [messages(ports.store).get(key) for key in keys]
    return any(stored is not None and stored.value.message_id for stored in records)
