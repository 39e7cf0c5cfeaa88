"""Forged Slack requests: each is rejected and recorded, and none has an effect. `make soak` tries ten thousand."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.chats.slack.endpoint import SlackAccess, take_interaction, take_slash_command
from ops.chats.slack.signature import SlackSignature
from ops.context import Context
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.rejected_requests import RejectedRequests
from ops.model.approval import ApprovalState, Choice
from ops.tables.approvals import attempts
from simulator.slack.interactions import Interaction, command_form
from simulator.slack.signing import SIGNING_SECRET, signed
from simulator.slack.workspace import USERS
from tests.approvals.slack_endpoint import HOOK, SlackEndpoint, form, submission
from tests.approvals.slack_forms import FakeForms
from tests.approvals.story import Story
from tests.endpoints.forging import Forgery, Genuine, altered, replayed

FEW, MANY = 500, 10_000
FIVE_MINUTES = timedelta(minutes=5)
OURS, THEIRS = b"T0DAYTWO", b"T0OTHERS"
REASONS = {401: ("not-signed", "wrong-team"), 413: ("too-large",), 400: ("no-form", "no-json", "missing-field")}
type Take = Callable[[Context, SlackAccess, HttpRequest], HttpResponse]


@dataclass
class ForgeryTarget:
    """An endpoint with a request that is waiting for approval."""

    take: Take
    name: str
    genuine: bytes
    story: Story

    def post(self, forgery: Forgery) -> tuple[HttpResponse, str]:
        """Send the request. Return the response and the reason that the ledger shows, which is empty if there is none."""
        world = self.story.world
        world.ledger.written.clear()
        before = world.clock.at
        world.clock.at = before + forgery.late
        access = SlackAccess(SlackSignature(SIGNING_SECRET, world.clock), RejectedRequests(), world.forms)
        response = self.take(world.context, access, HttpRequest("POST", headers=forgery.headers, body=forgery.body))
        world.clock.at = before
        noted = [entry for entry in world.ledger.written.values() if entry.kind == "refused-request"]
        assert all(entry.data["endpoint"] == self.name for entry in noted)
        return response, noted[0].data["reason"] if len(noted) == 1 else ""

    @property
    def untouched(self) -> bool:
        """Whether nothing was decided, attempted, started, or answered."""
        world, approval = self.story.world, self.story.approval
        return (
            (approval.state, approval.votes) == (ApprovalState.PENDING, ())
            and not list(attempts(world.store).scan())
            and not world.replies.given
            and world.engine.started == [f"operation {self.story.driven.id}"]
        )

    def signed(self, body: bytes, secret: str = SIGNING_SECRET) -> dict[str, str]:
        """The headers with which Slack would authenticate this body now."""
        return signed(body, self.story.world.clock.at, secret)


def votes() -> ForgeryTarget:
    story = Story(SlackEndpoint(), "{from: platform}")
    return ForgeryTarget(take_interaction, "slack-interactions", votes_of(story, Choice.APPROVE), story)


def votes_of(story: Story, choice: Choice) -> bytes:
    return form(story.world, "ana", choice, story.approval.token, "event-1")


def reasons() -> ForgeryTarget:
    """A dialog that was opened with a button, filled in, and submitted."""
    story = Story(SlackEndpoint(), "{from: platform}")
    forms = story.world.forms = FakeForms()
    opening = votes_of(story, Choice.REJECT)
    target = ForgeryTarget(take_interaction, "slack-interactions", opening, story)
    target.post(Forgery("", opening, target.signed(opening)))
    (view,) = forms.opened
    return replace(target, genuine=submission(story.world, view, "ana", "release day"))


def commands() -> ForgeryTarget:
    story = Story(SlackEndpoint(), "{from: platform}")
    happened = Interaction(USERS["U0ANA"], story.world.clock.at, 1, HOOK)
    return ForgeryTarget(
        take_slash_command, "slack-commands", command_form("/daytwo", "status", "C0123", happened), story
    )


def forgeries(endpoint: ForgeryTarget) -> st.SearchStrategy[Forgery]:
    """Every kind of forgery: general ones, and those specific to Slack's signature."""
    genuine = Genuine(endpoint.genuine, endpoint.signed(endpoint.genuine))
    plain = Forgery("", genuine.body, genuine.proof)
    foreign = genuine.body.replace(OURS, THEIRS)
    large = genuine.body + b"&x=" + b"x" * 262_144
    return st.one_of(
        altered(genuine),
        replayed(genuine, FIVE_MINUTES),
        st.text(min_size=1, max_size=64)
        .filter(lambda secret: secret.strip() not in ("", SIGNING_SECRET))
        .map(lambda secret: replace(plain, how="another secret", headers=endpoint.signed(genuine.body, secret))),
        st.just(Forgery("another team", foreign, endpoint.signed(foreign))),
        st.just(Forgery("too large", large, endpoint.signed(large))),
    )


def check_forgeries(endpoint: ForgeryTarget, tries: int) -> None:
    """Every forgery is rejected with a reason that matches its status, and changes nothing."""
    seen: Counter[str] = Counter()

    @settings(max_examples=tries, deadline=None)
    @given(forgeries(endpoint))
    def one(forgery: Forgery) -> None:
        seen[forgery.how] += 1
        response, reason = endpoint.post(forgery)
        assert reason in REASONS.get(int(response.status), ()), (forgery, response)
        assert endpoint.untouched

    one()
    assert sum(seen.values()) >= tries
    assert seen.keys() >= {
        "changed",
        "inserted",
        "truncated",
        "not UTF-8",
        "a header changed",
        "another header",
        "a header missing",
        "replayed",
        "another secret",
        "another team",
        "too large",
    }


@pytest.mark.parametrize("endpoint", [votes, reasons, commands])
def test_no_forgery_is_accepted(endpoint: Callable[[], ForgeryTarget]) -> None:
    check_forgeries(endpoint(), FEW)


@pytest.mark.soak
@pytest.mark.parametrize("endpoint", [votes, reasons, commands])
def test_none_of_ten_thousand_forgeries_is_accepted(endpoint: Callable[[], ForgeryTarget]) -> None:
    check_forgeries(endpoint(), MANY)


@pytest.mark.parametrize("endpoint", [votes, reasons, commands])
def test_the_genuine_request_is_accepted(endpoint: Callable[[], ForgeryTarget]) -> None:
    """Without this test, an endpoint that rejects everything would pass."""
    target = endpoint()
    response, reason = target.post(Forgery("", target.genuine, target.signed(target.genuine)))
    assert (response.status, reason) == (HTTPStatus.OK, "")
    if endpoint is votes:
        assert target.story.approval.state is ApprovalState.APPROVED
    if endpoint is reasons:
        assert (target.story.approval.state, target.story.approval.why) == (ApprovalState.REJECTED, "release day")


def test_a_signature_is_valid_for_five_minutes() -> None:
    target = votes()
    plain = Forgery("", target.genuine, target.signed(target.genuine))
    late, _ = target.post(replace(plain, late=timedelta(seconds=301)))
    in_time, _ = target.post(replace(plain, late=timedelta(seconds=300)))
    assert (late.status, in_time.status) == (HTTPStatus.UNAUTHORIZED, HTTPStatus.OK)


def test_a_user_from_another_workspace_in_a_shared_channel_is_not_matched_to_a_person() -> None:
    """Slack signs the request, and the team is the configured one, but the user belongs to another team."""
    target = votes()
    body = target.genuine.replace(b"team_id%22%3A+%22" + OURS, b"team_id%22%3A+%22" + THEIRS)
    assert body != target.genuine
    response, reason = target.post(Forgery("", body, target.signed(body)))
    (entry,) = target.story.world.ledger.written.values()
    assert (response.status, reason, entry.data["result"]) == (HTTPStatus.OK, "", "unknown-person")
    assert target.story.approval.votes == ()


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "no-json"),
        (b"payload", 400, "no-form"),
        (b"a=1&" * 200 + b"b=2", 400, "no-form"),
        (b"payload=", 400, "no-json"),
        (b"payload=%7B", 400, "no-json"),
        (b"payload=" + b"%5B" * 60_000, 400, "no-json"),
        (b"payload=%5B%5D", 400, "missing-field"),
        (b"payload=null", 400, "missing-field"),
        (b"payload=%7B%22team%22%3A%7B%22id%22%3A1%7D%7D", 400, "missing-field"),
        (b"payload=%7B%22team%22%3A%7B%22id%22%3A%22T0DAYTWO%22%7D%7D", 400, "missing-field"),
        (
            b"payload=%7B%22team%22%3A%7B%22id%22%3A%22T0DAYTWO%22%7D%2C%22type%22%3A%22view_submission%22%7D",
            400,
            "missing-field",
        ),
        (b"payload=%7B%22team%22%3Anull%2C%22type%22%3A%22block_actions%22%7D", 400, "missing-field"),
    ],
)
def test_an_unreadable_body_with_a_valid_signature_is_rejected(body: bytes, status: int, reason: str) -> None:
    target = votes()
    response, noted = target.post(Forgery("", body, target.signed(body)))
    assert (response.status, noted) == (status, reason)
    assert target.untouched


NAMES = ("type", "team", "id", "user", "team_id", "actions", "action_id", "action_ts", "value", "trigger_id", "x")
NAMES_OF_FORMS = ("view", "callback_id", "external_id", "private_metadata", "state", "values", "why")
WORDS = ("block_actions", "T0DAYTWO", "U0ANA", "approve.0", "reject.0", "open.2", "approve", "reject", "")
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(WORDS), st.text(max_size=10))
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES + NAMES_OF_FORMS), inner, max_size=6)
    ),
    max_leaves=25,
)


SIGNED = votes()


@settings(max_examples=FEW, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8)
    .map(lambda drawn: {"team": {"id": "T0DAYTWO"}, "type": "block_actions", **drawn})
    .map(lambda payload: urlencode({"payload": json.dumps(payload)}).encode())
)
def test_every_signed_body_is_handled_without_a_crash(body: bytes) -> None:
    response, reason = SIGNED.post(Forgery("", body, SIGNED.signed(body)))
    assert response.status == HTTPStatus.OK or reason in REASONS[int(response.status)]
    assert SIGNED.untouched


FORMED = votes()
TRUE = {
    "team": {"id": "T0DAYTWO"},
    "type": "view_submission",
    "user": {"id": "U0ANA"},
    "view": {"id": "V1", "callback_id": "reject", "external_id": "slack-1", "private_metadata": "no-token"},
}


@settings(max_examples=FEW, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES + NAMES_OF_FORMS), JSON, max_size=6),
    st.sampled_from([(), ("view",), ("view", "state"), ("user",)]),
)
def test_every_signed_dialog_is_handled_without_a_crash(drawn: dict[str, object], at: tuple[str, ...]) -> None:
    """Each is one of Daytwo's dialogs with some parts changed. None of them names a request."""
    payload = json.loads(json.dumps(TRUE))
    inner = payload
    for name in at:
        inner = inner.setdefault(name, {})
    inner |= drawn
    payload |= {"team": {"id": "T0DAYTWO"}, "type": "view_submission"}
    body = urlencode({"payload": json.dumps(payload)}).encode()
    response, reason = FORMED.post(Forgery("", body, FORMED.signed(body)))
    assert response.status == HTTPStatus.OK or reason in REASONS[int(response.status)]
    approval = FORMED.story.approval
    assert (approval.state, approval.votes) == (ApprovalState.PENDING, ())


def test_a_dialog_with_an_unknown_callback_is_answered_and_recorded() -> None:
    target = reasons()
    body = target.genuine.replace(b"callback_id%22%3A+%22reject", b"callback_id%22%3A+%22explode")
    assert body != target.genuine
    response, reason = target.post(Forgery("", body, target.signed(body)))
    assert (response.status, reason) == (HTTPStatus.OK, "unknown-action")
    assert target.untouched


@pytest.mark.parametrize("other", ["", "another-token", "../../approvals", "x" * 3_000, "approve\n"])
def test_a_dialog_with_a_different_token_has_no_effect(other: str) -> None:
    """A dialog's content is untrusted input: it names a request but authenticates no one."""
    target = reasons()
    token = target.story.approval.token.encode()
    body = target.genuine.replace(token, urlencode({"": json.dumps(other)[1:-1]}).encode()[1:])
    assert body != target.genuine
    response, _ = target.post(Forgery("", body, target.signed(body)))
    assert (response.status, target.story.approval.state) == (HTTPStatus.OK, ApprovalState.PENDING)
    (attempt,) = target.story.world.ledger.written.values()
    assert attempt.data["result"] == "unknown"


def test_the_submitter_of_a_dialog_from_another_workspace_is_not_matched_to_a_person() -> None:
    target = reasons()
    body = target.genuine.replace(
        b"%22name%22%3A+%22ana%22%2C+%22team_id%22%3A+%22" + OURS, b"%22team_id%22%3A+%22" + THEIRS
    )
    assert body != target.genuine
    target.post(Forgery("", body, target.signed(body)))
    (entry,) = target.story.world.ledger.written.values()
    assert (entry.data["result"], target.story.approval.state) == ("unknown-person", ApprovalState.PENDING)


def test_a_click_on_an_unknown_action_is_answered_and_recorded() -> None:
    target = votes()
    body = target.genuine.replace(b"approve.0", b"explode.0")
    response, reason = target.post(Forgery("", body, target.signed(body)))
    assert (response.status, reason) == (HTTPStatus.OK, "unknown-action")
    assert target.untouched


def test_a_thousand_rejections_produce_one_line_per_minute() -> None:
    target = votes()
    world = target.story.world
    access = SlackAccess(SlackSignature(SIGNING_SECRET, world.clock), RejectedRequests(), world.forms)
    world.ledger.written.clear()
    for number in range(1_000):
        take_interaction(world.context, access, HttpRequest("POST", body=f"{number}".encode()))
    assert len(world.ledger.written) == 1
    world.clock.advance(minutes=1)
    take_interaction(world.context, access, HttpRequest("POST", body=b"x"))
    assert len(world.ledger.written) == 2
