"""What is decided and reported for a cluster whose nodes AKS upgrades by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from ops.model.auto_provisioning import AutoProvisioning
from ops.model.decision import Nothing, Report, Wait
from ops.model.fleet import Cluster, Node, Unknown
from ops.model.plan import Skip
from ops.model.reasons import SkipReason, WaitReason
from ops.policy.aks_managed import decide_aks_managed
from tests.fakes import MONDAY, NEW, OLD, cluster, nodes_of, pool

ENDS = MONDAY + timedelta(days=5)
LAST_LOOK = ENDS - timedelta(minutes=1)
OLD_OF_30_DAYS = timedelta(days=30)
BEHIND = cluster("pay", pool("a"), pool("b"), node_os_channel="NodeImage")
SKIPS = tuple(Skip(name, SkipReason.AKS_MANAGED, "AKS upgrades it through its own channel") for name in ("a", "b"))
NO_NODES = Unknown("the API server did not answer", transient=True)


@dataclass
class Known:
    """The facts of the decision."""

    newest_images: Mapping[str, str | Unknown]
    nodes: tuple[Node, ...] | Unknown
    initial_images: Mapping[str, str] = field(default_factory=dict)
    auto_provisioning: AutoProvisioning | Unknown | None = None


def known(
    of: Cluster,
    *,
    nodes: tuple[Node, ...] | Unknown | None = None,
    initial: Mapping[str, str] | None = None,
    newest: Mapping[str, str | Unknown] | None = None,
) -> Known:
    images: Mapping[str, str | Unknown] = newest if newest is not None else {each.name: NEW for each in of.pools}
    return Known(images, nodes_of(of) if nodes is None else nodes, initial or {})


def decide(of: Cluster, facts: Known | None = None, *, minutes_to_last_look: int = 600) -> object:
    now = LAST_LOOK - timedelta(minutes=minutes_to_last_look)
    return decide_aks_managed(of, facts or known(of), OLD_OF_30_DAYS, ENDS, now)


def after_the_week(of: Cluster, facts: Known | None = None, limit: timedelta = OLD_OF_30_DAYS) -> Report:
    decision = decide_aks_managed(of, facts or known(of), limit, ENDS, LAST_LOOK)
    assert isinstance(decision, Report)
    return decision


def test_a_cluster_that_is_behind_is_read_again_after_two_hours() -> None:
    assert decide(BEHIND) == Wait(
        LAST_LOOK - timedelta(hours=8),
        "AKS upgrades this cluster; behind the newest image: a, b",
        code=WaitReason.AKS_MANAGED,
        skips=SKIPS,
    )


def test_the_last_look_is_a_minute_before_the_week_ends() -> None:
    decision = decide(BEHIND, minutes_to_last_look=119)
    assert isinstance(decision, Wait)
    assert decision.until == LAST_LOOK
    assert isinstance(decide(BEHIND, minutes_to_last_look=1), Wait)
    assert isinstance(decide(BEHIND, minutes_to_last_look=0), Report)


def test_what_aks_has_upgraded_so_far_is_shown_while_other_pools_are_behind() -> None:
    of = cluster("pay", pool("a", NEW), pool("b"), node_os_channel="NodeImage")
    decision = decide(of, known(of, initial={"a": OLD, "b": OLD}))
    assert isinstance(decision, Wait)
    assert decision.why == "AKS upgrades this cluster; behind the newest image: b"
    assert decision.lines == ("a: Azure reports 202611.05.0; 3 of 3 nodes run it and are Ready, by their labels",)


def test_a_week_in_which_every_pool_was_upgraded_is_good_news() -> None:
    of = cluster("pay", pool("a", NEW), pool("b", NEW), node_os_channel="NodeImage")
    assert decide(of, known(of, initial={"a": OLD, "b": NEW})) == Report(
        "AKS upgraded 1 of 2 pools",
        ("a: Azure reports 202611.05.0; 3 of 3 nodes run it and are Ready, by their labels",),
        SKIPS,
    )


def test_an_upgrade_to_the_last_image_of_an_os_is_bad_news() -> None:
    last = "AKSAzureLinux-V2gen2-202511.05.0"
    of = cluster("pay", pool("a", last), node_os_channel="NodeImage")
    report = decide(of, known(of, initial={"a": OLD}, newest={"a": last}))
    assert isinstance(report, Report)
    assert (report.headline, report.ok) == ("AKS upgraded 1 of 1 pools", False)
    assert "support for Azure Linux 2 ended on 2025-11-30" in report.lines[1]


def test_pools_that_are_behind_but_not_too_old_are_reported_as_they_are() -> None:
    of = cluster("pay", pool("a", NEW), pool("b"), node_os_channel="NodeImage")
    assert after_the_week(of, known(of, initial={"a": OLD, "b": OLD})) == Report(
        "AKS upgraded 1 of 2 pools; behind: b",
        ("a: Azure reports 202611.05.0; 3 of 3 nodes run it and are Ready, by their labels",),
        SKIPS,
        ok=True,
    )


def test_a_pool_that_is_too_old_at_the_end_of_the_week_needs_a_person() -> None:
    assert after_the_week(BEHIND, limit=timedelta(days=14)) == Report(
        "AKS upgraded 0 of 2 pools; behind: a, b",
        tuple(f"{name} is more than 14 days behind: check its maintenance window" for name in ("a", "b")),
        SKIPS,
        ok=False,
    )


@pytest.mark.parametrize(("image", "shown"), [("an-image", "an-image"), ("", "not reported")])
def test_a_pool_whose_image_has_no_known_age_needs_a_person(image: str, shown: str) -> None:
    of = cluster("pay", pool("a", image), node_os_channel="NodeImage")
    report = after_the_week(of)
    assert not report.ok
    assert report.lines == (f"a: the age of its image ({shown}) is unknown: check it",)


def test_a_pool_whose_newest_image_was_not_read_is_not_said_to_run_it() -> None:
    of = cluster("pay", pool("a", NEW), node_os_channel="NodeImage")
    assert isinstance(decide(of, known(of, newest={})), Wait)
    assert isinstance(decide(of, known(of, newest={"a": Unknown("no answer")})), Wait)


def test_only_ready_nodes_that_run_the_image_count_as_upgraded() -> None:
    of = cluster("pay", pool("a", NEW, count=5), node_os_channel="NodeImage")
    ready, not_ready, old, *_ = nodes_of(of)
    nodes = (ready, replace(not_ready, ready=False), replace(old, image_label=OLD))
    report = after_the_week(of, known(of, nodes=nodes, initial={"a": OLD}))
    assert report.lines[0] == "a: Azure reports 202611.05.0; 1 of 5 nodes run it and are Ready, by their labels"


def test_more_nodes_than_azure_counts_are_counted() -> None:
    of = cluster("pay", pool("a", NEW, count=2), node_os_channel="NodeImage")
    nodes = nodes_of(cluster("pay", pool("a", NEW, count=4)))
    report = decide(of, known(of, nodes=nodes, initial={"a": OLD}))
    assert isinstance(report, Report)
    assert report.lines == ("a: Azure reports 202611.05.0; 4 of 4 nodes run it and are Ready, by their labels",)


def test_without_a_count_from_azure_the_nodes_are_counted() -> None:
    of = cluster("pay", pool("a", NEW, count=Unknown("not reported")), node_os_channel="NodeImage")
    report = decide(of, known(of, initial={"a": OLD}))
    assert isinstance(report, Report)
    assert report.lines == ("a: Azure reports 202611.05.0; 3 of 3 nodes run it and are Ready, by their labels",)


def test_a_changed_image_is_reported_as_azure_reports_it_if_the_nodes_were_not_read() -> None:
    of = cluster("pay", pool("a", NEW), node_os_channel="NodeImage")
    report = decide(of, known(of, nodes=NO_NODES, initial={"a": OLD}))
    assert isinstance(report, Report)
    assert report.lines == (f"a: Azure reports {NEW}; its nodes could not be read: the API server did not answer",)


def test_an_image_with_another_format_is_named_as_it_is_and_no_node_is_said_to_run_it() -> None:
    of = cluster("pay", pool("a", "an-image"), node_os_channel="NodeImage")
    report = after_the_week(of, known(of, initial={"a": OLD}))
    assert report.lines[0] == "a: Azure reports an-image; 0 of 3 nodes run it and are Ready, by their labels"


def test_nothing_is_reported_if_every_pool_already_runs_the_newest_image() -> None:
    of = cluster("pay", pool("a", NEW), pool("b", NEW), node_os_channel="NodeImage")
    assert decide(of) == Nothing(
        "AKS upgrades this cluster; 2 pools compared: all run the newest image "
        "(a: 3 of 3 nodes checked; b: 3 of 3 nodes checked)",
        SKIPS,
    )


def test_a_cluster_without_pools_says_that_no_image_was_compared() -> None:
    of = replace(BEHIND, pools=())
    assert decide(of, known(of)) == Nothing(
        "AKS upgrades this cluster; Azure lists no pools for it, so no image was compared"
    )
    assert decide(of, known(of, nodes=NO_NODES)) == Nothing(
        "AKS upgrades this cluster; Azure lists no pools for it, so no image was compared, "
        "and its nodes were not checked: the API server did not answer"
    )


def test_nodes_that_azure_does_not_list_are_reported_by_pool() -> None:
    of = cluster("pay", pool("a", NEW), node_os_channel="NodeImage")
    nodes = (
        *nodes_of(of),
        Node("n1", "", NEW, ready=True, provisioner="default"),
        Node("n2", "system", "", ready=True),
    )
    decision = decide(of, known(of, nodes=nodes))
    default = (
        "1 node by node labels, not confirmed by ARM: 202611.05.0; "
        "its API server has no NodeClaims, so whether they are outdated is unknown"
    )
    system = "1 node by node labels, not confirmed by ARM: an unknown image"
    assert isinstance(decision, Nothing)
    assert decision.why.endswith(f"; default: {default}; system: {system}")
    assert decision.skips == (SKIPS[0], Skip("default", SkipReason.AKS_MANAGED, default))
    provisioned = replace(known(of, nodes=nodes), auto_provisioning=Unknown("403"))
    decision = decide(of, provisioned)
    assert isinstance(decision, Nothing)
    assert decision.skips[1].why.endswith("; whether they are outdated is unknown: 403")
