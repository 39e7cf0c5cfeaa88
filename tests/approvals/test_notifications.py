"""What people read, where, and what they must not be shown."""

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
from tests.approvals.helpers import ONE, ROLLOUT, Bare, assessed, requests, shown
from tests.approvals.story import ENTRA, TENANT, Story, config, production
from tests.driving import NOON, pass_time
from tests.fakes import NEWER, cluster, pool, settings

ROUTES = "slack: {channel: C0123, routes: [{select: {tags: {team: web}}, channel: C0WEB}]}"


class Unreadable(SqliteStore):
    """A store that is in trouble with every request for approval, once told so."""

    troubled: bool = False

    def get(self, kind: str, key: str) -> Record | None:
        if self.troubled and kind == "approval":
            raise TryLaterError(f"reading {kind} {key}: the store is in trouble with this one")
        return super().get(kind, key)


def test_the_request_is_shown_in_the_channel_of_every_run_of_it() -> None:
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


def test_the_request_does_not_call_on_who_may_not_decide() -> None:
    story = Story(Bare(), ONE, source="slack", by="ana")
    text = shown(story.world)[story.approval.id]
    assert "<@U0BEN>" in text
    assert "<@U0ANA>" not in text
    assert "ana, ben may decide" not in text


def test_a_reason_cannot_call_the_channel() -> None:
    story = Story(Bare(), ONE)
    identity = Identity("page", "entra", TENANT, ENTRA["ana"])
    reason = "<!channel> *x* <https://evil|click>"
    rejection = ApprovalAction(story.approval.token, Choice.REJECT, identity, "once", reason)
    assert record_vote(story.world.context, rejection).result == "rejected"
    story.reassess()
    every_five_minutes(story.world.context)
    assert "<!channel>" not in str(story.world.chat.shown)
    assert "<https" not in str(story.world.chat.shown)


def test_the_first_line_of_a_request_that_was_voided_does_not_say_approved() -> None:
    story = Story(Bare(), ONE)
    story.vote("ana", "approve")
    assert "· shop-prod* · approved" in shown(story.world)[story.approval.id]
    story.newer_image(NEWER)
    story.reassess()
    every_five_minutes(story.world.context)
    assert "· shop-prod* · approved" not in shown(story.world)[story.approvals[0].id]


def test_another_channel_leaves_no_button_in_the_old_one() -> None:
    story = Story(Bare(), ONE)
    assert story.approval.token in str(story.world.chat.shown)
    story.world.chat.channel = "C0NEW"
    story.vote("ana", "approve")
    every_five_minutes(story.world.context)
    assert story.approval.token not in str(story.world.chat.shown)


def test_who_has_only_a_webhook_is_reminded_too() -> None:
    """A webhook has no threads, and edits nothing."""
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


def test_one_request_that_cannot_be_read_holds_up_no_message() -> None:
    store = Unreadable(":memory:")
    world = Story(Bare(), ONE, store=store).world
    only = world.clusters.only
    world.chat.fail = [TryLaterError("posting: down", 1)]
    set_override(world.context, "awake", only.id, NOON + timedelta(hours=2), "ana")
    assert world.chat.posts == 1
    world.clock.advance(minutes=5)
    store.troubled = True
    every_five_minutes(world.context)
    assert world.chat.posts == 2
