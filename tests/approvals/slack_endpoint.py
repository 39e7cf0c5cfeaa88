"""Votes in Slack: payloads, dialogs and signatures from the simulated Slack, handled by the real endpoint."""

from dataclasses import dataclass, field
from zlib import crc32

from ops.chats.slack.dialogs import WHY
from ops.chats.slack.endpoint import SlackAccess, take_interaction
from ops.chats.slack.signature import SlackSignature
from ops.endpoints.http_types import HttpRequest
from ops.endpoints.rejected_requests import RejectedRequests
from ops.model.approval import Choice
from simulator.http_types import JsonObject
from simulator.slack.interactions import Interaction, button_of, click_payload, submission_payload
from simulator.slack.messages import Message
from simulator.slack.signing import SIGNING_SECRET, signed
from simulator.slack.views import View
from simulator.slack.workspace import USERS
from tests.approvals.slack_forms import FakeForms
from tests.approvals.story import SLACK, CastVote
from tests.fakes import World

HOOK = "https://hooks.slack.com/actions/T0DAYTWO/1"


@dataclass
class SlackEndpoint:
    """Implements `VoteEndpoint`. The voter selects a button with the token. If a dialog opens, it is filled in and submitted."""

    refusals: RejectedRequests = field(default_factory=RejectedRequests)
    forms: FakeForms = field(default_factory=FakeForms)

    def vote(self, world: World, cast_vote: CastVote) -> str:
        """Cast the vote. Return the result that the ledger shows."""
        world.forms = self.forms
        answers, opened = len(world.replies.given), len(self.forms.opened)
        body = form(world, cast_vote.person, cast_vote.choice, cast_vote.token, cast_vote.event)
        self._send(world, body)
        if len(self.forms.opened) > opened:
            assert len(world.replies.given) == answers, "the person got a reply before they had decided"
            self._send(world, submission(world, self.forms.opened[-1], cast_vote.person, cast_vote.reason))
        assert [address for address, _ in world.replies.given[answers:]] == [HOOK]
        return [entry.data["result"] for entry in world.ledger.written.values() if entry.kind == "attempt"][-1]

    def _send(self, world: World, body: bytes) -> None:
        response = take_interaction(world.context, self.access(world), received(world, body))
        assert (response.status, response.text()) == (200, "")

    def access(self, world: World) -> SlackAccess:
        """The endpoint's verifier."""
        return SlackAccess(SlackSignature(SIGNING_SECRET, world.clock), self.refusals, world.forms)


def submission(world: World, shown: View, person: str, reason: str = "") -> bytes:
    """The payload of a submitted dialog."""
    happened = Interaction(USERS[SLACK[person]], world.clock.at, 1, "")
    return submission_payload(shown.payload(), {WHY: {WHY: reason}}, happened)


def received(world: World, body: bytes) -> HttpRequest:
    """A request with this body, as Slack would send it now."""
    return HttpRequest("POST", headers=signed(body, world.clock.at), body=body)


def form(world: World, person: str, choice: Choice, token: str, event: str) -> bytes:
    """The payload that Slack sends for a button with this token. Payloads with the same event are the same vote."""
    button: JsonObject = {
        "type": "button",
        "text": {"type": "plain_text", "text": str(choice)},
        "action_id": f"{choice}.0",
        "value": token,
    }
    message = Message("C0123", "1.000001", world.clock.at, "", [{"type": "actions", "elements": [button]}], [])
    found = button_of(message, f"{choice}.0")
    assert found is not None
    clicked_at = world.clock.at if event.startswith("event-") else world.clock.at.replace(minute=0, second=0)
    return click_payload(message, found, Interaction(USERS[SLACK[person]], clicked_at, crc32(event.encode()), HOOK))
