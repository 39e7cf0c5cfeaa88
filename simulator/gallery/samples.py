"""One sample of every message that Daytwo sends, built by the production code."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops.adapters.svg_to_png import to_png
from ops.model.approval import Approval, ApprovalState, Vote
from ops.model.calendar import Span
from ops.model.message import Message, Picture
from ops.model.people import Person
from ops.model.run import RingTargets, Rollout, RolloutPlan, RunSummary, State
from ops.render.approval import approval_message, escalation_message, reminder_message
from ops.render.commands import (
    help_message,
    plan_message,
    reply_message,
    status_message,
    why_message,
    working_message,
)
from ops.render.digest import Coming, Digest, digest_message
from ops.render.run import rollout_message, run_details, run_message
from ops.render.week_picture import picture, words
from ops.runbooks import runbooks
from simulator.gallery.conditions import conditions
from simulator.gallery.requests import (
    NOW,
    ONE,
    REBOOT,
    REQUESTED_AT,
    SEVERAL,
    SIXTY,
    TAGS,
    in_state,
    request,
)
from simulator.gallery.runs import RUNBOOKS, run_in
from simulator.gallery.week import gallery_week
from simulator.people import PEOPLE

_APPROVALS = tuple(Person(each.name, {"slack": each.slack, "entra": each.entra}) for each in PEOPLE[:2])
_LEADS = (Person(PEOPLE[2].name, {"slack": PEOPLE[2].slack, "entra": PEOPLE[2].entra}),)
_LINK = "https://daytwo.example/api/approvals/"
_LATE = replace(request(*ONE), reminded=True, escalated=True, escalated_to=("cleo",))


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample message. `section` is its chapter in the gallery, and `caption` describes its state."""

    section: str
    caption: str
    message: Message
    picture: bytes | None = None


def samples() -> tuple[Sample, ...]:
    """All samples, chapter by chapter."""
    return (*_approvals(), *_runs(), *_others(), *_commands())


def _approvals() -> Iterator[Sample]:
    for name, parts in (("one cluster", ONE), ("several clusters", SEVERAL)):
        for state in ApprovalState:
            yield Sample("Approvals", f"{state}, {name}", request_message(in_state(state, *parts)))
    half = request(*SEVERAL, needed=2, votes=(Vote("ben", "slack", NOW, "e1"),))
    yield Sample("Approvals", "pending, one of two clusters approved", request_message(half))
    yield Sample("Approvals", "pending, sixty clusters", request_message(request(*SIXTY)))
    yield Sample("Approvals", "approved, sixty clusters", request_message(in_state(ApprovalState.APPROVED, *SIXTY)))
    yield Sample("Approvals", "pending, a reboot that a person requested", request_message(REBOOT))
    yield Sample("Approvals", "pending, changes of tags", request_message(TAGS))
    yield Sample("Approvals", "reminder", reminder_message(_LATE, "Node images", _APPROVALS))
    yield Sample("Approvals", "escalation", escalation_message(_LATE, "Node images", _LEADS))
    over = in_state(ApprovalState.APPROVED, *ONE)
    yield Sample("Approvals", "reminder, after the decision", reminder_message(over, "Node images", _APPROVALS))


def request_message(approval: Approval) -> Message:
    """The message for a request."""
    title = runbooks()[approval.runbook].title
    return approval_message(approval, title, _APPROVALS, f"{_LINK}{approval.token}")


def _runs() -> Iterator[Sample]:
    for name in RUNBOOKS:
        book = runbooks()[name]
        for state in State:
            run = run_in(name, state)
            yield Sample(book.title, str(state), run_message(run, book))
        details = run_details(run_in(name, State.RUNNING), book.title)
        if details is not None:
            yield Sample(book.title, "in the thread", details)


def _others() -> Iterator[Sample]:
    title = runbooks()["node-image"].title
    for state in (State.RUNNING, State.HALTED, State.DONE):
        yield Sample("Rollout", str(state), rollout_message(_rollout(state), _members(state), title))
    yield Sample("Rollout", "running, a ring of sixty clusters", rollout_message(*_sixty(), title))
    for section, caption, message in conditions():
        yield Sample(section, caption, message)
    yield Sample(
        "Digest",
        "a week",
        digest_message(_digest()),
        to_png(picture(gallery_week(), "16 November to 22 November 2026")),
    )


def _rollout(state: State) -> Rollout:
    pre = RingTargets("pre-production", (("t1", "shop-dev"), ("t2", "shop-test")), NOW)
    prod = RingTargets("production", (("t3", "shop-prod"), ("t4", "pay-prod")), None)
    plan = RolloutPlan("node-image", "2026-w47", (pre, prod), 0, NOW + timedelta(days=4), (("t5", "data-prod"),))
    why = "shop-test failed, and the failure budget is 0" if state is State.HALTED else ""
    return Rollout("rollout.node-image.2026-w47", plan, NOW, state, 1 if state is State.HALTED else 2, why)


def _members(state: State) -> dict[str, RunSummary]:
    ends = {
        State.RUNNING: (State.DONE, State.DONE, State.RUNNING, State.NEEDS_YOU),
        State.HALTED: (State.DONE, State.FAILED),
        State.DONE: (State.DONE,) * 4,
    }[state]
    names = ("shop-dev", "shop-test", "shop-prod", "pay-prod")
    found = zip(range(1, 5), names, ends, strict=False)
    return {
        f"t{number}": RunSummary(f"node-image.{name}.2026-w47", f"t{number}", name, end, acted=True, why="", code="")
        for number, name, end in found
    }


def _sixty() -> tuple[Rollout, dict[str, RunSummary]]:
    """The second ring is in progress and has some problems."""
    names = [each.target_name for each in SIXTY]
    pre = RingTargets("pre-production", (("t0", "shop-dev"),), NOW)
    prod = RingTargets("production", tuple((f"t{number}", name) for number, name in enumerate(names, 1)), NOW)
    plan = RolloutPlan("node-image", "2026-w47", (pre, prod), 2, NOW + timedelta(days=4), ())
    odd = {
        7: (State.FAILED, "user1: PDB shop/web allows no disruption", "failed"),
        23: (State.NEEDS_YOU, "waiting for approval by platform", "approval"),
        24: (State.SKIPPED, "cancelled by ben", "cancelled"),
        31: (State.WAITING, "another operation is in progress", "busy"),
        32: (State.HALTED, "rejected by ben", "rejected"),
    }
    members = {"t0": RunSummary("r0", "t0", "shop-dev", State.DONE, acted=True, why="", code="")}
    plain = [State.DONE] * 39 + [State.RUNNING] * 4 + [State.WAITING] * 17
    for number, (name, usual) in enumerate(zip(names, plain, strict=True), 1):
        state, why, code = odd.get(number, (usual, "waiting for its turn" if usual is State.WAITING else "", ""))
        members[f"t{number}"] = RunSummary(f"r{number}", f"t{number}", name, state, acted=True, why=why, code=code)
    return Rollout("rollout.node-image.2026-w47", plan, NOW, State.RUNNING, 2), members


def _digest() -> Digest:
    runs = [run_in(name, State.DONE) for name in RUNBOOKS] + [run_in("node-image", State.FAILED)]
    titles = {name: runbooks()[name].title for name in RUNBOOKS}
    coming = (Coming("pre-production's node images", NOW + timedelta(days=5)),)
    decided = (in_state(ApprovalState.APPROVED, *SEVERAL), in_state(ApprovalState.REJECTED, *ONE))
    needs = ("shop-dev: waiting for a person: user1: it is not Ready: repair it first",)
    shown = Picture("content/week", words(gallery_week()))
    start = datetime(2026, 11, 16, tzinfo=NOW.tzinfo)
    return Digest(
        "digest.2026-w47", Span(start, start + timedelta(days=7)), titles, runs, decided, coming, needs, shown
    )


def _commands() -> Iterator[Sample]:
    yield Sample("Commands", "help", help_message(""))
    yield Sample("Commands", "an unknown command", help_message("there is no command wake"))
    yield Sample("Commands", "a command that takes a while", working_message("plan", "ana"))
    needs = [("Calendars", "Calendars: cannot be read: intranet.example: its server answers 503")]
    open_runs = (run_in("node-image", State.RUNNING), run_in("reboot", State.FAILED))
    yield Sample("Commands", "status", status_message(open_runs, (request(*SEVERAL),), needs, REQUESTED_AT))
    decided = {"node-image": "waits until Wed 22:00: next window opens", "reboot": "no node requires a reboot"}
    yield Sample("Commands", "why", why_message("shop-prod", decided, ()))
    rows = (
        ("shop-prod", "user1", "202610.29.0 → 202611.12.0", "Wed 22:00, after approval"),
        ("pay-prod", "batch", "202610.29.0 → 202611.12.0", "waits for proof in pre-production"),
    )
    yield Sample("Commands", "plan", plan_message(rows, "2 of 2 pools are behind; 1 could not be compared"))
    yield Sample("Commands", "done", reply_message("shop-dev stays awake until Wed 22:00 UTC", State.DONE, "awake"))
    yield Sample(
        "Commands", "refused", reply_message("you are not allowed to do that: ask platform", State.HALTED, "refused")
    )
