"""A question that cannot be answered is answered so at once, not asked again for half an hour."""

from ops.model.fleet import Cluster
from ops.model.json import Json
from ops.ports.errors import DeniedError
from tests.fakes import FakeClusters, World
from tests.in_memory_engine import Double


class Closed(FakeClusters):
    """A subscription that Daytwo may not read."""

    def list_clusters(self, subscription: str) -> tuple[Cluster, ...]:
        raise DeniedError(f"listing the clusters of {subscription}: 403: the role is missing")


def test_who_asks_for_a_plan_that_cannot_be_made_hears_why() -> None:
    by = World(clusters=Closed())
    began = by.clock.at
    asked: dict[str, Json] = {"command": "plan", "subject": "", "chat": "slack", "address": "https://hooks.slack.com/x"}
    Double(by).run("chat_query", asked)
    (answer,) = by.replies.given
    assert "403: the role is missing" in str(answer)
    assert by.clock.at == began
