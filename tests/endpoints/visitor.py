"""A visitor to the approval page, in a world with one request."""

import html
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ops.adapters.sqlite_store import SqliteStore
from ops.endpoints.approval_form import PageAccess
from ops.endpoints.approval_page import serve_page
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.rejected_requests import RejectedRequests
from ops.model.approval import Approval, ApprovalState
from ops.tables.approvals import RequestToken, approvals, request_tokens
from simulator.gallery.requests import NOW, REQUEST_TOKEN
from simulator.host.easy_auth import principal
from simulator.people import PEOPLE
from tests.fakes import CONFIG, World


def endpoint(key: str = "k" * 32, *, sign_in: bool = True) -> PageAccess:
    return PageAccess(sign_in, key, RejectedRequests())


HOST = "https://daytwo.example"
PERSON = {person.name: person for person in PEOPLE}
WITH_APPROVAL = (
    CONFIG.replace(
        "start-stopped-clusters: true}",
        "start-stopped-clusters: true, approval: {rings: [production], from: platform, escalate-to: leads}}",
    )
    + """
identity: {entra-tenant: 11111111-1111-1111-1111-111111111111, slack-team: T0DAYTWO}
people:
  ana: {entra: aaaaaaaa-0000-0000-0000-000000000001}
  ben: {entra: aaaaaaaa-0000-0000-0000-000000000002}
  cleo: {entra: aaaaaaaa-0000-0000-0000-000000000003}
groups: {platform: [ana, ben], leads: [cleo]}
"""
)


@dataclass
class Visitor:
    """A visitor to the page, in a world with one request."""

    world: World
    name: str = "ana"
    endpoint: PageAccess = field(default_factory=endpoint)

    def headers(self) -> dict[str, str]:
        return {"x-ms-client-principal": principal(PERSON[self.name])} if self.name else {}

    def look(
        self,
        request_token: str = REQUEST_TOKEN,
        method: str = "GET",
        endpoint: PageAccess | None = None,
        **headers: str,
    ) -> HttpResponse:
        shown = {**self.headers(), **{name.replace("_", "-"): text for name, text in headers.items()}}
        return serve_page(self.world.context, endpoint or self.endpoint, _request(method, request_token, shown))

    def form(self, request_token: str = REQUEST_TOKEN) -> str:
        """The form token in the page."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.look(request_token).text())
        assert found, "no form is shown"
        return html.unescape(found.group(1))

    def send(self, fields: dict[str, str] | bytes, request_token: str = REQUEST_TOKEN, **headers: str) -> HttpResponse:
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        shown = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": HOST,
            "sec-fetch-site": "same-origin",
            **self.headers(),
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        return serve_page(self.world.context, self.endpoint, _request("POST", request_token, shown, body))

    def vote(self, choice: str = "approve", reason: str = "", token: str = "") -> HttpResponse:
        return self.send({"choice": choice, "reason": reason, "csrf": token or self.form()})


def _request(method: str, request_token: str, headers: dict[str, str], body: bytes = b"") -> HttpRequest:
    return HttpRequest(method, f"{HOST}/api/approvals/{request_token}", {"token": request_token}, {}, headers, body)


def world_with(approval: Approval, config: str = WITH_APPROVAL) -> World:
    world = World(config=config, store=SqliteStore(":memory:"))
    world.clock.at = NOW
    approvals(world.store).insert(approval.id, approval)
    request_tokens(world.store).insert(approval.token, RequestToken(approval.id))
    return world


def state(world: World) -> ApprovalState:
    (stored,) = approvals(world.store).scan()
    return stored.value.state


def refusals(world: World) -> list[str]:
    return [entry.data["reason"] for entry in world.ledger.written.values() if entry.kind == "refused-request"]


def text_of(page: HttpResponse) -> str:
    inline = re.sub(r"</?(a|b|i|q|span|time)\b[^>]*>", "", page.text())
    without = re.sub(r"<style>.*?</style>|<[^>]+>", " ", inline, flags=re.DOTALL)
    return html.unescape(" ".join(without.split()))


# Viewing
