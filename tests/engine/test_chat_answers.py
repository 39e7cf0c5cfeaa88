"""What a chat query is answered, and where the answer goes."""

import logging
from collections.abc import Mapping
from dataclasses import replace

import pytest

from ops.engine.activities.answer_query import answer_query
from ops.engine.transition import Outcome, Transition
from ops.messaging.conditions import report_condition
from ops.model.fleet import Cluster
from ops.model.json import Json
from ops.model.message import Message
from ops.model.run import State
from ops.ports.errors import DeniedError, NotFoundError, OutsideError, RejectedError, TryLaterError
from tests.driving import NOON
from tests.fakes import ALL_OPERATIONS, NEW, FakeClusters, FakeReplies, World, cluster, pool

ADDRESS = "https://hooks.slack.com/x"


class PlainReplies(FakeReplies):
    """Keeps each message as it is, instead of what a chat makes of it."""

    messages: list[Message]

    def render(self, message: Message) -> Mapping[str, Json]:
        self.messages = [*getattr(self, "messages", []), message]
        return super().render(message)


class Refusing(FakeClusters):
    """A subscription whose clusters cannot be listed."""

    error: OutsideError

    def list_clusters(self, subscription: str) -> tuple[Cluster, ...]:
        assert subscription
        raise self.error


def world_with(*clusters: Cluster) -> World:
    world = World(config=ALL_OPERATIONS, replies=PlainReplies())
    world.clock.at = NOON
    world.clusters.put(*clusters)
    return world


def answer(world: World, command: str, subject: str = "") -> Message:
    payload: dict[str, Json] = {"command": command, "subject": subject, "address": ADDRESS}
    assert answer_query(world.context, payload) == Transition(Outcome.END)
    ((address, _),) = world.replies.given
    assert address == ADDRESS
    assert isinstance(world.replies, PlainReplies)
    return world.replies.messages[-1]


DEV, PROD = cluster("shop-dev"), cluster("shop-prod", pool("user1", NEW), env="prod")


def test_a_plan_has_a_row_for_each_pool_that_is_behind() -> None:
    message = answer(world_with(DEV, cluster("pay-dev", pool("a", "an-image"))), "plan")
    rows = {row.name: row.text for row in message.rows}
    assert set(rows) == {"shop-dev/user1", "pay-dev/a"}
    assert rows["shop-dev/user1"].startswith("7 d · ")
    assert message.what == "Plan"


def test_a_question_why_is_answered_by_each_runbook_that_a_person_can_start() -> None:
    message = answer(world_with(PROD, DEV), "why", "SHOP-dev")
    assert (message.what, message.where, message.state) == ("Why", "shop-dev", State.DONE)
    assert [row.name for row in message.rows] == ["Node images", "Power", "Reboots", "Tags"]
    assert message.rows[0].text.startswith("waits until Mon 2026-11-16 22:00 UTC: ")


def test_the_open_conditions_of_the_cluster_come_first() -> None:
    world = world_with(DEV, PROD)
    for of, name in ((DEV, "one"), (PROD, "other")):
        condition = Message(
            f"subject.{name}", State.NEEDS_YOU, f"What {name}", of.name, lines=(f"needs {name}",), tag="x"
        )
        report_condition(world.context.ports, condition, NOON, target=of.id)
    message = answer(world, "why", "shop-dev")
    assert message.state is State.NEEDS_YOU
    first, second = message.rows[:2]
    assert (first.name, first.state) == ("What one", State.NEEDS_YOU)
    assert second.name == "Node images"


def test_a_cluster_that_is_not_in_the_fleet_is_not_found() -> None:
    message = answer(world_with(DEV), "why", "other")
    assert (message.lines, message.state, message.tag) == (
        ("Cluster other was not found in the configured subscriptions.",),
        State.SKIPPED,
        "not found",
    )


def test_without_a_valid_configuration_the_answer_says_so() -> None:
    world = world_with(DEV)
    world.config, world.problem = "", "line 3"
    world.settings = None  # type: ignore[assignment]  # there is none
    message = answer(world, "why", "shop-dev")
    assert (message.lines, message.state) == (("Daytwo has no valid configuration: line 3",), State.FAILED)


@pytest.mark.parametrize("error", [DeniedError("403"), NotFoundError("403"), RejectedError("x", "403")])
def test_a_refused_read_is_the_answer(error: OutsideError) -> None:
    world = replace(world_with(), clusters=Refusing())
    assert isinstance(world.clusters, Refusing)
    world.clusters.error = error
    message = answer(world, "plan")
    assert (message.lines, message.state, message.tag) == (("403",), State.FAILED, "not known")


def test_a_read_that_may_succeed_later_is_retried() -> None:
    world = replace(world_with(), clusters=Refusing())
    assert isinstance(world.clusters, Refusing)
    world.clusters.error = TryLaterError("429")
    with pytest.raises(TryLaterError):
        answer(world, "plan")


def test_an_address_that_has_expired_ends_the_query(caplog: pytest.LogCaptureFixture) -> None:
    world = world_with(DEV)
    world.replies.fail = [RejectedError("expired_url", "the address has expired")]
    payload: dict[str, Json] = {"command": "plan", "subject": "", "address": ADDRESS}
    with caplog.at_level(logging.WARNING):
        assert answer_query(world.context, payload) == Transition(Outcome.END)
    assert caplog.messages == ["The answer to plan could not be delivered: the address has expired"]
