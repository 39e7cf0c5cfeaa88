"""A request for approval as messages: who can decide, by when, what happens without a decision, and what will be executed."""

from collections.abc import Sequence

from ops.model.approval import Approval, ApprovalState, Choice, Part, PartState, Vote
from ops.model.message import Button, Message, Moment, Row
from ops.model.people import Person
from ops.model.plan import Plan
from ops.model.run import State
from ops.render.phrases import duration, listed, plural

# The same words and signs as for runs, plus the state of the request itself.
STATES = {
    ApprovalState.PENDING: State.NEEDS_YOU,
    ApprovalState.APPROVED: State.DONE,
    ApprovalState.REJECTED: State.HALTED,
    ApprovalState.EXPIRED: State.SKIPPED,
    ApprovalState.CANCELLED: State.SKIPPED,
    ApprovalState.SUPERSEDED: State.SKIPPED,
}
_SHOWN_STEPS = 12
_SHOWN_HASHES = 3
# Up to this many clusters have a row each. In larger requests, clusters with the same plan share a row.
_EACH = 12
_SHOWN_GROUPS = 12
# The maximum length of the names in a shared row, so that they fit on one line in every chat.
_NAMES = 190


def approval_message(
    approval: Approval, title: str, deciders: Sequence[Person], link: str, counted: Sequence[str] | None = None
) -> Message:
    """Returns the message for a request. Once it is decided, the message says how and has no buttons.

    `counted` are the people whose votes count; None means everyone who has voted.
    """
    is_open = approval.state is ApprovalState.PENDING
    shown = _shown(approval)
    state = STATES[shown]
    votes = [vote for vote in approval.votes if counted is None or vote.person in counted]
    return Message(
        subject=approval.id,
        state=state,
        what=f"{title}: approval",
        where=_where(approval),
        progress_text=_how_far(approval, len(votes)),
        lines=_asked(approval, deciders, votes) if is_open else _reason(approval),
        moments=_moments(approval),
        rows=tuple(_all_rows(approval.parts, state)),
        until=approval.expires if is_open else None,
        until_text="can be approved until",
        remedy=_otherwise(approval) if is_open else "",
        footer=_footer(approval),
        tag="" if is_open else str(shown),
        mentions=tuple(deciders) if is_open else (),
        buttons=_buttons(approval, link) if is_open else (),
    )


def reminder_message(approval: Approval, title: str, deciders: Sequence[Person]) -> Message:
    """Returns the message that is posted once before a request expires, and edited once the request is closed."""
    if approval.state is not ApprovalState.PENDING:
        return _over(f"{approval.id}.reminder", approval, title)
    left = duration(approval.expires - approval.remind_at)
    lines = (f"no decision yet; {left} before it expires",)
    return _note(f"{approval.id}.reminder", approval, title, lines, deciders)


def escalation_message(approval: Approval, title: str, people: Sequence[Person]) -> Message:
    """Returns the message that is posted once, when additional people can decide from then on."""
    if approval.state is not ApprovalState.PENDING:
        return _over(f"{approval.id}.escalation", approval, title)
    names = ", ".join(person.name for person in people)
    lines = (f"no decision yet, so {names} can also decide",)
    return _note(f"{approval.id}.escalation", approval, title, lines, people)


def _note(subject: str, approval: Approval, title: str, lines: tuple[str, ...], mentions: Sequence[Person]) -> Message:
    return Message(
        subject,
        State.NEEDS_YOU,
        f"{title}: approval",
        _where(approval),
        lines=lines,
        until=approval.expires,
        until_text="can be approved until",
        mentions=tuple(mentions),
    )


def _over(subject: str, approval: Approval, title: str) -> Message:
    return Message(subject, STATES[approval.state], f"{title}: approval", _where(approval), tag=str(approval.state))


def _where(approval: Approval) -> str:
    active = approval.active_parts or approval.parts
    if len(active) == 1:
        return active[0].target_name
    return f"{plural(len(active), 'cluster')} of {approval.ring}" if approval.ring else plural(len(active), "cluster")


def _shown(approval: Approval) -> ApprovalState:
    """Whether the request is void because every part of it was withdrawn."""
    is_void = approval.state is ApprovalState.APPROVED and not approval.active_parts
    return ApprovalState.SUPERSEDED if is_void else approval.state


def _how_far(approval: Approval, votes: int) -> str:
    if approval.needed == 1 or approval.state is not ApprovalState.PENDING:
        return ""
    return f"{votes} of {approval.needed} approvals"


def _asked(approval: Approval, deciders: Sequence[Person], votes: Sequence[Vote]) -> tuple[str, ...]:
    names = ", ".join(person.name for person in deciders) or "no one"
    who = f"{names} can decide" if approval.needed == 1 else f"{approval.needed} of {names} must approve"
    lines = [who]
    if approval.requester:
        lines.append(f"{approval.requester} requested it")
    elif not approval.requester_known:
        lines.append("the requester is unknown")
    lines += [f"{vote.person} has approved {_where_decided(vote.endpoint)}" for vote in votes]
    return tuple(lines)


def _reason(approval: Approval) -> tuple[str, ...]:
    if approval.why and approval.decided_by:
        return (f"reason: {approval.why}",)
    return (approval.why,) if approval.why else ()


def _moments(approval: Approval) -> tuple[Moment, ...]:
    """Returns when the plan can begin. For a decided request, also says how, by whom and when it was decided."""
    opens = [part.opens for part in approval.active_parts if part.opens is not None]
    begins = (Moment("not before", min(opens)),) if opens else ()
    if approval.state is ApprovalState.PENDING or approval.decided_at is None:
        return begins
    by = f" by {approval.decided_by}" if approval.decided_by else ""
    where = f" {_where_decided(approval.decided_via)}" if approval.decided_via else ""
    decided = Moment(f"{approval.state}{by}{where}", approval.decided_at)
    return (decided, *begins) if approval.state is ApprovalState.APPROVED else (decided,)


def _otherwise(approval: Approval) -> str:
    subject = "it is" if len(approval.active_parts) == 1 else "they are"
    return f"Approve or reject. Without a decision {subject} skipped, and nothing is done."


def _all_rows(parts: Sequence[Part], state: State) -> list[Row]:
    """Returns one row per cluster. A large request lists exceptions first, groups clusters with the same plan, and counts the rest."""
    if len(parts) <= _EACH:
        return [row for part in parts for row in _rows(part, state)]
    odd = [part for part in parts if part.state is not PartState.ASKED or part.why or part.plan.warnings]
    alike: dict[str, list[Part]] = {}
    for part in parts:
        if part not in odd:
            alike.setdefault(_what(part.plan), []).append(part)
    groups = sorted(alike.items(), key=lambda group: -len(group[1]))
    rest = [part for _, group in groups[_SHOWN_GROUPS:] for part in group]
    rows = [row for part in odd for row in _rows(part, state)]
    rows += [_group(group, what, state) for what, group in groups[:_SHOWN_GROUPS]]
    return [*rows, *([_group(rest, "each with its own plan", state)] if rest else [])]


def _group(parts: Sequence[Part], what: str, state: State) -> Row:
    """Returns one row for clusters with the same plan; their sizes are added."""
    if len(parts) == 1:
        return _rows(parts[0], state)[0]
    nodes = sum(part.plan.nodes for part in parts)
    effect = [plural(nodes, "node")] if nodes else []
    names = listed([part.target_name for part in parts], _NAMES)
    return Row(plural(len(parts), "cluster"), " · ".join([*effect, what, names]), state)


def _rows(part: Part, state: State) -> list[Row]:
    """Describes what will be executed on one cluster, or explains why its part was withdrawn."""
    if part.state is not PartState.ASKED:
        reason = part.why if part.why.startswith(f"{part.state}") else f"{part.state}: {part.why}"
        return [Row(part.target_name, reason, State.SKIPPED)]
    plan = part.plan
    effect = [plural(plan.nodes, "node")] if plan.nodes else []
    effect += [f"changed: {part.why}"] if part.why else []
    row = Row(part.target_name, " · ".join([*effect, _what(plan)]), state)
    return [row, *(Row(f"mind, {part.target_name}", warning, state) for warning in plan.warnings)]


def _what(plan: Plan) -> str:
    """Returns the reasons and the order of the steps; a reason that names all steps in their order covers both."""
    order = ", ".join(step.title for step in (*plan.steps, *plan.following))
    if len(plan.reasons) == 1 and plan.reasons[0].endswith(f": {order}"):
        return f"{plan.reasons[0]}, in this order" if len(plan.steps) + len(plan.following) > 1 else plan.reasons[0]
    return " · ".join([*plan.reasons, *_order(plan)])


def _order(plan: Plan) -> list[str]:
    """Lists the steps if there are several."""
    steps = [step.title for step in (*plan.steps, *plan.following)]
    more = [f"and {len(steps) - _SHOWN_STEPS} more"] if len(steps) > _SHOWN_STEPS else []
    return [f"in this order: {', '.join([*steps[:_SHOWN_STEPS], *more])}"] if len(steps) > 1 else []


def _buttons(approval: Approval, link: str) -> tuple[Button, ...]:
    details = (Button("Details", url=link),) if link else ()
    return (
        Button("Approve", approval.token, Choice.APPROVE),
        Button("Reject", approval.token, Choice.REJECT),
        *details,
    )


def _footer(approval: Approval) -> str:
    hashes = ", ".join(part.plan.hash for part in approval.active_parts[:_SHOWN_HASHES])
    left = len(approval.active_parts) - _SHOWN_HASHES
    more = f" and {left} more" if left > 0 else ""
    return f"{approval.id} · plan {hashes}{more}" if hashes else approval.id


def _where_decided(endpoint: str) -> str:
    """Returns where a vote was cast: on the page, or in a chat (by its product name)."""
    return "on the page" if endpoint == "page" else f"in {endpoint.replace('-', ' ').title()}"
