"""One approval for a whole ring: runs that join or leave it, its hours, its reminder, and its escalation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.adapters.sqlite_store import SqliteStore
from ops.approvals.votes import record_vote
from ops.endpoints.timers import every_five_minutes
from ops.model.approval import Choice
from ops.model.image import ImageKey
from ops.model.json import Json
from ops.model.proof import Proof
from ops.ports.errors import ConflictError, RejectedError
from ops.ports.store import Record
from ops.tables.fleet import proofs
from tests.approvals.helpers import RING, ROLLOUT, assessed, click, configure, requests, ring, shown, vote
from tests.approvals.story import PEOPLE, production
from tests.driving import NOON, DrivenRun, pass_time
from tests.fakes import CONFIG, NEWER, World, settings


class ConcurrentStore(SqliteStore):
    """A store with concurrent writers: a request appears right after a read that did not find one, or changes before a write."""

    crowded: bool = True
    unseen: int = 2

    def get(self, kind: str, key: str) -> Record | None:
        found = super().get(kind, key)
        if kind == "open-request" and found is not None and self.unseen:
            self.unseen -= 1
            return None if self.unseen else found
        return found

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        if kind == "approval" and self.crowded:
            self.crowded = False
            raise ConflictError(f"{kind} {key} was changed meanwhile")
        return super().replace(kind, key, value, etag)


def test_approval_for_the_runs_in_a_ring_is_requested_together_once_they_have_gathered() -> None:
    world, driven = ring("shop-a", "shop-b", "shop-c")
    assert shown(world) == {}
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    (only,) = requests(world)
    assert [part.target_name for part in only.active_parts] == ["shop-a", "shop-b", "shop-c"]
    assert list(shown(world)) == [only.id]
    assert "3 clusters of production" in shown(world)[only.id]


def test_approval_for_runs_that_join_simultaneously_is_requested_together() -> None:
    world, _ = ring("shop-a", "shop-b", "shop-c", store=ConcurrentStore(":memory:"))
    (only,) = requests(world)
    assert [part.target_name for part in only.active_parts] == ["shop-a", "shop-b", "shop-c"]


def test_one_approval_lets_all_the_runs_in_a_ring_continue() -> None:
    world, driven = ring("shop-a", "shop-b")
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    assert vote(world, driven=driven.values()) == "approved"
    pass_time(world, tuple(driven.values()), timedelta(hours=10))
    # Only one cluster per region pair runs at a time, so the other one is waiting for its turn, not for a person.
    assert sorted(
        driver.record.why.startswith("waiting for shop-") or driver.at_first_step for driver in driven.values()
    ) == [
        True,
        True,
    ]
    assert any(driver.at_first_step for driver in driven.values())


def test_only_a_cluster_whose_plan_changes_leaves_the_request_and_needs_a_new_request() -> None:
    world, driven = ring("shop-a", "shop-b")
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    vote(world, driven=driven.values())
    changed = next(each for each in world.clusters.fleet.values() if each.name == "shop-b")
    world.clusters.put(replace(changed, pools=(*changed.pools, replace(changed.pools[0], name="user3"))))
    driven["shop-b"].reassess()
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    first, second = requests(world)
    assert [(part.target_name, str(part.state)) for part in first.parts] == [
        ("shop-a", "asked"),
        ("shop-b", "superseded"),
    ]
    assert [(part.target_name, part.why) for part in second.parts] == [("shop-b", "user3 was not part of the request")]
    assert "user3 was not part of the request" in shown(world)[second.id]
    assert "approved" in driven["shop-a"].record.approved


def test_a_run_that_joins_a_pending_request_invalidates_its_old_buttons() -> None:
    world, driven = ring("shop-a")
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    old = requests(world)[0].token
    late = replace(next(iter(world.clusters.fleet.values())), name="shop-z")
    late = replace(late, id=late.id.replace("shop-a", "shop-z"))
    world.clusters.put(late)
    driven["shop-z"] = assessed(world, late, ROLLOUT)
    (only,) = requests(world)
    assert [part.target_name for part in only.active_parts] == ["shop-a", "shop-z"]
    found = record_vote(world.context, click(old, event="old"))
    assert found.result == "outdated"
    assert vote(world, driven=driven.values()) == "approved"


def test_approval_is_not_requested_outside_the_rules_hours() -> None:
    world, driven = ring("shop-a")
    world.clock.at = datetime(2026, 11, 16, 17, 30, tzinfo=UTC)
    world, driven = evening()
    (only,) = requests(world)
    assert only.asks_at == datetime(2026, 11, 17, 9, tzinfo=UTC)
    assert (shown(world), driven["shop-a"].record.why) == ({}, "will ask platform for approval at Tue 09:00 UTC")
    pass_time(world, tuple(driven.values()), timedelta(hours=16))
    assert list(shown(world)) == [only.id]


def evening() -> tuple[World, dict[str, DrivenRun]]:
    world = production("{from: platform}", "shop-a")
    world.clock.at = datetime(2026, 11, 16, 17, 30, tzinfo=UTC)
    configure(world, RING)
    each = world.clusters.only
    return world, {"shop-a": assessed(world, each, ROLLOUT)}


def test_a_reminder_and_an_escalation_are_posted_in_the_thread() -> None:
    world, driven = ring("shop-a")
    everyone = tuple(driven.values())
    pass_time(world, everyone, timedelta(hours=7))
    (only,) = requests(world)
    assert set(shown(world)) == {only.id, f"{only.id}.escalation"}
    assert "<@U0CLEO>" in shown(world)[f"{only.id}.escalation"]
    pass_time(world, everyone, timedelta(hours=15.2))
    assert set(shown(world)) == {only.id, f"{only.id}.escalation", f"{only.id}.reminder"}
    threads = {world.chat.keys[key]: thread for key, thread in world.chat.threads.items()}
    assert threads == {only.id: "", f"{only.id}.escalation": "1.0", f"{only.id}.reminder": "1.0"}
    assert "no decision yet" in str(shown(world))
    assert vote(world, "cleo", driven=driven.values()) == "approved"
    assert "no decision yet" not in str(shown(world))


def test_a_decided_request_has_no_buttons() -> None:
    world, driven = ring("shop-a")
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    (only,) = requests(world)
    assert only.token in shown(world)[only.id]
    vote(world, choice=Choice.REJECT, driven=driven.values())
    assert only.token not in shown(world)[only.id]
    assert "rejected by ana" in shown(world)[only.id]


def test_a_decision_whose_wake_events_were_lost_is_shown_by_the_next_tick() -> None:
    world, driven = ring("shop-a")
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    (only,) = requests(world)
    record_vote(world.context, click(only.token))
    assert only.token in shown(world)[only.id]
    every_five_minutes(world.context)
    assert only.token not in shown(world)[only.id]


def test_a_run_fails_with_the_reason_if_its_request_could_not_be_posted() -> None:
    world, driven = ring("shop-a")
    world.chat.fail = [RejectedError("channel_not_found", "posting: Slack says channel_not_found")] * 500
    pass_time(world, tuple(driven.values()), timedelta(hours=25))
    run = driven["shop-a"].record
    assert (str(run.state), run.code) == ("failed", "not-delivered")


def test_a_newer_image_updates_a_rings_pending_request() -> None:
    world, driven = ring("shop-a", "shop-b")
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    world.clusters.newest = NEWER
    pass_time(world, tuple(driven.values()), timedelta(hours=1.1))
    (only,) = requests(world)
    assert len(only.active_parts) == 2
    assert all("202611.12.0, not" in part.why for part in only.active_parts)


def test_a_run_checks_every_hour_whether_to_request_approval() -> None:
    """If the image is proven after the first assessment, approval is requested that day, not when the next window opens."""
    world = production("{from: platform}", "shop-a")
    rule = "start-stopped-clusters: true, approval: {from: platform, rings: [production]}}"
    world.settings = settings(CONFIG.replace("start-stopped-clusters: true}", rule) + PEOPLE)
    each = world.clusters.only
    driver = assessed(world, each, ROLLOUT)
    assert (requests(world), driver.until) == ([], NOON + timedelta(hours=1, minutes=1))
    image = ImageKey("AKSUbuntu-2204gen2containerd-202611.05.0", "1.34")
    proof = Proof("pre-production", image, nodes=3, awake_h=20, proven_at=NOON)
    proofs(world.store).insert(f"pre-production|{image}", proof)
    pass_time(world, (driver,), timedelta(hours=1, minutes=2))
    assert [part.target_name for part in requests(world)[0].active_parts] == ["shop-a"]
