"""A query that can never succeed is answered with the reason immediately, without any retries."""

from ops.model.fleet import Cluster
from ops.model.json import Json
from ops.ports.errors import DeniedError
from tests.fakes import FakeClusters, World
from tests.in_memory_engine import InMemoryEngine


class Closed(FakeClusters):
    """A subscription that Daytwo is not allowed to read."""

    def list_clusters(self, subscription: str) -> tuple[Cluster, ...]:
        raise DeniedError(f"listing the clusters of {subscription}: 403: the role is missing")


def test_the_answer_to_a_query_for_an_impossible_plan_states_the_reason() -> None:
    world = World(clusters=Closed())
    began = world.clock.at
    query: dict[str, Json] = {"command": "plan", "subject": "", "chat": "slack", "address": "https://hooks.slack.com/x"}
    InMemoryEngine(world, "chat_query", query).run_to_end()
    (reply,) = world.replies.given
    assert "403: the role is missing" in str(reply)
    assert world.clock.at == began
