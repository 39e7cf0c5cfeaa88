"""The dialog that asks for a reason: when it opens, what happens if it cannot, and how late or repeated ones are answered."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from ops.chats.slack import CHAT
from ops.chats.slack.endpoint import take_interaction
from ops.endpoints.http_types import HttpResponse
from ops.endpoints.timers import every_five_minutes, every_hour
from ops.model.approval import ApprovalState, Choice
from ops.ports.errors import OutsideError, RejectedError, ThrottledError, TryLaterError
from simulator.slack.views import View, apply_response
from tests.approvals.helpers import ONE, ROLLOUT, DyingStore, KilledError, assessed, requests, ring
from tests.approvals.slack_endpoint import HOOK, SlackEndpoint, form, received, submission
from tests.approvals.story import Story
from tests.fakes import cluster, pool

TWO_OF = "{from: platform, of: 2}"
FOUR_HOURS = "{from: platform, expires-after: 4h}"
WITHOUT_DIALOG = "Rejected. No step of the plan will be executed. Slack could not open the dialog that asks for a reason, so none is recorded."


@dataclass
class Desk:
    """A request, and the people who vote on it in Slack."""

    rule: str = ONE
    store: DyingStore = field(default_factory=lambda: DyingStore(":memory:"))
    endpoint: SlackEndpoint = field(default_factory=SlackEndpoint)

    def __post_init__(self) -> None:
        self.story = Story(self.endpoint, self.rule, store=self.store)
        self.world = self.story.world
        self.forms = self.world.forms = self.endpoint.forms

    def vote(self, person: str = "ana", event: str = "event-1", choice: Choice = Choice.REJECT) -> HttpResponse:
        self.cast_vote = form(self.world, person, choice, self.story.approval.token, event)
        return self._send(self.cast_vote)

    def redeliver(self) -> HttpResponse:
        """Have Slack redeliver the last vote with a new signature."""
        return self._send(self.cast_vote)

    def send(self, person: str = "ana", reason: str = "", shown: View | None = None) -> HttpResponse:
        """Submit a dialog, by default the last one, and let Slack act on the response."""
        view = shown or self.forms.opened[-1]
        response = self._send(submission(self.world, view, person, reason))
        apply_response(view, int(response.status), response.text())
        return response

    def _send(self, body: bytes) -> HttpResponse:
        return take_interaction(self.world.context, self.endpoint.access(self.world), received(self.world, body))

    @property
    def state(self) -> ApprovalState:
        return self.story.approval.state

    @property
    def replies(self) -> list[str]:
        """The ephemeral replies, all of which are sent to the address that came with the vote."""
        assert all(address == HOOK for address, _ in self.world.replies.given)
        return [str(content["text"]) for _, content in self.world.replies.given]

    @property
    def results(self) -> list[str]:
        return [entry.data["result"] for entry in self.world.ledger.written.values() if entry.kind == "attempt"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def shown(view: View) -> str:
    blocks: Any = view.content["blocks"]
    return "\n".join(block["text"]["text"] for block in blocks if block["type"] == "section")


def test_opening_the_dialog_shows_the_consequences_and_does_not_decide_the_request(desk: Desk) -> None:
    assert desk.vote().status == 200
    (view,) = desk.forms.opened
    assert shown(view).splitlines()[:2] == ["*Node images · production · 1 cluster*", "shop-prod"]
    assert (desk.state, desk.replies, desk.results) == (ApprovalState.PENDING, [], [])


def test_submitting_the_dialog_rejects_with_its_reason_and_closes_it(desk: Desk) -> None:
    desk.vote()
    response = desk.send(reason=" release\n\tday ")
    assert (response.status, response.text(), desk.forms.opened[0].is_open) == (200, "", False)
    assert (desk.state, desk.story.approval.why) == (ApprovalState.REJECTED, "release day")
    assert desk.replies == ["Rejected. No step of the plan will be executed."]


def test_the_dialog_can_be_submitted_without_a_reason(desk: Desk) -> None:
    desk.vote()
    desk.send()
    assert (desk.state, desk.story.approval.why) == (ApprovalState.REJECTED, "")


def test_an_approval_does_not_open_a_dialog(desk: Desk) -> None:
    desk.vote(choice=Choice.APPROVE)
    assert (desk.state, desk.forms.calls) == (ApprovalState.APPROVED, 0)


@pytest.mark.parametrize(
    "trouble",
    [
        RejectedError("expired_trigger_id", "Slack says expired_trigger_id"),
        RejectedError("unknown_method", "Slack says unknown_method"),
        RejectedError("invalid_arguments", "Slack says invalid_arguments"),
    ],
    ids=lambda error: error.code,
)
def test_a_dialog_that_slack_rejects_leads_to_an_immediate_rejection(desk: Desk, trouble: OutsideError) -> None:
    desk.forms.fail.append(trouble)
    assert desk.vote().status == 200
    assert (desk.state, desk.replies) == (ApprovalState.REJECTED, [WITHOUT_DIALOG])


@pytest.mark.parametrize("trouble", [TryLaterError("no answer within 1.5 s"), ThrottledError("rate limited", 30)])
def test_slack_is_called_only_once_if_it_does_not_respond(desk: Desk, trouble: OutsideError) -> None:
    """The endpoint has three seconds in total, so the ephemeral reply is sent when the timer next fires."""
    desk.forms.fail.append(trouble)
    assert desk.vote().status == 200
    assert (desk.state, desk.replies) == (ApprovalState.REJECTED, [])
    every_five_minutes(desk.world.context)
    assert desk.replies == [WITHOUT_DIALOG]


def test_a_rejection_counts_if_there_are_no_dialogs_and_its_reply_does_not_mention_them(desk: Desk) -> None:
    desk.world.forms = None
    desk.vote()
    assert (desk.state, desk.replies) == (ApprovalState.REJECTED, ["Rejected. No step of the plan will be executed."])


def test_a_dialog_that_opened_even_though_the_response_was_lost_shows_the_rejection(desk: Desk) -> None:
    desk.forms.lose.append(TryLaterError("the response was lost"))
    desk.vote()
    assert desk.state is ApprovalState.REJECTED
    desk.send(reason="too late to be read")
    assert desk.replies[-1].startswith("It was rejected by ana")
    assert (desk.results, desk.story.approval.why) == (["rejected", "late"], "")


def test_a_redelivered_vote_opens_one_dialog_and_does_not_decide_the_request(desk: Desk) -> None:
    desk.vote()
    for _ in range(3):
        desk.world.clock.advance(seconds=20)
        assert desk.redeliver().status == 200
    assert (len(desk.forms.opened), desk.forms.calls) == (1, 1)
    desk.send(reason="once")
    assert desk.redeliver().status == 200
    assert desk.replies == ["Rejected. No step of the plan will be executed."]
    assert desk.results == ["rejected"]


def test_a_vote_that_is_redelivered_after_a_slack_failure_gets_the_same_reply(desk: Desk) -> None:
    desk.forms.fail.append(RejectedError("fatal", "Slack says fatal"))
    desk.vote()
    desk.redeliver()
    assert (desk.results, len(desk.forms.opened)) == (["rejected", "rejected"], 0)
    assert desk.replies[0] == WITHOUT_DIALOG


def test_no_decision_is_lost_if_the_process_dies_right_after_the_dialog_has_opened(desk: Desk) -> None:
    """Slack redelivers the vote and reports that its trigger was already used. The dialog is open and nothing is decided yet."""
    desk.forms.lose.append(KilledError())
    with pytest.raises(KilledError):
        desk.vote()
    assert desk.redeliver().status == 200
    assert (desk.state, desk.replies, len(desk.forms.opened)) == (ApprovalState.PENDING, [], 1)
    desk.send(reason="it is there")
    assert desk.story.approval.why == "it is there"


def test_a_dialog_that_is_submitted_twice_counts_as_one_vote(desk: Desk) -> None:
    desk.vote()
    first = desk.forms.opened[0]
    for reason in ("first", "second", "first"):
        desk.send(reason=reason, shown=first)
    assert (desk.story.approval.why, desk.results) == ("first", ["rejected"] * 3)
    assert set(desk.replies) == {"Rejected. No step of the plan will be executed."}


def test_a_dialog_submitted_after_another_decision_shows_who_decided_and_when(desk: Desk) -> None:
    desk.vote("ana")
    desk.vote("ben", event="event-2", choice=Choice.APPROVE)
    desk.send("ana", reason="wait")
    assert desk.replies[-1].startswith("It was approved by ben Mon 2026-11-16 12:00 UTC")
    assert desk.state is ApprovalState.APPROVED


def test_a_dialog_submitted_after_the_expiry_shows_the_expiry() -> None:
    desk = Desk(FOUR_HOURS)
    desk.vote()
    desk.story.advance(hours=4)
    response = desk.send(reason="late")
    reported = json.loads(response.text())
    assert reported["response_action"] == "update"
    view = desk.forms.opened[0]
    assert (view.is_open, "submit" in view.content) == (True, False)
    assert shown(view).startswith("It has expired Mon 2026-11-16 16:00 UTC")
    assert (desk.state, desk.replies, desk.results) == (ApprovalState.EXPIRED, [], ["expired"])


def test_a_dialog_without_a_record_decides_and_is_answered_in_place(desk: Desk) -> None:
    desk.vote()
    desk.world.clock.advance(minutes=30)
    every_hour(desk.world.context, timedelta(days=14), (CHAT.housekeeping,))
    assert list(desk.world.store.scan("slack-form")) == []
    desk.send(reason="still no")
    assert (desk.state, desk.replies) == (ApprovalState.REJECTED, [])
    assert shown(desk.forms.opened[0]) == "Rejected. No step of the plan will be executed."


def test_the_dialog_for_an_outdated_request_has_no_effect(desk: Desk) -> None:
    desk.vote()
    desk.story.newer_image("AKSUbuntu-2204gen2containerd-202611.12.0")
    desk.story.reassess()
    desk.send(reason="of the old plan")
    assert (desk.state, desk.results) == (ApprovalState.PENDING, ["late"])


def test_a_reason_that_is_too_long_keeps_the_dialog_open_with_its_text(desk: Desk) -> None:
    desk.vote()
    desk.send(reason="x" * 301)
    view = desk.forms.opened[0]
    assert (view.is_open, view.errors) == (
        True,
        {"why": "The reason is longer than 300 characters, so nothing is decided: shorten it."},
    )
    assert (desk.state, desk.results) == (ApprovalState.PENDING, [])
    desk.send(reason="x" * 300)
    assert desk.story.approval.why == "x" * 300


@pytest.mark.parametrize("writes", range(3))
def test_a_store_that_fails_during_the_submission_keeps_the_dialog_open(writes: int) -> None:
    """A repeated delivery counts as the same vote."""
    desk = Desk()
    desk.vote()
    broken = Failing(desk.store, writes)
    desk.world.store = broken
    desk.send(reason="no")
    desk.world.store = desk.store
    view = desk.forms.opened[0]
    if view.is_open:
        assert view.errors["why"].startswith("Nothing was decided")
        assert desk.state is ApprovalState.PENDING
        desk.send(reason="no")
    assert (desk.state, desk.story.approval.why) == (ApprovalState.REJECTED, "no")


class Failing(DyingStore):
    """A store with the same records that fails on one write."""

    def __init__(self, kept: DyingStore, left: int) -> None:
        self.__dict__.update(kept.__dict__)
        self.left = left

    def write(self) -> None:
        """Count a write. Raises TryLaterError."""
        if self.left == 0:
            self.left = None
            raise TryLaterError("the store does not answer")
        if self.left is not None:
            self.left -= 1


def test_a_person_who_did_not_open_the_dialog_does_not_get_the_reply_to_its_opener(desk: Desk) -> None:
    """Slack never sends this. Even so, the reply address belongs to only one person."""
    desk.vote("ana")
    desk.send("ben", reason="mine")
    assert desk.replies == []
    assert shown(desk.forms.opened[0]) == "Rejected. No step of the plan will be executed."


def test_the_button_on_an_outdated_request_does_not_open_a_dialog() -> None:
    """Another cluster has joined, so the request that the dialog shows is no longer the current one."""
    world, _ = ring("shop-a", rule=ONE)
    old = requests(world)[0].token
    late = cluster("shop-z", pool("user1"), env="prod")
    world.clusters.put(late)
    assessed(world, late, ROLLOUT)
    endpoint = SlackEndpoint()
    world.forms = endpoint.forms
    body = form(world, "ana", Choice.REJECT, old, "event-1")
    assert take_interaction(world.context, endpoint.access(world), received(world, body)).status == 200
    ((_, content),) = world.replies.given
    assert str(content["text"]).startswith("The request has changed since")
    assert (endpoint.forms.calls, requests(world)[0].state) == (0, ApprovalState.PENDING)


def test_one_rejection_decides_even_though_another_person_has_approved() -> None:
    desk = Desk(TWO_OF)
    desk.vote("ben", choice=Choice.APPROVE)
    desk.vote("ana", event="event-2")
    desk.send("ana", reason="no")
    assert (desk.results, desk.state) == (["counted", "rejected"], ApprovalState.REJECTED)
