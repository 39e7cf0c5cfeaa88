"""forceUpgrade on a cluster: AKS drains through PDBs, which people know before they approve (docs/node-image.md, rule 18)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.adapters.azure_documents import cluster_of
from ops.engine.preview import preview_pools
from ops.model.calendar import Span
from ops.model.fleet import Cluster, Unknown
from ops.model.image import NodeImage
from ops.model.plan import FORCED
from ops.model.run import State
from ops.policy.approval_status import additions
from ops.policy.approvers import rule_for
from ops.policy.cluster_notes import cluster_notes
from ops.policy.pool_selection import Candidate
from ops.policy.upgrade_plan import plan_within
from tests.approvals.helpers import assessed, requests, shown
from tests.approvals.story import config
from tests.driving import IN_WINDOW, AzureOperations, run_request, start, world_with
from tests.engine.worlds import upgrade, world_in_window
from tests.fakes import CONFIG, NEW, World, cluster, pool

LATER = datetime(2026, 11, 17, 4, tzinfo=UTC)
WARNING = (
    "forceUpgrade is set on the cluster: AKS drains through PDBs in every upgrade that starts before "
    "Tue 2026-11-17 04:00 UTC"
)


def must_parse(name: str) -> NodeImage:
    image = NodeImage.parse(name)
    assert image is not None
    return image


def forced(end: datetime | Unknown | None = LATER) -> Cluster:
    return cluster("shop-prod", pool("user1"), env="prod", forced_until=end)


def asked(rule: str, of: Cluster) -> list[str]:
    """The risks of the plans in the requests that a run on this cluster leads to."""
    world = world_with(of, config(rule))
    assessed(world)
    return [part.plan.risk for request in requests(world) for part in request.active_parts]


@pytest.mark.parametrize(
    ("override", "end"),
    [
        ({"forceUpgrade": True, "until": "2026-11-17T04:00:00Z"}, LATER),
        ({"forceUpgrade": True, "until": "2026-11-17T04:00:00.0000000Z"}, LATER),
        ({"forceUpgrade": True}, None),
        ({"forceUpgrade": False, "until": "2026-11-17T04:00:00Z"}, None),
        ({"forceUpgrade": None, "until": None}, None),
        ({"forceUpgrade": True, "until": "soon"}, Unknown("its end cannot be read: 'soon'")),
        (
            {"forceUpgrade": True, "until": "2026-11-17T04:00:00"},
            Unknown("its end cannot be read: '2026-11-17T04:00:00'"),
        ),
        (None, None),
    ],
)
def test_it_is_read_from_the_cluster(override: object, end: object) -> None:
    identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c"
    properties = {"upgradeSettings": {"overrideSettings": override}}
    read = cluster_of({"id": identity, "name": "c", "properties": properties})
    assert read.forced_until == end
    assert cluster_of({"id": identity, "name": "c", "properties": {"upgradeSettings": None}}).forced_until is None


@pytest.mark.parametrize(("end", "is_forced"), [(LATER, True), (IN_WINDOW, False), (None, False), (Unknown("x"), True)])
def test_only_the_start_of_an_upgrade_counts(end: datetime | Unknown | None, *, is_forced: bool) -> None:
    assert forced(end).forces_upgrade_at(IN_WINDOW) is is_forced
    assert bool(cluster_notes(forced(end), None, IN_WINDOW)) is is_forced


def test_the_request_for_approval_says_so() -> None:
    world = world_with(forced(), config("{from: platform}"))
    assessed(world)
    (request,) = requests(world)
    assert request.active_parts[0].plan.warnings == (WARNING,)
    assert WARNING in shown(world)[request.id]


@pytest.mark.parametrize(
    ("rule", "risks"),
    [
        ("[{risk: [forced], from: leads}]", ["forced"]),
        ("[{risk: [surge], from: leads}]", ["forced"]),
        ("[{risk: [in-place], from: leads}]", ["forced"]),
        ("[{risk: [drain], from: leads}]", []),
        ("{from: leads}", ["forced"]),
    ],
)
def test_a_rule_for_any_upgrade_applies_to_a_forced_one(rule: str, risks: list[str]) -> None:
    assert asked(rule, forced()) == risks


def test_a_rule_that_names_it_goes_first() -> None:
    rules = "[{risk: [surge], from: platform}, {risk: [forced], from: leads}]"
    world = world_with(forced(), config(rules))
    rule = rule_for(world.settings, "node-image", "production", FORCED)
    assert rule is not None
    assert tuple(rule.approvers) == ("cleo",)


def test_an_approval_within_pdbs_does_not_cover_a_forced_upgrade_but_the_reverse_holds() -> None:
    opening = Span(IN_WINDOW, LATER)
    (ring,) = world_with(forced(), config("{from: platform}")).settings.fleet.rings
    chosen = (Candidate(pool("user1"), must_parse(NEW), 3),)
    within = plan_within(opening, forced(None), ring, chosen, IN_WINDOW)
    through = plan_within(opening, forced(), ring, chosen, IN_WINDOW)
    assert within is not None
    assert through is not None
    assert additions(through, within) == ()
    assert additions(within, through) == (
        "user1: forced AKS drains through PDBs, not none",
        "the risk is forced, not surge",
    )


def test_an_approval_of_a_forced_upgrade_does_not_cover_one_in_place() -> None:
    """The forced plan did not say that a pool gets no extra node."""
    opening = Span(IN_WINDOW, LATER)
    (ring,) = world_with(forced(), config("{from: platform}")).settings.fleet.rings
    chosen = (Candidate(pool("user1", spot=True), must_parse(NEW), 3),)
    through, within = (plan_within(opening, forced(end), ring, chosen, IN_WINDOW) for end in (LATER, None))
    assert through is not None
    assert within is not None
    assert additions(through, within) == ("the risk is in-place, not forced",)


def test_a_rule_for_it_does_not_apply_to_an_upgrade_within_pdbs() -> None:
    assert asked("[{risk: [forced], from: leads}]", forced(None)) == []


def test_an_upgrade_does_not_begin_if_it_was_set_after_the_plan() -> None:
    world = world_in_window()
    operations = AzureOperations(world)
    begun: list[str] = []

    def meanwhile(activity: str) -> None:
        if activity == "begin" and not begun:
            begun.append(activity)
            world.clusters.put(replace(world.clusters.only, forced_until=world.clock.at + timedelta(hours=6)))
        operations(activity)

    run = upgrade(world, meanwhile)
    assert run.record.state is State.DONE
    assert world.clusters.begun == ["upgrade user1"]
    assert run.engine.calls.count("assess") >= 2
    (step,) = run.record.finished
    assert FORCED in step.params


def test_plan_and_why_show_it() -> None:
    world: World = world_in_window()
    world.clusters.put(replace(world.clusters.only, forced_until=LATER))
    (shown,) = preview_pools(world.context, world.settings, (world.clusters.only,), world.clock.at)
    assert shown.notes == (WARNING,)


def test_it_is_shown_for_a_cluster_that_aks_upgrades() -> None:
    world = world_with(replace(forced(), node_os_channel="NodeImage"), CONFIG, IN_WINDOW)
    run = start(world, run_request(world, rollout="r"))
    run.to_first_step()
    assert run.record.lines == (WARNING,)
