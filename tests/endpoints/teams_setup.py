"""The Teams endpoint, its world, and the activities that Teams sends."""

import json
from dataclasses import dataclass, field
from typing import Any

from ops.chats.teams.endpoint import TeamsAccess, take_activity
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.rejected_requests import RejectedRequests
from ops.model.ledger import Entry
from ops.ports.errors import DeniedError, OutsideError
from simulator.teams.connector import CHANNELS
from simulator.teams.people import BOT, NAME
from tests.approvals.story import ENTRA, PEOPLE, TENANT
from tests.fakes import CONFIG, World

SERVICE = "https://smba.trafficmanager.net/emea/"
TRUE = "Bearer true"


@dataclass
class FakeBot:
    """Accepts one token, and opens personal conversations with everyone whose id is not in `closed`."""

    closed: set[str] = field(default_factory=set)
    fail: OutsideError | None = None

    def authenticate(self, authorization: str) -> str:
        if self.fail is not None:
            raise self.fail
        if authorization != TRUE:
            raise DeniedError("no")
        return SERVICE

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        return f"teams-bot:{service_url}|{conversation}|{activity}"

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        assert tenant == TENANT
        if user in self.closed:
            raise DeniedError("blocked")
        return self.address(service_url, f"a:{user}")


@dataclass
class Stand:
    """The endpoint, its world, and the requests that Teams sends to it."""

    world: World = field(default_factory=lambda: World(config=CONFIG + PEOPLE))
    bot: FakeBot = field(default_factory=FakeBot)
    refusals: RejectedRequests = field(default_factory=RejectedRequests)

    def send(self, activity: object, authorization: str = TRUE) -> HttpResponse:
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        request = HttpRequest("POST", headers={"authorization": authorization}, body=body)
        return take_activity(self.world.context, TeamsAccess(self.bot, self.refusals), request)

    def refused(self) -> list[tuple[str, str]]:
        """The reasons for rejections that the ledger shows, each with its endpoint."""
        return [(e.data["endpoint"], e.data["reason"]) for e in self.entries("refused-request")]

    def entries(self, kind: str) -> list[Entry]:
        return [entry for entry in self.world.ledger.written.values() if entry.kind == kind]


def activity(**changed: Any) -> dict[str, Any]:
    """A message from Ana in the channel. A field that is None is removed."""
    plain: dict[str, Any] = {
        "type": "message",
        "id": "1700000000001",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "from": {"id": "29:ana", "name": "Ana", "aadObjectId": ENTRA["ana"]},
        "recipient": {"id": BOT, "name": NAME},
        "conversation": {
            "id": f"{CHANNELS[0]};messageid=1700000000001",
            "conversationType": "channel",
            "tenantId": TENANT,
        },
        "channelData": {"tenant": {"id": TENANT}, "channel": {"id": CHANNELS[0]}},
        "text": f"<at>{NAME}</at> status\n",
        "entities": [{"type": "mention", "mentioned": {"id": BOT, "name": NAME}, "text": f"<at>{NAME}</at>"}],
    }
    return {key: value for key, value in {**plain, **changed}.items() if value is not None}


def vote(verb: object = "approve", request: object = "token-1", **changed: Any) -> dict[str, Any]:
    action = {"type": "Action.Execute", "verb": verb, "data": {"token": request}}
    return activity(
        **{"type": "invoke", "name": "adaptiveCard/action", "value": {"action": action}, "text": None, **changed}
    )
