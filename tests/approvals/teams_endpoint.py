"""Votes in Teams: activities and tokens from the simulated Teams, verified by the product's own code."""

import json
from dataclasses import dataclass, field

from ops.chats.teams.endpoint import TeamsAccess, take_activity
from ops.chats.teams.renderer import render_bot
from ops.chats.teams.tokens import BotTokens
from ops.endpoints.http_types import HttpRequest
from ops.endpoints.rejected_requests import RejectedRequests
from ops.model.message import Button, Message
from ops.model.run import State
from simulator.http_types import JsonObject
from simulator.teams.connector import BotActivity
from simulator.teams.people import click_activity
from simulator.teams.signing import Signer
from tests.approvals.story import ENTRA, CastVote
from tests.fakes import World


@dataclass(frozen=True, slots=True)
class Admitting:
    """The parts of `BotEndpoint` that a vote needs, with the real verifier."""

    tokens: BotTokens

    def authenticate(self, authorization: str) -> str:
        """The service URL from a valid token."""
        return self.tokens.authenticate(authorization)

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        """Never used: a vote is answered in the HTTP response."""
        raise AssertionError(f"nothing answers {activity} in {conversation} at {service_url}")

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        """Never used: no private message is sent."""
        raise AssertionError(f"nothing is sent to {user} of {tenant} at {service_url}")


@dataclass
class TeamsEndpoint:
    """Implements `VoteEndpoint`."""

    tokens: BotTokens
    signer: Signer
    refusals: RejectedRequests = field(default_factory=RejectedRequests)

    def vote(self, world: World, cast_vote: CastVote) -> str:
        """Cast the vote. Return the result that the ledger shows."""
        button = Button(str(cast_vote.choice), cast_vote.token, cast_vote.choice)
        shown = render_bot(Message("request", State.NEEDS_YOU, "Node images", "shop-prod", buttons=(button,)))
        card: JsonObject = {"attachments": [{"content": dict(shown)}]}
        sent = BotActivity("1", "19:platform@thread.tacv2", "", world.clock.at, card)
        document: JsonObject = {"user": ENTRA[cast_vote.person], "verb": str(cast_vote.choice)}
        document["inputs"] = {"reason": cast_vote.reason}
        activity = click_activity(self.signer, sent, document, cast_vote.event)
        headers = {"authorization": f"Bearer {self.signer.token()}"}
        request = HttpRequest("POST", headers=headers, body=json.dumps(activity).encode())
        answer = take_activity(world.context, TeamsAccess(Admitting(self.tokens), self.refusals), request)
        assert (answer.status, json.loads(answer.text())["statusCode"]) == (200, 200)
        return [entry.data["result"] for entry in world.ledger.written.values() if entry.kind == "attempt"][-1]
