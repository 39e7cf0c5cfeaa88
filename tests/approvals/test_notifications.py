"""Messages about requests: their channels, their content, and the details that they must not show."""

from dataclasses import replace
from datetime import timedelta

from ops.adapters.sqlite_store import SqliteStore
from ops.approvals.votes import ApprovalAction, record_vote
from ops.endpoints.run_controls import set_override
from ops.endpoints.timers import every_five_minutes
from ops.model.approval import Choice
from ops.model.people import Identity
from ops.ports.errors import TryLaterError
from ops.ports.store import Record
from ops.tables.messages import messages
from tests.approvals.helpers import ONE, ROLLOUT, DirectVote, assessed, requests, shown
from tests.approvals.story import ENTRA, TENANT, Story, config, production
from tests.driving import NOON, pass_time
from tests.fakes import NEWER, cluster, pool, settings

ROUTES = "slack: {channel: C0123, routes: [{select: {tags: {team: web}}, channel: C0WEB}]}"


class UnreadableStore(SqliteStore):
    """A store that cannot read approval requests while `troubled` is set."""

    troubled: bool = False

    def get(self, kind: str, key: str) -> Record | None:
        if self.troubled and kind == "approval":
            raise TryLaterError(f"reading {kind} {key}: the store is in trouble with this one")
        return super().get(kind, key)


def test_a_request_is_shown_in_the_channel_for_each_of_its_runs() -> None:
    world = production(ONE)
    world.settings = settings(config(ONE).replace("slack: {channel: C0123}", ROUTES))
    plain = cluster("shop-a", pool("user1"), env="prod")
    web = replace(cluster("shop-b", pool("user1"), env="prod"), tags={"env": "prod", "team": "web"})
    world.clusters.put(plain, web)
    driven = tuple(assessed(world, each, ROLLOUT) for each in (plain, web))
    pass_time(world, driven, timedelta(minutes=6))
    (only,) = requests(world)
    assert [part.target_name for part in only.parts] == ["shop-a", "shop-b"]
    assert [stored.key for stored in messages(world.store).scan()] == [
        f"slack|C0123|{only.id}",
        f"slack|C0WEB|{only.id}",
    ]


def test_a_request_does_not_mention_people_who_cannot_decide() -> None:
    story = Story(DirectVote(), ONE, source="slack", by="ana")
    text = shown(story.world)[story.approval.id]
    assert "<@U0BEN>" in text
    assert "<@U0ANA>" not in text
    assert "ben can decide" in text
    assert "ana, ben" not in text


def test_a_reason_cannot_mention_the_channel() -> None:
    story = Story(DirectVote(), ONE)
    identity = Identity("page", "entra", TENANT, ENTRA["ana"])
    reason = "<!channel> *x* <https://evil|click>"
    rejection = ApprovalAction(story.approval.token, Choice.REJECT, identity, "once", reason)
    assert record_vote(story.world.context, rejection).result == "rejected"
    story.reassess()
    every_five_minutes(story.world.context)
    assert "<!channel>" not in str(story.world.chat.shown)
    assert "<https" not in str(story.world.chat.shown)


def test_a_voided_request_is_not_shown_as_approved() -> None:
    story = Story(DirectVote(), ONE)
    story.vote("ana", "approve")
    assert "· shop-prod* · approved" in shown(story.world)[story.approval.id]
    story.newer_image(NEWER)
    story.reassess()
    every_five_minutes(story.world.context)
    assert "· shop-prod* · approved" not in shown(story.world)[story.approvals[0].id]


def test_the_message_in_the_old_channel_has_no_buttons_after_a_change_of_channel() -> None:
    story = Story(DirectVote(), ONE)
    assert story.approval.token in str(story.world.chat.shown)
    story.world.chat.channel = "C0NEW"
    story.vote("ana", "approve")
    every_five_minutes(story.world.context)
    assert story.approval.token not in str(story.world.chat.shown)


def test_a_reminder_is_also_posted_through_a_webhook() -> None:
    """A webhook has no threads and cannot edit messages."""
    world = production("{from: platform, expires-after: 4h, remind-before: 1h}", "shop-a")
    world.chat.can_edit = world.chat.can_thread = False
    world.chat.name = "teams"
    each = world.clusters.only
    run = assessed(world, each)
    assert world.chat.posts == 1
    pass_time(world, (run,), timedelta(hours=3, minutes=30))
    every_five_minutes(world.context)
    assert requests(world)[0].reminded
    assert world.chat.posts == 2


def test_a_request_that_cannot_be_read_does_not_block_other_messages() -> None:
    store = UnreadableStore(":memory:")
    world = Story(DirectVote(), ONE, store=store).world
    only = world.clusters.only
    world.chat.fail = [TryLaterError("posting: down", 1)]
    set_override(world.context, "awake", only.id, NOON + timedelta(hours=2), "ana")
    assert world.chat.posts == 1
    world.clock.advance(minutes=5)
    store.troubled = True
    every_five_minutes(world.context)
    assert world.chat.posts == 2
