"""Forged Slack requests: all are rejected, nothing is decided, each rejection is recorded. `make soak` tries ten thousand."""

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
class Besieged:
    """An endpoint, with a request that waits for approval."""

    take: Take
    name: str
    genuine: bytes
    story: Story

    def knock(self, forgery: Forgery) -> tuple[HttpResponse, str]:
        """What is answered, and the reason that the ledger gives; empty where it gives none."""
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
        """Whether nothing was decided, tried, started or answered."""
        world, approval = self.story.world, self.story.approval
        return (
            (approval.state, approval.votes) == (ApprovalState.PENDING, ())
            and not list(attempts(world.store).scan())
            and not world.replies.given
            and world.engine.started == [f"operation {self.story.driven.id}"]
        )

    def sealed(self, body: bytes, secret: str = SIGNING_SECRET) -> dict[str, str]:
        """The headers by which Slack would prove this body now."""
        return signed(body, self.story.world.clock.at, secret)


def votes() -> Besieged:
    story = Story(SlackEndpoint(), "{from: platform}")
    return Besieged(take_interaction, "slack-interactions", votes_of(story, Choice.APPROVE), story)


def votes_of(story: Story, choice: Choice) -> bytes:
    return form(story.world, "ana", choice, story.approval.token, "event-1")


def reasons() -> Besieged:
    """A dialog that was opened by a button, filled in and submitted."""
    story = Story(SlackEndpoint(), "{from: platform}")
    forms = story.world.forms = FakeForms()
    opening = votes_of(story, Choice.REJECT)
    besieged = Besieged(take_interaction, "slack-interactions", opening, story)
    besieged.knock(Forgery("", opening, besieged.sealed(opening)))
    (view,) = forms.opened
    return replace(besieged, genuine=submission(story.world, view, "ana", "release day"))


def commands() -> Besieged:
    story = Story(SlackEndpoint(), "{from: platform}")
    happened = Interaction(USERS["U0ANA"], story.world.clock.at, 1, HOOK)
    return Besieged(take_slash_command, "slack-commands", command_form("/daytwo", "status", "C0123", happened), story)


def forgeries(endpoint: Besieged) -> st.SearchStrategy[Forgery]:
    """Every way: general forgeries and those specific to Slack's signature."""
    genuine = Genuine(endpoint.genuine, endpoint.sealed(endpoint.genuine))
    plain = Forgery("", genuine.body, genuine.proof)
    foreign = genuine.body.replace(OURS, THEIRS)
    large = genuine.body + b"&x=" + b"x" * 262_144
    return st.one_of(
        altered(genuine),
        replayed(genuine, FIVE_MINUTES),
        st.text(min_size=1, max_size=64)
        .filter(lambda secret: secret.strip() not in ("", SIGNING_SECRET))
        .map(lambda secret: replace(plain, how="another secret", headers=endpoint.sealed(genuine.body, secret))),
        st.just(Forgery("another team", foreign, endpoint.sealed(foreign))),
        st.just(Forgery("too large", large, endpoint.sealed(large))),
    )


def besiege(endpoint: Besieged, tries: int) -> None:
    """Every forgery is refused with a reason that fits its status, and leaves everything as it was."""
    seen: Counter[str] = Counter()

    @settings(max_examples=tries, deadline=None)
    @given(forgeries(endpoint))
    def one(forgery: Forgery) -> None:
        seen[forgery.how] += 1
        response, reason = endpoint.knock(forgery)
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
def test_no_forgery_is_taken(endpoint: Callable[[], Besieged]) -> None:
    besiege(endpoint(), FEW)


@pytest.mark.soak
@pytest.mark.parametrize("endpoint", [votes, reasons, commands])
def test_no_forgery_of_ten_thousand_is_taken(endpoint: Callable[[], Besieged]) -> None:
    besiege(endpoint(), MANY)


@pytest.mark.parametrize("endpoint", [votes, reasons, commands])
def test_the_genuine_one_is_taken(endpoint: Callable[[], Besieged]) -> None:
    """Without this, an endpoint that rejects everything would pass."""
    besieged = endpoint()
    response, reason = besieged.knock(Forgery("", besieged.genuine, besieged.sealed(besieged.genuine)))
    assert (response.status, reason) == (HTTPStatus.OK, "")
    if endpoint is votes:
        assert besieged.story.approval.state is ApprovalState.APPROVED
    if endpoint is reasons:
        assert (besieged.story.approval.state, besieged.story.approval.why) == (ApprovalState.REJECTED, "release day")


def test_within_five_minutes_it_is_taken_and_a_second_later_it_is_not() -> None:
    besieged = votes()
    plain = Forgery("", besieged.genuine, besieged.sealed(besieged.genuine))
    late, _ = besieged.knock(replace(plain, late=timedelta(seconds=301)))
    in_time, _ = besieged.knock(replace(plain, late=timedelta(seconds=300)))
    assert (late.status, in_time.status) == (HTTPStatus.UNAUTHORIZED, HTTPStatus.OK)


def test_a_person_of_another_workspace_in_a_shared_channel_matches_no_person() -> None:
    """Slack signs it and the team is the configured one, but the user belongs to another team."""
    besieged = votes()
    body = besieged.genuine.replace(b"team_id%22%3A+%22" + OURS, b"team_id%22%3A+%22" + THEIRS)
    assert body != besieged.genuine
    response, reason = besieged.knock(Forgery("", body, besieged.sealed(body)))
    (entry,) = besieged.story.world.ledger.written.values()
    assert (response.status, reason, entry.data["result"]) == (HTTPStatus.OK, "", "unknown-person")
    assert besieged.story.approval.votes == ()


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
def test_what_slack_signed_and_no_one_can_read_is_refused(body: bytes, status: int, reason: str) -> None:
    besieged = votes()
    response, noted = besieged.knock(Forgery("", body, besieged.sealed(body)))
    assert (response.status, noted) == (status, reason)
    assert besieged.untouched


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
def test_whatever_slack_may_sign_breaks_nothing(body: bytes) -> None:
    response, reason = SIGNED.knock(Forgery("", body, SIGNED.sealed(body)))
    assert response.status == HTTPStatus.OK or reason in REASONS[int(response.status)]
    assert SIGNED.untouched


FORMED = votes()
TRUE = {
    "team": {"id": "T0DAYTWO"},
    "type": "view_submission",
    "user": {"id": "U0ANA"},
    "view": {"id": "V1", "callback_id": "reject", "external_id": "slack-1", "private_metadata": "no-word"},
}


@settings(max_examples=FEW, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES + NAMES_OF_FORMS), JSON, max_size=6),
    st.sampled_from([(), ("view",), ("view", "state"), ("user",)]),
)
def test_whatever_form_slack_may_sign_breaks_nothing(drawn: dict[str, object], at: tuple[str, ...]) -> None:
    """One of our dialogs with changed parts; none names a request."""
    payload = json.loads(json.dumps(TRUE))
    inner = payload
    for name in at:
        inner = inner.setdefault(name, {})
    inner |= drawn
    payload |= {"team": {"id": "T0DAYTWO"}, "type": "view_submission"}
    body = urlencode({"payload": json.dumps(payload)}).encode()
    response, reason = FORMED.knock(Forgery("", body, FORMED.sealed(body)))
    assert response.status == HTTPStatus.OK or reason in REASONS[int(response.status)]
    approval = FORMED.story.approval
    assert (approval.state, approval.votes) == (ApprovalState.PENDING, ())


def test_a_form_of_another_app_or_of_no_app_is_answered_and_noted() -> None:
    besieged = reasons()
    body = besieged.genuine.replace(b"callback_id%22%3A+%22reject", b"callback_id%22%3A+%22explode")
    assert body != besieged.genuine
    response, reason = besieged.knock(Forgery("", body, besieged.sealed(body)))
    assert (response.status, reason) == (HTTPStatus.OK, "unknown-action")
    assert besieged.untouched


@pytest.mark.parametrize("word", ["", "another-word", "../../approvals", "x" * 3_000, "approve\n"])
def test_a_form_with_another_word_decides_nothing(word: str) -> None:
    """The content of a dialog is untrusted input: it names a request and does not authenticate anyone."""
    besieged = reasons()
    token = besieged.story.approval.token.encode()
    body = besieged.genuine.replace(token, urlencode({"": json.dumps(word)[1:-1]}).encode()[1:])
    assert body != besieged.genuine
    response, _ = besieged.knock(Forgery("", body, besieged.sealed(body)))
    assert (response.status, besieged.story.approval.state) == (HTTPStatus.OK, ApprovalState.PENDING)
    (attempt,) = besieged.story.world.ledger.written.values()
    assert attempt.data["result"] == "unknown"


def test_a_form_that_a_person_of_another_workspace_sends_matches_no_person() -> None:
    besieged = reasons()
    body = besieged.genuine.replace(
        b"%22name%22%3A+%22ana%22%2C+%22team_id%22%3A+%22" + OURS, b"%22team_id%22%3A+%22" + THEIRS
    )
    assert body != besieged.genuine
    besieged.knock(Forgery("", body, besieged.sealed(body)))
    (entry,) = besieged.story.world.ledger.written.values()
    assert (entry.data["result"], besieged.story.approval.state) == ("unknown-person", ApprovalState.PENDING)


def test_a_vote_that_is_not_ours_is_answered_and_noted() -> None:
    besieged = votes()
    body = besieged.genuine.replace(b"approve.0", b"explode.0")
    response, reason = besieged.knock(Forgery("", body, besieged.sealed(body)))
    assert (response.status, reason) == (HTTPStatus.OK, "unknown-action")
    assert besieged.untouched


def test_a_thousand_refusals_are_one_line_a_minute() -> None:
    besieged = votes()
    world = besieged.story.world
    access = SlackAccess(SlackSignature(SIGNING_SECRET, world.clock), RejectedRequests(), world.forms)
    world.ledger.written.clear()
    for number in range(1_000):
        take_interaction(world.context, access, HttpRequest("POST", body=f"{number}".encode()))
    assert len(world.ledger.written) == 1
    world.clock.advance(minutes=1)
    take_interaction(world.context, access, HttpRequest("POST", body=b"x"))
    assert len(world.ledger.written) == 2
