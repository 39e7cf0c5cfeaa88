"""The node-image runbook as a table of cases: from facts to decisions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.model.auto_provisioning import AutoProvisioning, NodeClaim, NodeClass
from ops.model.decision import Act, Nothing, Report, Wait
from ops.model.fleet import Cluster, Node, Unknown
from ops.model.image import ImageKey
from ops.model.proof import Proof
from ops.model.run import Run, StepRecord, StepState
from ops.runbooks.node_image import RUNBOOK, Facts
from tests.fakes import CONFIG, MONDAY, NEW, NEWER, OLD, cluster, nodes_of, pool, settings

IN_WINDOW = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)
PROVEN = Proof("pre-production", ImageKey(NEW, "1.34"), MONDAY, IN_WINDOW, 24, 5, proven_at=IN_WINDOW)


def run(**more: object) -> Run:
    plain = Run("node-image.x.2026-w47", "node-image", "id", "shop-dev", "2026-w47", MONDAY, "timer", "daytwo")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def facts(
    of: Cluster,
    *,
    newest: str | Unknown = NEW,
    nodes: tuple[Node, ...] | Unknown | None = None,
    proof: Proof | None = None,
    initial_images: dict[str, str] | None = None,
    auto_provisioning: AutoProvisioning | None = None,
) -> Facts:
    seen = nodes if nodes is not None else nodes_of(of)
    images = {each.name: newest for each in of.pools}
    proofs = {str(proof.key): proof} if proof else {}
    initial = initial_images if initial_images is not None else {p.name: p.image for p in of.pools}
    return Facts(of, images, seen, proofs, initial, auto_provisioning=auto_provisioning)


def decide(known: Facts, now: datetime = IN_WINDOW, config: str = CONFIG, of: Run | None = None) -> object:
    return RUNBOOK.decide(known, settings(config), of or run(), now)


def test_a_pool_that_is_behind_is_upgraded_inside_the_window() -> None:
    decision = decide(facts(cluster()))
    assert isinstance(decision, Act)
    (step,) = decision.plan.steps
    assert (step.verb, dict(step.params)) == ("upgrade-node-image", {"pool": "user1", "image": NEW, "from": OLD})
    assert step.expected_s == (3 * 7 + 10) * 60
    assert step.deadline == datetime(2026, 11, 17, 5, tzinfo=UTC)


def test_a_run_waits_until_its_window_opens() -> None:
    decision = decide(facts(cluster()), now=MONDAY)
    assert isinstance(decision, Wait)
    assert (decision.until, decision.code) == (datetime(2026, 11, 16, 22, tzinfo=UTC), "window")


def test_pools_are_upgraded_system_first_then_user_then_spot_and_by_name_within_each() -> None:
    pools = (pool("a", spot=True), pool("zeta"), pool("beta"), pool("core", mode="System"))
    decision = decide(facts(cluster("shop-dev", *pools)))
    assert isinstance(decision, Act)
    assert [step.title for step in decision.plan.steps] == ["core", "beta", "zeta", "a"]
    assert decision.plan.warnings == ("a is a spot pool: its nodes are not drained",)


@pytest.mark.parametrize(
    ("why", "of", "code"),
    [
        ("a snapshot fixes the image", pool(from_snapshot=True), "snapshot"),
        ("every node carries it", pool(image=NEW), "already-latest"),
        ("a person checks a failed pool first", pool(provisioning_state="Failed"), "pool-failed"),
        ("80 nodes one by one fit into no window", pool(count=80), "never-fits"),
    ],
)
def test_a_skipped_pool_has_a_reason(why: str, of: object, code: str) -> None:
    known = cluster("shop-dev", of)  # type: ignore[arg-type]  # a pool
    decision = decide(facts(known))
    assert isinstance(decision, Nothing), why
    assert [(skip.what, skip.code) for skip in decision.skips] == [("user1", code)]


def test_nodes_from_auto_provisioning_are_skipped_with_a_reason() -> None:
    of = cluster("shop-dev", pool(image=NEW), node_auto_provisioning=True)
    extra = Node("aks-nap-1", "", NEW, ready=True, provisioner="default")
    decision = decide(facts(of, nodes=(*nodes_of(of), extra)))
    assert isinstance(decision, Nothing)
    assert ("default", "node-auto-provisioning") in [(skip.what, skip.code) for skip in decision.skips]


def test_a_pool_with_an_old_node_is_behind_even_if_azure_reports_it_as_upgraded() -> None:
    of = cluster("shop-dev", pool(image=NEW))
    old = replace(nodes_of(of)[0], image_label=OLD)
    assert isinstance(decide(facts(of, nodes=(old, *nodes_of(of)[1:]))), Act)


def test_a_cluster_outside_the_rings_is_not_changed() -> None:
    decision = decide(facts(cluster(env="sandbox")))
    assert isinstance(decision, Nothing)
    assert decision.skips[0].code == "no-ring"


@pytest.mark.parametrize("channel", ["NodeImage", "SecurityPatch", "a channel that Azure adds later"])
def test_no_steps_are_planned_for_a_cluster_that_aks_upgrades(channel: str) -> None:
    decision = decide(facts(cluster(node_os_channel=channel)))
    assert isinstance(decision, Wait)
    assert decision.code == "driven-by-aks"


@pytest.mark.parametrize("channel", ["None", "Unmanaged", ""])
def test_daytwo_upgrades_a_cluster_whose_channel_upgrades_no_images(channel: str) -> None:
    assert isinstance(decide(facts(cluster(node_os_channel=channel))), Act)


def test_aks_automatic_upgrades_its_nodes_whatever_the_channel() -> None:
    decision = decide(facts(cluster(automatic=True, node_os_channel="None")))
    assert isinstance(decision, Wait)
    assert decision.code == "driven-by-aks"


def test_an_upgrade_by_aks_is_reported_with_the_nodes_that_run_its_image() -> None:
    of = cluster("pay", pool(image=NEW), node_os_channel="NodeImage")
    decision = decide(facts(of, initial_images={"user1": OLD}))
    assert isinstance(decision, Report)
    assert decision.lines == ("user1: Azure reports 202611.05.0; 3 of 3 nodes run it and are Ready, by their labels",)


def test_nodes_that_arm_does_not_list_are_shown_in_the_report_of_their_own_cluster() -> None:
    of = cluster("pay", pool(image=NEW), automatic=True)
    nodes = (
        *nodes_of(of),
        Node("aks-default-1", "", NEW, ready=True, provisioner="default"),
        Node("aks-hostedpool-1-vms1", "hostedpool", OLD, ready=True),
        Node("aks-hostedpool-1-vms2", "hostedpool", OLD, ready=True),
    )
    claims = (NodeClaim("default-1", "aks-default-1", "default", NEW),)
    provisioning = AutoProvisioning(claims, (NodeClass("default", (NEW,)),))
    decision = decide(facts(of, nodes=nodes, initial_images={"user1": OLD}, auto_provisioning=provisioning))
    assert isinstance(decision, Report)
    assert decision.lines[1:] == (
        "default: 1 node by node labels, not confirmed by ARM: 202611.05.0; 1 as new nodes would be",
        "managed system pool: 2 nodes by node labels, not confirmed by ARM: 202610.29.0; AKS replaces them",
    )


@pytest.mark.parametrize("more", [{"type": "FlexNodes"}, {"mode": "Machines"}])
def test_a_pool_that_daytwo_does_not_know_is_skipped_with_a_reason(more: dict[str, str]) -> None:
    decision = decide(facts(cluster("shop-dev", pool(**more))))
    assert isinstance(decision, Nothing)
    assert [(skip.what, skip.code) for skip in decision.skips] == [("user1", "unsupported-pool")]


def test_labels_that_azure_does_not_confirm_do_not_count_as_the_newest_image() -> None:
    of = cluster("shop-dev", pool(image=OLD))
    decision = decide(facts(of, nodes=nodes_of(cluster("shop-dev", pool(image=NEW)))))
    assert isinstance(decision, Act)


def test_a_security_patch_for_the_image_counts_as_the_image() -> None:
    of = cluster("pay", pool(image=NEW), node_os_channel="SecurityPatch")
    patched = tuple(replace(node, image_label=f"{NEW}-2026.11.09") for node in nodes_of(of))
    assert isinstance(decide(facts(of, nodes=patched)), Nothing)


def test_a_run_waits_for_an_operation_in_progress() -> None:
    decision = decide(facts(cluster(provisioning_state="Upgrading")))
    assert isinstance(decision, Wait)
    assert (decision.code, decision.until) == ("busy", IN_WINDOW + timedelta(minutes=5))


def test_a_pool_that_does_not_fit_into_the_window_waits_for_the_next_one() -> None:
    late = datetime(2026, 11, 17, 4, 40, tzinfo=UTC)
    decision = decide(facts(cluster()), now=late)
    assert isinstance(decision, Wait)
    assert (decision.code, decision.until) == ("no-window-left", datetime(2026, 11, 17, 22, tzinfo=UTC))


def test_only_the_pools_that_fit_into_the_window_are_planned() -> None:
    pools = (pool("a", count=20), pool("b", count=20), pool("c", count=20))
    decision = decide(facts(cluster("shop-dev", *pools)))
    assert isinstance(decision, Act)
    assert [step.title for step in decision.plan.steps] == ["a", "b"]


def test_the_remaining_pools_are_reported_after_the_weeks_last_window() -> None:
    friday = datetime(2026, 11, 20, 6, tzinfo=UTC)
    decision = decide(facts(cluster()), now=friday)
    assert isinstance(decision, Nothing)
    assert [(skip.what, skip.code) for skip in decision.skips] == [("user1", "no-window-left")]


def test_no_window_is_open_during_a_freeze_for_the_whole_week() -> None:
    frozen = CONFIG + "freezes:\n  - {name: fair, from: 2026-11-16, to: 2026-11-20}\n"
    last = datetime(2026, 11, 20, 5, tzinfo=UTC)
    decision = decide(facts(cluster()), config=frozen)
    assert isinstance(decision, Wait)
    assert (decision.until, decision.code) == (last, "no-window-left")
    ended = decide(facts(cluster()), now=last, config=frozen)
    assert isinstance(ended, Nothing)
    assert [(skip.what, skip.code) for skip in ended.skips] == [("user1", "no-window-left")]


def test_a_stopped_cluster_is_started_temporarily() -> None:
    decision = decide(facts(cluster(running=False), nodes=Unknown("the cluster is stopped")))
    assert isinstance(decision, Act)
    start, upgrade = decision.plan.steps
    assert (start.verb, start.temporary, start.expected_s) == ("start-cluster", True, (10 + 31) * 60)
    assert upgrade.verb == "upgrade-node-image"


def test_a_stopped_cluster_that_daytwo_is_not_allowed_to_start_is_upgraded_later() -> None:
    config = CONFIG.replace("start-stopped-clusters: true", "start-stopped-clusters: false")
    asleep = facts(cluster(running=False), nodes=Unknown("the cluster is stopped"))
    decision = decide(asleep, config=config)
    assert isinstance(decision, Wait)
    assert decision.code == "asleep"
    ended = decide(asleep, config=config, now=datetime(2026, 11, 20, 6, tzinfo=UTC))
    assert isinstance(ended, Nothing)
    assert ended.skips[0].code == "asleep"


class TestProduction:
    """A later ring uses only images that have been proven in the preceding ring."""

    PROD = cluster("shop-prod", env="prod")

    def test_a_proven_image_is_planned(self) -> None:
        decision = decide(facts(self.PROD, proof=PROVEN))
        assert isinstance(decision, Act)
        cluster_claim, regions = decision.plan.claims
        assert cluster_claim.name == f"cluster.{self.PROD.id}"
        assert (regions.name, regions.side, regions.capacity) == ("regions.northeurope+westeurope", "westeurope", 1)

    def test_an_image_that_pre_production_does_not_run_waits_with_that_reason(self) -> None:
        decision = decide(facts(self.PROD))
        assert isinstance(decision, Wait)
        assert (decision.code, decision.why) == ("unproven", "202611.05.0 is not running in pre-production yet")

    def test_an_unproven_image_is_checked_again_right_after_the_next_hourly_sample(self) -> None:
        decision = decide(facts(self.PROD))
        assert isinstance(decision, Wait)
        assert decision.until == datetime(2026, 11, 16, 23, 1, tzinfo=UTC)

    def test_an_unproven_image_in_a_region_that_is_ahead_is_not_used_yet(self) -> None:
        assert isinstance(decide(facts(self.PROD, newest=NEWER, proof=PROVEN)), Wait)

    def test_the_same_image_on_another_kubernetes_minor_version_is_not_proven(self) -> None:
        of = cluster("shop-prod", pool(kubernetes_version="1.35.0"), env="prod")
        assert isinstance(decide(facts(of, proof=PROVEN)), Wait)

    def test_a_failed_gate_is_named(self) -> None:
        broken = replace(PROVEN, proven_at=None, since=None, broken_by="dev/aks-user1-2")
        decision = decide(facts(self.PROD, proof=broken))
        assert isinstance(decision, Wait)
        assert decision.why == "202611.05.0 is not proven in pre-production: dev/aks-user1-2 not Ready"

    def test_people_are_notified_once_the_pool_is_far_behind(self) -> None:
        old = "AKSUbuntu-2204gen2containerd-202610.01.0"
        decision = decide(facts(cluster("shop-prod", pool(image=old), env="prod")))
        assert isinstance(decision, Wait)
        assert decision.notify

    def test_a_proven_image_is_planned_while_another_family_waits(self) -> None:
        linux = "AKSAzureLinux-V3gen2-202610.29.0"
        of = cluster("shop-prod", pool("ubuntu"), pool("linux", image=linux), env="prod")
        known = facts(of, proof=PROVEN)
        newest = {"ubuntu": NEW, "linux": "AKSAzureLinux-V3gen2-202611.05.0"}
        decision = decide(replace(known, newest_images=newest))
        assert isinstance(decision, Act)
        assert [step.title for step in decision.plan.steps] == ["ubuntu"]
        assert [(skip.what, skip.code) for skip in decision.plan.skips] == [("linux", "unproven")]

    def test_an_image_that_is_still_unproven_at_the_end_of_the_week_is_reported_as_the_reason(self) -> None:
        decision = decide(facts(self.PROD), now=datetime(2026, 11, 20, 6, tzinfo=UTC))
        assert isinstance(decision, Nothing)
        assert decision.skips[0].code == "unproven"


def test_pools_that_this_run_has_upgraded_are_done() -> None:
    done = run(finished=(StepRecord("pool.user1", "user1", StepState.DONE),))
    assert isinstance(decide(facts(cluster()), of=done), Nothing)


def test_the_hash_of_a_plan_covers_its_steps_but_not_its_times() -> None:
    early, late = (decide(facts(cluster()), now=IN_WINDOW + timedelta(minutes=m)) for m in (0, 30))
    other = decide(facts(cluster(), newest=NEWER))
    assert isinstance(early, Act)
    assert isinstance(late, Act)
    assert isinstance(other, Act)
    assert early.plan.hash == late.plan.hash != other.plan.hash


class TestRollout:
    """The weekly rollout across the fleet."""

    def test_rings_contain_the_clusters_that_daytwo_upgrades_and_other_clusters_are_observed(self) -> None:
        fleet = [
            cluster("a"),
            cluster("b", env="prod"),
            cluster("c", env="prod", node_os_channel="NodeImage"),
            cluster("d", env="x"),
        ]
        plan = RUNBOOK.rollout(fleet, settings(), MONDAY)
        assert plan is not None
        assert [(ring.name, [name for _, name in ring.targets]) for ring in plan.rings] == [
            ("pre-production", ["a"]),
            ("production", ["b"]),
        ]
        assert [name for _, name in plan.watched] == ["c"]
        assert (plan.period, plan.ends) == ("2026-w47", datetime(2026, 11, 23, tzinfo=UTC))

    def test_there_is_no_rollout_without_a_node_image_section(self) -> None:
        off = CONFIG.replace("select: {tags: {env: prod}}", "window: nights, select: {tags: {env: prod}}")
        off = off.replace("select: {tags: {env: [dev, test]}}", "window: nights, select: {tags: {env: [dev, test]}}")
        off = "\n".join(line for line in off.splitlines() if not line.startswith("node-image"))
        assert RUNBOOK.rollout([cluster()], settings(off), MONDAY) is None


def test_nodes_from_auto_provisioning_are_counted_with_the_cluster_that_aks_upgrades() -> None:
    of = cluster("edge", pool(image=NEW), node_os_channel="NodeImage")
    nodes = (*nodes_of(of), Node("aks-default-1", "", NEW, ready=True, provisioner="default"))
    decision = decide(facts(of, nodes=nodes))
    assert isinstance(decision, Nothing)
    assert [(skip.what, skip.code) for skip in decision.skips] == [
        ("user1", "driven-by-aks"),
        ("default", "driven-by-aks"),
    ]
