"""Changes of tags in a running bot: held, asked for, accepted or not, and reported (docs/tags.md)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.approvals.votes import record_vote
from ops.config import ConfigError
from ops.endpoints.timers import every_hour, every_quarter
from ops.facts.fleet import list_fleet
from ops.model.approval import Choice
from ops.model.run import Run, State
from ops.policy.rings import ring_name
from ops.ports.errors import DeniedError
from ops.scheduling.tag_scan import record_tags
from ops.settings.approval import ApprovalRule, Approvals
from ops.settings.fields import People
from ops.settings.tags import TAGS, TagsSettings
from ops.tables.accepted_tags import accepted_tags, accepted_tags_of
from ops.tables.base import store_key
from ops.tables.conditions import open_conditions
from ops.tables.fleet import known_clusters
from ops.tables.runs import runs
from tests.approvals.helpers import CountingStore, click, requests, shown, vote
from tests.approvals.story import PEOPLE
from tests.driving import NOON, DrivenRun, manual_request, pass_time, run_request, start
from tests.fakes import World, cluster, pool, settings

CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
    - {name: production, select: {tags: {env: prod}}}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}
node-image: {window: nights, approval: {rings: [production], from: platform}}
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}
chat:
  slack:
    channel: C0123
    routes: [{select: {tags: {team: web}}, channel: C0456}]
"""
CONFIG += PEOPLE
WITHOUT_RULE = CONFIG.replace(", approval: {rings: [production], from: platform}", "")
QUARTER = timedelta(minutes=15)


def seen(*names: str, config: str = CONFIG, tags: Mapping[str, str] | None = None) -> World:
    """Production clusters that the bot has seen, at noon on Monday."""
    world = World(config=config)
    world.clock.at = NOON
    for name in names or ("shop",):
        world.clusters.put(cluster(name, pool("user1"), tags=tags or {"env": "prod"}, resource_uid=f"uid-{name}"))
    every_quarter(world.context)
    return world


def retag(world: World, name: str = "shop", **tags: str) -> None:
    """Replace a cluster's tags, then let two checks pass: one that sees the change, and one that acts on it."""
    changed = next(each for each in world.clusters.fleet.values() if each.name == name)
    world.clusters.put(replace(changed, tags=tags))


def check(world: World, times: int = 2) -> None:
    for _ in range(times):
        world.clock.at += QUARTER
        every_quarter(world.context)


def tag_runs(world: World) -> list[Run]:
    return [stored.value for stored in runs(world.store).scan("tags.")]


def driven(world: World) -> list[DrivenRun]:
    """The tag runs, each after its first assessment, once their requests have been sent."""
    found = [DrivenRun(world, run.id) for run in tag_runs(world)]
    for each in found:
        each.to_first_step()
    pass_time(world, found, timedelta(minutes=6))
    return found


def ring_seen(world: World) -> str:
    """The ring in which the bot sees the only cluster."""
    (only,) = list_fleet(world.context.ports, world.settings)
    return ring_name(only, world.settings)


def asked_to_move(*names: str) -> tuple[World, list[DrivenRun]]:
    """Production clusters that were moved to pre-production by their tags, after people were asked."""
    world = seen(*names)
    for name in names or ("shop",):
        retag(world, name, env="dev")
    check(world)
    return world, driven(world)


def test_a_production_cluster_that_gets_the_tag_of_another_ring_stays_where_it_is() -> None:
    world = seen()
    retag(world, env="dev")
    assert ring_seen(world) == "production"
    check(world)
    assert ring_seen(world) == "production"
    world.clock.at = NOON + timedelta(hours=9)
    every_quarter(world.context)
    assert [run.id for run in (stored.value for stored in runs(world.store).scan("power."))] == []


def test_the_approvers_of_production_are_asked_in_the_channel_of_production() -> None:
    world, _ = asked_to_move()
    (request,) = requests(world)
    assert (request.ring, request.approvers, request.channels) == ("production", ("ana", "ben"), ("slack|C0123",))
    text = shown(world)[request.id]
    for part in (
        "env: 'prod' → 'dev'",
        "ring: production → pre-production",
        "approval of node-image: 1 of ana, ben → none",
        "awake per week: 168 h → 55 h",
    ):
        assert part in text


def test_people_are_asked_five_minutes_after_the_first_change_so_that_others_can_join() -> None:
    world = seen()
    retag(world, env="dev")
    check(world)
    (run,) = (DrivenRun(world, each.id) for each in tag_runs(world))
    run.to_first_step()
    pass_time(world, [run], timedelta(minutes=4))
    (request,) = requests(world)
    assert request.id not in shown(world)
    pass_time(world, [run], timedelta(minutes=2))
    assert request.id in shown(world)


def test_a_cluster_moves_once_its_move_is_approved() -> None:
    world, (run,) = asked_to_move()
    assert vote(world, driven=[run]) == "approved"
    assert run.to_end().state is State.DONE
    assert ring_seen(world) == "pre-production"
    check(world, 1)
    assert open_conditions(world.store) == ()
    kinds = [entry.kind for entry in world.ledger.written.values() if entry.subject in (run.id, world.clusters.only.id)]
    assert {"tags", "plan", "begin", "done", "end"} <= set(kinds)


def test_a_cluster_stays_if_its_move_is_rejected_and_people_are_not_asked_again() -> None:
    world, (run,) = asked_to_move()
    vote(world, choice=Choice.REJECT, driven=[run])
    assert run.to_end().state is State.HALTED
    check(world, 8)
    assert (ring_seen(world), len(tag_runs(world)), len(requests(world))) == ("production", 1, 1)
    (condition,) = open_conditions(world.store, world.clusters.only.id)
    assert "env: 'prod' → 'dev'" in condition.text


def test_a_person_can_have_the_approvers_asked_again_after_a_rejection() -> None:
    world, (run,) = asked_to_move()
    vote(world, choice=Choice.REJECT, driven=[run])
    run.to_end()
    again = start(world, manual_request(world, "tags", source="slack"))
    again.to_first_step()
    assert again.record.code == "approval"
    (pending,) = (request for request in requests(world) if request.id == again.record.approval)
    assert record_vote(world.context, click(pending.token, "ben")).result == "approved"
    assert (again.to_end().state, ring_seen(world)) == (State.DONE, "pre-production")


def test_a_request_that_expires_changes_nothing_and_is_not_repeated() -> None:
    world, found = asked_to_move()
    pass_time(world, found, timedelta(hours=25))
    assert (found[0].record.code, ring_seen(world)) == ("not-approved", "production")
    check(world, 4)
    assert len(tag_runs(world)) == 1


def test_people_are_asked_again_if_the_tags_change_again() -> None:
    world, (run,) = asked_to_move()
    vote(world, choice=Choice.REJECT, driven=[run])
    run.to_end()
    retag(world)
    check(world)
    assert len(tag_runs(world)) == 2
    assert "ring: production → no ring" in str([each.record.plan for each in driven(world)])


def test_tags_that_change_back_and_forth_cause_one_request_per_change() -> None:
    """A new request is a message that mentions the approvers."""
    world, (run,) = asked_to_move()
    for tags in ({}, {"env": "dev"}, {}, {"env": "dev"}):
        retag(world, **tags)
        world.clock.at += timedelta(minutes=5)
        run.reassess()
        check(world)
        for each in driven(world):
            if not each.record.state.is_final:
                each.reassess()
    assert len(tag_runs(world)) == 2
    assert len(requests(world)) <= 2
    assert ring_seen(world) == "production"


def test_changing_the_tags_back_ends_the_request_and_the_condition() -> None:
    world, (run,) = asked_to_move()
    retag(world, env="prod")
    check(world, 1)
    assert open_conditions(world.store) == ()
    run.wake_if_requested()
    assert (run.record.why, str(requests(world)[0].state)) == ("no change of its tags is held", "cancelled")


@pytest.mark.parametrize("later", [{}, {"env": "dev", "team": "web"}, {"env": "prod"}])
def test_an_approval_covers_exactly_the_tags_that_were_shown(later: dict[str, str]) -> None:
    world, (run,) = asked_to_move()
    retag(world, **later)
    vote(world)
    run.to_first_step()
    run.reassess()
    assert accepted_tags_of(world.store, world.clusters.only.id).value.tags == {"env": "prod"}  # type: ignore[union-attr]  # it exists
    assert ring_seen(world) == "production"


def test_tags_that_change_right_before_the_acceptance_are_not_accepted() -> None:
    world, (run,) = asked_to_move()
    vote(world, driven=[run])
    assert run.at_first_step
    retag(world)
    assert run.call("begin", "accept") == "unwind"
    assert accepted_tags_of(world.store, world.clusters.only.id).value.tags == {"env": "prod"}  # type: ignore[union-attr]  # it exists


def test_clusters_that_are_retagged_together_are_one_request() -> None:
    world, found = asked_to_move("shop-a", "shop-b", "shop-c")
    (request,) = requests(world)
    assert [part.target_name for part in request.active_parts] == ["shop-a", "shop-b", "shop-c"]
    vote(world, driven=found)
    assert {run.to_end().state for run in found} == {State.DONE}


def test_a_cluster_that_leaves_patching_is_held_and_asked_for() -> None:
    world = seen()
    retag(world, note="decommissioned")
    check(world)
    assert ring_seen(world) == "production"
    assert "ring: production → no ring" in str([each.record.plan for each in driven(world)])


def test_messages_that_would_move_stay_and_people_are_asked_where_they_were() -> None:
    world = seen(tags={"env": "prod", "team": "web"})
    retag(world, env="prod", team="shop")
    check(world)
    (run,) = driven(world)
    assert run.record.channels == ("slack|C0456",)
    assert requests(world)[0].channels == ("slack|C0456",)
    assert "channels: slack C0456 → slack the default channel" in shown(world)[requests(world)[0].id]


def test_a_tag_that_lengthens_the_sleep_is_held_without_a_rule_that_says_who_decides() -> None:
    world = seen(tags={"env": "dev"})
    retag(world, env="dev", **{"daytwo-awake": "mon-fri 09:00-10:00"})
    check(world)
    (condition,) = open_conditions(world.store)
    assert "awake per week: 55 h → 5 h" in condition.text
    for part in ("Change the tags back", "add an approval rule for pre-production", "over HTTP"):
        assert part in condition.remedy
    assert (tag_runs(world), requests(world)) == ([], [])


def test_without_a_rule_only_a_run_that_names_the_plan_accepts_it() -> None:
    world = seen(config=WITHOUT_RULE)
    retag(world, env="dev")
    check(world)
    dry = start(world, replace(run_request(world, "tags", "plan-m-1"), source="http", dry_run=True)).to_end()
    plain = start(world, replace(run_request(world, "tags", "m-2"), source="http")).to_end()
    assert (plain.state, ring_seen(world)) == (State.SKIPPED, "production")
    wrong = replace(run_request(world, "tags", "m-3"), source="http", params={"plan": "0" * 12})
    assert (start(world, wrong).to_end().state, ring_seen(world)) == (State.SKIPPED, "production")
    confirmed = replace(run_request(world, "tags", "m-4"), source="http", params={"plan": dry.plan_hash})
    assert (start(world, confirmed).to_end().state, ring_seen(world)) == (State.DONE, "pre-production")


def test_with_a_rule_a_run_that_names_the_plan_needs_approval_like_any_other() -> None:
    world = seen()
    retag(world, env="dev")
    check(world, 1)
    dry = start(world, replace(run_request(world, "tags", "plan-m-1"), source="http", dry_run=True)).to_end()
    named = replace(run_request(world, "tags", "m-2"), source="http", params={"plan": dry.plan_hash})
    run = start(world, named)
    run.to_first_step()
    assert (run.record.code, run.at_first_step, ring_seen(world)) == ("approval", False, "production")


def test_a_change_that_loosens_nothing_is_accepted_and_recorded() -> None:
    world = seen(tags={"env": "dev"})
    retag(world, env="prod", note="now production")
    check(world, 1)
    assert (ring_seen(world), open_conditions(world.store)) == ("production", ())
    texts = [entry.text for entry in world.ledger.written.values() if entry.kind == "tags"]
    assert texts == [
        "first seen with 1 tag, accepted as they are",
        "accepted, because nothing is loosened: env: 'dev' → 'prod', 1 other tag",
    ]


def test_a_new_cluster_is_accepted_as_it_is() -> None:
    world = seen("shop")
    world.clusters.put(cluster("pay", tags={"env": "dev"}, resource_uid="uid-pay"))
    check(world)
    assert (tag_runs(world), open_conditions(world.store)) == ([], ())


def test_a_cluster_that_is_created_again_is_accepted_as_it_is() -> None:
    world = seen()
    world.clusters.put(replace(world.clusters.only, tags={"env": "dev"}, resource_uid="another"))
    check(world)
    assert (ring_seen(world), tag_runs(world)) == ("pre-production", [])


def test_an_outdated_list_neither_accepts_nor_holds_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resource Graph can show an old tag for minutes after the tag was changed and accepted."""
    world, (run,) = asked_to_move()
    vote(world, driven=[run])
    run.to_end()
    old = replace(world.clusters.only, tags={"env": "prod"})
    monkeypatch.setattr(world.clusters, "list_clusters", lambda _: (old,))
    check(world)
    assert accepted_tags_of(world.store, old.id).value.tags == {"env": "dev"}  # type: ignore[union-attr]  # it exists


def test_what_a_chat_command_needs_is_decided_by_the_tags_that_apply() -> None:
    world = seen()
    retag(world, env="dev")
    every_hour(world.context, timedelta(days=14))
    (known,) = known_clusters(world.store).scan()
    assert known.value.tags == {"env": "prod"}


def test_a_cluster_whose_record_cannot_be_read_is_left_alone_and_the_others_are_served() -> None:
    world = seen("shop-a", "shop-b")
    broken = next(each for each in world.clusters.fleet.values() if each.name == "shop-a")
    record = world.store.get("accepted-tags", store_key(broken.id))
    assert record is not None
    world.store.replace("accepted-tags", store_key(broken.id), {"tags": 7}, record.etag)
    assert [each.name for each in list_fleet(world.context.ports, world.settings)] == ["shop-b"]
    world.clock.at = NOON + timedelta(hours=10, minutes=30)
    run = start(world, run_request(world, of=broken))
    run.to_first_step()
    assert (run.record.code, world.clusters.begun) == ("unreadable", [])


def test_a_cluster_that_cannot_be_read_again_does_not_stop_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    world = seen("shop-a", "shop-b")
    for name in ("shop-a", "shop-b"):
        retag(world, name, env="dev")
    plain = world.clusters.cluster

    def refusing(cluster_id: str) -> object:
        if cluster_id.endswith("shop-a"):
            raise DeniedError("reading shop-a: no role")
        return plain(cluster_id)

    monkeypatch.setattr(world.clusters, "cluster", refusing)
    record_tags(world.context, world.settings, list_fleet(world.context.ports, world.settings), world.clock.at)
    held = {stored.key.rpartition("|")[2]: bool(stored.value.held) for stored in accepted_tags(world.store).scan()}
    assert held == {"shop-a": False, "shop-b": True}


def test_a_fleet_is_read_with_one_scan_of_the_records() -> None:
    world = seen("shop-a", "shop-b", "shop-c")
    store = CountingStore()
    for key in ("shop-a", "shop-b", "shop-c"):
        (record,) = [each for each in world.store.scan("accepted-tags") if each.key.endswith(key)]
        store.insert("accepted-tags", record.key, record.value)
    world.store = store
    fleet = list_fleet(world.context.ports, world.settings)
    record_tags(world.context, world.settings, fleet, world.clock.at)
    assert (store.got.count("accepted-tags"), store.scanned.count("accepted-tags")) == (0, 6)


def test_a_rule_of_its_own_names_other_approvers() -> None:
    world = seen(config=CONFIG + "tags: {approval: {rings: [production], from: leads}}\n")
    retag(world, env="dev")
    check(world)
    driven(world)
    assert requests(world)[0].approvers == ("cleo",)


def test_a_configuration_that_reads_other_tags_does_not_move_a_cluster_by_itself() -> None:
    world = seen()
    world.settings = settings(CONFIG.replace("tags: {env: prod}", "tags: {tier: high}"))
    check(world)
    assert (tag_runs(world), open_conditions(world.store)) == ([], ())


def test_a_rule_for_a_risk_is_refused_because_a_change_of_tags_has_none() -> None:
    text = CONFIG + "tags: {approval: {rings: [production], from: platform, risk: [drain]}}\n"
    with pytest.raises(ConfigError) as refused:
        settings(text)
    assert "a change of tags has no risk" in str(refused.value)


def test_a_change_is_held_if_no_rule_matches_its_plan() -> None:
    """The configuration refuses such a rule; the decision does not rely on that."""
    world = seen()
    rule = ApprovalRule(approvers=People(("ana",)), risks=frozenset({"drain"}))
    section = TagsSettings(approval=Approvals((rule,)))
    world.settings = replace(world.settings, sections={**world.settings.sections, TAGS.name: section})
    retag(world, env="dev")
    check(world)
    assert ring_name(list_fleet(world.context.ports, world.settings)[0], world.settings) == "production"
    assert [run.state for run in tag_runs(world)] == []
