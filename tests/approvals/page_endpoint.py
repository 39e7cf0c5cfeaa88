"""Votes on the page: submits a form that was shown to the voter, with the headers that a browser and App Service send."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from ops.endpoints.approval_form import FormTokens, PageAccess
from ops.endpoints.approval_page import serve_page
from ops.endpoints.easy_auth import signed_in
from ops.endpoints.http_types import HttpRequest
from simulator.host.easy_auth import principal
from simulator.people import PEOPLE
from tests.approvals.story import CastVote
from tests.fakes import World

HOST = "https://daytwo.example"
KEY = "k" * 32
BY_NAME = {person.name: person for person in PEOPLE}


@dataclass
class Page:
    """Implements `VoteEndpoint`. Each event is a form that was shown once, possibly before the voter lost permission."""

    shown: dict[str, str] = field(default_factory=dict)

    def vote(self, world: World, cast_vote: CastVote) -> str:
        """Submit the form. Return the result that the ledger shows."""
        proof = {"x-ms-client-principal": principal(BY_NAME[cast_vote.person])}
        identity = signed_in(proof)
        assert identity is not None
        tokens = FormTokens(KEY, world.clock.now)
        token = self.shown.setdefault(cast_vote.event, tokens.make(identity, cast_vote.token))
        headers = {
            **proof,
            "content-type": "application/x-www-form-urlencoded",
            "origin": HOST,
            "sec-fetch-site": "same-origin",
        }
        body = urlencode({"choice": str(cast_vote.choice), "reason": cast_vote.reason, "csrf": token}).encode()
        url = f"{HOST}/api/approvals/{cast_vote.token}"
        answer = serve_page(
            world.context,
            PageAccess(sign_in=True, key=KEY),
            HttpRequest("POST", url, {"token": cast_vote.token}, {}, headers, body),
        )
        assert answer.status in (200, 403, 409, 410), answer
        return [entry.data["result"] for entry in world.ledger.written.values() if entry.kind == "attempt"][-1]
