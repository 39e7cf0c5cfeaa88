"""What Azure does not report is unknown: nothing is planned on it, and a statement says how much was checked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.engine.preview import preview_run
from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import NO_POWER_STATE, Cluster, Node, Pool, Power, Unknown
from ops.model.image import NodeImage
from ops.policy.node_identity import match_nodes
from ops.policy.proof_sampling import sample_cluster
from ops.policy.upgrade_duration import expected_duration
from ops.runbooks import power, reboot
from tests.fakes import ALL_OPERATIONS, CONFIG, NEW, OLD, cluster, machines_of, nodes_of, pool, settings
from tests.runbooks.test_node_image import IN_WINDOW, decide, facts

NIGHT = datetime(2026, 11, 17, 21, tzinfo=UTC)
DAY = datetime(2026, 11, 17, 10, tzinfo=UTC)
NO_COUNT = Unknown("Azure does not report how many nodes it has")
OLDEST = "AKSUbuntu-1804gen2containerd-2022.10.03"


def after_the_week() -> datetime:
    return datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.mark.parametrize("now", [NIGHT, DAY])
def test_a_cluster_whose_power_state_is_unknown_is_neither_started_nor_stopped(now: datetime) -> None:
    of = cluster(power=Power.UNKNOWN)
    decision = power.RUNBOOK.decide(
        power.Facts(of, None, None), settings(ALL_OPERATIONS), preview_run(of, now, "power"), now
    )
    assert isinstance(decision, Wait)
    assert decision.why == "the power state could not be read: Azure does not report whether the cluster is running"


def test_no_upgrade_is_planned_while_the_power_state_is_unknown() -> None:
    of = cluster(power=Power.UNKNOWN)
    for nodes in (NO_POWER_STATE, nodes_of(of)):
        decision = decide(facts(of, nodes=nodes))
        assert isinstance(decision, Wait)
        assert (decision.code, [skip.code for skip in decision.skips]) == ("unreadable", ["unknown-power-state"])
    ended = decide(facts(of), now=after_the_week())
    assert isinstance(ended, Nothing)
    assert ended.notify


def test_no_reboot_is_planned_while_the_power_state_is_unknown() -> None:
    of = cluster(power=Power.UNKNOWN)
    night = datetime(2026, 11, 16, 23, 5, tzinfo=UTC)
    known = reboot.Facts(of, NO_POWER_STATE, NO_POWER_STATE, NO_POWER_STATE, {})
    decision = reboot.RUNBOOK.decide(known, settings(ALL_OPERATIONS), preview_run(of, night, "reboot"), night)
    assert isinstance(decision, Wait)


def test_a_pool_without_a_count_is_expected_to_take_as_long_as_its_nodes_by_label() -> None:
    of = cluster("shop-dev", pool(count=NO_COUNT, type="VirtualMachines"))
    twenty = tuple(replace(nodes_of(of)[0], name=f"n{n}") for n in range(20))
    decision = decide(facts(of, nodes=twenty))
    assert isinstance(decision, Act)
    assert (decision.plan.nodes, decision.plan.steps[0].expected_s) == (20, (20 * 7 + 10) * 60)


def test_a_pool_without_a_count_on_a_stopped_cluster_is_not_upgraded_and_people_are_notified() -> None:
    of = cluster("shop-dev", pool(count=NO_COUNT), running=False)
    decision = decide(facts(of, nodes=Unknown("the cluster is stopped")))
    assert isinstance(decision, Wait)
    assert (decision.why, decision.notify) == (
        "the number of nodes of user1 could not be read: the cluster is stopped",
        True,
    )
    assert [skip.code for skip in decision.skips] == ["unknown-size"]


def notifies(of: Pool) -> bool:
    decision = decide(facts(cluster("shop-dev", of)), now=IN_WINDOW - timedelta(hours=5))
    assert isinstance(decision, Wait)
    return decision.notify


def test_the_oldest_images_and_those_of_unknown_age_are_the_loudest() -> None:
    assert [notifies(pool(image=image)) for image in (OLD, OLDEST, "custom-image")] == [False, True, True]


def test_an_image_that_azure_does_not_report_is_read_again() -> None:
    decision = decide(facts(cluster("shop-dev", pool(image=""))))
    assert isinstance(decision, Wait)
    assert decision.why == "the image of user1 could not be read: Azure does not report its image"


def test_only_the_name_of_the_newest_image_must_be_understood() -> None:
    assert isinstance(decide(facts(cluster("shop-dev", pool(image="custom-image")))), Act)
    decision = decide(facts(cluster(), newest="custom-image"))
    assert isinstance(decision, Nothing)
    assert decision.skips[0].why == "custom-image, the newest image, is not an image name that Daytwo can parse"


def nothing(of: Cluster, nodes: tuple[Node, ...] | Unknown | None = None) -> str:
    decision = decide(facts(of, nodes=nodes), now=after_the_week(), config=CONFIG)
    assert isinstance(decision, Nothing)
    return decision.why


def test_a_statement_about_all_pools_says_how_many_there_are() -> None:
    of = cluster("shop-dev", pool("a", image=NEW), pool("b", image=NEW))
    assert nothing(of) == "2 pools compared: all run the newest image"
    assert nothing(replace(of, pools=())) == "Azure lists no pools for this cluster, so no image was compared"


def test_a_statement_about_a_cluster_that_aks_upgrades_says_what_was_checked() -> None:
    of = cluster("pay", pool(image=NEW), automatic=True)
    assert nothing(of) == (
        "AKS upgrades this cluster; 1 pool compared: all run the newest image (user1: 3 of 3 nodes checked)"
    )
    stopped = nothing(replace(of, power=Power.STOPPED), Unknown("the cluster is stopped"))
    assert "user1: as Azure reports; its nodes were not checked: the cluster is stopped" in stopped


def test_a_cluster_with_managed_system_pools_says_that_nothing_was_compared() -> None:
    of = replace(cluster("pay", automatic=True), pools=())
    nodes = (
        Node("aks-default-1", "", OLD, ready=True, provisioner="default"),
        Node("aks-default-2", "", OLD, ready=False, provisioner="default"),
    )
    assert nothing(of, nodes) == (
        "AKS upgrades this cluster; Azure lists no pools for it, so no image was compared; "
        "default: 2 nodes by node labels, not confirmed by ARM: 202610.29.0; 1 not Ready; "
        "its API server has no NodeClaims, so whether they are outdated is unknown"
    )
    refused = Unknown("listing the nodes of pay: its API server does not answer")
    assert nothing(of, refused).endswith(
        "its nodes were not checked: listing the nodes of pay: its API server does not answer"
    )


def test_a_pool_without_a_count_proves_an_image_with_the_machines_that_arm_lists() -> None:
    of = cluster("shop-dev", pool(image=NEW, count=NO_COUNT))
    nodes = nodes_of(of)
    matches = match_nodes(of, nodes, {"user1": machines_of(of, "user1")})
    (sample,) = sample_cluster(of, nodes, matches).values()
    assert sample.nodes == 3
    assert not sample_cluster(of, nodes, match_nodes(of, nodes, {"user1": NO_COUNT}))


def test_an_old_name_is_compared_with_a_new_one() -> None:
    old, new = NodeImage.parse(OLDEST), NodeImage.parse(NEW)
    assert old is not None
    assert new is not None
    assert old.released < new.released
    assert not new.is_carried_as(OLDEST)
    assert expected_duration(pool(image=OLDEST), 3) == timedelta(minutes=31)
