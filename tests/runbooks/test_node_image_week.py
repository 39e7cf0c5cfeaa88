"""A week of node images in full: what is waited for, what is said when the week is over, and the rollout (docs/node-image.md)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.model.decision import Act, Nothing, Report, Wait
from ops.model.fleet import Cluster, Gone, Node, Pool, Power, Unknown
from ops.model.image import ImageKey
from ops.model.plan import Skip
from ops.model.proof import Proof, ProofPolicy
from ops.model.reasons import SkipReason, WaitReason
from ops.model.run import RingTargets, RolloutPlan, Run, StepRecord, StepState
from ops.runbooks.contract import Opening
from ops.runbooks.node_image import RUNBOOK, Facts, week_of
from tests import configurations
from tests.fakes import MONDAY, NEW, OLD, cluster, nodes_of, pool, settings

# The window is mon-thu 22:00 to 05:00 UTC.
OPENS, CLOSES = datetime(2026, 11, 16, 22, tzinfo=UTC), datetime(2026, 11, 17, 5, tzinfo=UTC)
NOW = datetime(2026, 11, 16, 22, 30, 15, 7, tzinfo=UTC)
LAST_OPENS, LAST = datetime(2026, 11, 19, 22, tzinfo=UTC), datetime(2026, 11, 20, 5, tzinfo=UTC)
RUN = Run("r1", "node-image", "id", "shop", "2026-w47", MONDAY, "timer", "daytwo")
FIVE, HOUR = timedelta(minutes=5), timedelta(hours=1)
DEV, PROD = cluster("shop"), cluster("shop", env="prod")
KEY = ImageKey(NEW, "1.34")
# The images of these pools are three weeks old at the end of the week.
CONFIG = configurations.CONFIG.replace("proven-nodes: 3", "proven-nodes: 3, max-image-age: 4w")
WITHOUT = "\n".join(
    line.replace("select:", "window: nights, select:", 1) if "- {name:" in line else line
    for line in CONFIG.splitlines()
    if not line.startswith("node-image")
)


def facts(
    of: Cluster | Unknown = DEV,
    newest: Mapping[str, str | Unknown] | None = None,
    nodes: tuple[Node, ...] | Unknown | None = None,
    proofs: Mapping[str, Proof] | None = None,
    skipped_until: datetime | None = None,
) -> Facts:
    pools = () if isinstance(of, Unknown) else of.pools
    seen = nodes if nodes is not None else (() if isinstance(of, Unknown) else nodes_of(of))
    images: Mapping[str, str | Unknown] = newest if newest is not None else {each.name: NEW for each in pools}
    return Facts(of, images, seen, proofs or {}, {}, skipped_until)


def decide(known: Facts, now: datetime = NOW, config: str = CONFIG, run: Run = RUN) -> object:
    return RUNBOOK.decide(known, settings(config), run, now)


def test_without_a_section_or_a_ring_there_is_nothing_to_do() -> None:
    assert decide(facts(), config=WITHOUT) == Nothing("the configuration has no node-image section")
    outside = cluster("shop", pool("a"), pool("b"), env="qa")
    assert decide(facts(outside)) == Nothing(
        "the cluster is not in a ring, so Daytwo leaves it alone",
        tuple(Skip(name, SkipReason.NO_RING, "the cluster is not in a ring") for name in ("a", "b")),
    )


def test_a_cluster_that_cannot_be_read_is_read_again_until_a_day_after_the_week() -> None:
    why = "the cluster could not be read: no answer"
    silent = facts(Unknown("no answer"))
    assert decide(silent) == Wait(NOW + FIVE, why, WaitReason.UNREADABLE)
    assert isinstance(decide(silent, run=replace(RUN, period="m-1")), Wait)
    over = datetime(2026, 11, 24, tzinfo=UTC)
    assert isinstance(decide(silent, over - timedelta(seconds=1)), Wait)
    assert decide(silent, over) == Nothing(why)
    assert decide(facts(Gone("it does not exist"))) == Nothing("it does not exist")


def test_a_person_can_skip_the_week() -> None:
    until = NOW + HOUR
    why = "a person has skipped it until Mon 2026-11-16 23:30 UTC"
    assert decide(facts(skipped_until=until)) == Nothing(why, (Skip("user1", SkipReason.SKIPPED_BY_PERSON, why),))
    assert isinstance(decide(facts(skipped_until=NOW)), Act)


NO_POWER = replace(DEV, power=Power.UNKNOWN)


def test_nothing_begins_while_the_power_state_is_unknown() -> None:
    why = "the power state could not be read: Azure does not report whether the cluster is running"
    skips = (Skip("user1", SkipReason.UNKNOWN_POWER, why),)
    assert decide(facts(NO_POWER)) == Wait(NOW + FIVE, why, WaitReason.UNREADABLE, skips=skips)
    called = decide(facts(NO_POWER), LAST_OPENS)
    assert called == Wait(LAST_OPENS + FIVE, why, WaitReason.UNREADABLE, notify=True, skips=skips)
    assert isinstance(decide(facts(NO_POWER), LAST - timedelta(seconds=1)), Wait)
    assert decide(facts(NO_POWER), LAST) == Nothing(why, skips, notify=True)


class TestMissing:
    """What could not be read is read again until the last window closes."""

    DENIED, SILENT = Unknown("403"), Unknown("no answer", transient=True)

    def missing(self, fact: Unknown, now: datetime = NOW) -> Wait:
        decision = decide(facts(newest={"user1": fact}), now)
        assert isinstance(decision, Wait)
        return decision

    def test_the_first_missing_fact_is_named_with_what_is_skipped(self) -> None:
        why = "the newest image could not be read: 403"
        assert self.missing(self.DENIED) == Wait(
            NOW + HOUR,
            "the newest image of user1 could not be read: 403",
            WaitReason.UNREADABLE,
            notify=True,
            skips=(Skip("user1", SkipReason.UNKNOWN_IMAGE, why),),
        )

    def test_it_is_not_read_later_than_the_last_window_and_not_sooner_than_the_server_allows(self) -> None:
        assert self.missing(self.DENIED, LAST - FIVE).until == LAST
        throttled = Unknown("429", transient=True, retry_after_s=301)
        assert self.missing(throttled).until == NOW + timedelta(seconds=301)
        assert self.missing(self.SILENT).until == NOW + FIVE
        two = facts(cluster("shop", pool("a"), pool("b")), {"a": throttled, "b": self.SILENT})
        decision = decide(two)
        assert isinstance(decision, Wait)
        assert decision.until == NOW + timedelta(seconds=301)

    @pytest.mark.parametrize(
        ("fact", "at", "notify"),
        [
            (Unknown("403"), OPENS, True),
            (Unknown("403"), OPENS - timedelta(seconds=1), False),
            (Unknown("no answer", transient=True), LAST_OPENS, True),
            (Unknown("no answer", transient=True), LAST_OPENS - timedelta(seconds=1), False),
        ],
    )
    def test_people_are_notified_when_it_becomes_late(self, fact: Unknown, at: datetime, *, notify: bool) -> None:
        assert self.missing(fact, at).notify is notify

    def test_the_week_ends_with_what_is_missing(self) -> None:
        why = "the newest image could not be read: 403"
        assert decide(facts(newest={"user1": self.DENIED}), LAST) == Nothing(
            f"user1: {why}",
            (Skip("user1", SkipReason.UNKNOWN_IMAGE, why),),
            notify=True,
            missing_facts=True,
        )


def skip(name: str, why: str, code: SkipReason = SkipReason.SNAPSHOT) -> Skip:
    return Skip(name, code, why)


def test_the_end_names_up_to_three_pools_and_counts_the_others() -> None:
    why = "the pool was created from a snapshot, which fixes its image"
    five = cluster("shop", *(pool(name, from_snapshot=True) for name in "abcde"), pool("f", NEW))
    decision = decide(facts(five))
    assert isinstance(decision, Nothing)
    assert decision.why == f"a: {why}; b: {why}; c: {why}; and 2 more"
    three = cluster("shop", *(pool(name, from_snapshot=True) for name in "abc"))
    decision = decide(facts(three))
    assert isinstance(decision, Nothing)
    assert decision.why == f"a: {why}; b: {why}; c: {why}"


def test_a_cluster_whose_pools_all_run_the_newest_image_needs_nothing() -> None:
    of = cluster("shop", pool("a", NEW))
    assert decide(facts(of)) == Nothing(
        "1 pool compared: all run the newest image",
        (Skip("a", SkipReason.ALREADY_LATEST, "already runs 202611.05.0 (3 of 3 nodes checked)"),),
    )
    assert decide(facts(cluster("shop", pools=()))) == Nothing(
        "Azure lists no pools for this cluster, so no image was compared"
    )


ANCIENT = "AKSUbuntu-2204gen2containerd-202610.01.0"


def test_a_cluster_whose_pools_this_run_has_upgraded_is_not_said_to_have_none() -> None:
    done = replace(RUN, finished=(StepRecord("pool.user1", "user1", StepState.DONE),))
    assert decide(facts(), run=done) == Nothing("1 pool upgraded by this run")


def test_what_node_auto_provisioning_says_is_part_of_the_skips() -> None:
    extra = Node("n1", "", NEW, ready=True, provisioner="default")
    known = replace(facts(nodes=(*nodes_of(DEV), extra)), auto_provisioning=Unknown("403"))
    decision = decide(known)
    assert isinstance(decision, Act)
    assert [skip.what for skip in decision.plan.skips] == ["default"]
    assert decision.plan.skips[0].why.endswith("; whether they are outdated is unknown: 403")


def test_a_cluster_that_aks_upgrades_is_judged_by_the_configured_age() -> None:
    decision = decide(facts(replace(DEV, automatic=True)), datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
    assert isinstance(decision, Report)
    assert decision.ok
    old = cluster("shop", pool("user1", ANCIENT), automatic=True)
    decision = decide(facts(old), datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
    assert isinstance(decision, Report)
    assert decision.lines == ("user1 is more than 28 days behind: check its maintenance window",)


class TestWaiting:
    """What the run waits for, and until when. People are notified if a pool's image is too old."""

    def test_the_next_window(self) -> None:
        assert decide(facts(), MONDAY) == Wait(OPENS, "next window opens", WaitReason.WINDOW)
        old = facts(cluster("shop", pool("user1", ANCIENT)))
        assert decide(old, MONDAY) == Wait(OPENS, "next window opens", WaitReason.WINDOW, notify=True)
        assert isinstance(decide(facts(), OPENS), Act)
        one_of_two = facts(cluster("shop", pool("a"), pool("b", ANCIENT)))
        assert decide(one_of_two, MONDAY) == Wait(OPENS, "next window opens", WaitReason.WINDOW, notify=True)

    def test_the_image_that_is_not_proven_yet(self) -> None:
        why = "202611.05.0 is not running in pre-production yet"
        skips = (Skip("user1", SkipReason.UNPROVEN, why),)
        assert decide(facts(PROD), MONDAY) == Wait(OPENS, why, WaitReason.UNPROVEN, skips=skips)
        next_sample = datetime(2026, 11, 16, 23, 1, tzinfo=UTC)
        assert decide(facts(PROD)) == Wait(next_sample, why, WaitReason.UNPROVEN, skips=skips)
        late = CLOSES - timedelta(minutes=30)
        assert decide(facts(PROD), late) == Wait(CLOSES, why, WaitReason.UNPROVEN, skips=skips)

    def test_the_window_counts_if_one_of_two_images_is_proven(self) -> None:
        linux = "AKSAzureLinux-V3gen2-202610.29.0"
        of = cluster("shop", pool("a"), pool("b", linux), env="prod")
        proven = {str(KEY): Proof("pre-production", KEY, MONDAY, NOW, 24, 5, proven_at=NOW)}
        known = facts(of, {"a": NEW, "b": "AKSAzureLinux-V3gen2-202611.05.0"}, proofs=proven)
        waits = decide(known, MONDAY)
        assert isinstance(waits, Wait)
        assert (waits.why, waits.code) == ("next window opens", WaitReason.WINDOW)
        acts = decide(known)
        assert isinstance(acts, Act)
        why = "202611.05.0 is not running in pre-production yet"
        assert acts.plan.skips == (Skip("b", SkipReason.UNPROVEN, why),)

    @pytest.mark.parametrize(
        ("proof", "why"),
        [
            (Proof("p", KEY), "202611.05.0 is not running in pre-production yet"),
            (Proof("p", KEY, nodes=3), "202611.05.0 is not proven in pre-production"),
            (
                Proof("p", KEY, nodes=3, broken_by="dev/a"),
                "202611.05.0 is not proven in pre-production: dev/a not Ready",
            ),
            (
                Proof("p", KEY, MONDAY, nodes=3),
                "202611.05.0 is still being proven in pre-production (since Mon 00:00 UTC)",
            ),
        ],
    )
    def test_how_far_the_proof_is(self, proof: Proof, why: str) -> None:
        decision = decide(facts(PROD, proofs={str(KEY): proof}))
        assert isinstance(decision, Wait)
        assert decision.why == why

    def test_another_operation(self) -> None:
        of = replace(DEV, provisioning_state="Upgrading")
        assert decide(facts(of)) == Wait(
            NOW + FIVE, "another operation is running on the cluster (Upgrading)", WaitReason.BUSY
        )
        pools = (pool("a", provisioning_state="Scaling"), pool("b"), pool("c", provisioning_state="Creating"))
        of = cluster("shop", *pools, provisioning_state="Updating")
        decision = decide(facts(of))
        assert isinstance(decision, Wait)
        assert decision.why == "another operation is running on the cluster (a: Scaling, c: Creating)"

    def test_the_start_of_a_cluster_that_daytwo_does_not_start(self) -> None:
        config = CONFIG.replace("start-stopped-clusters: true", "start-stopped-clusters: false")
        of = cluster("shop", running=False)
        why = "the cluster is stopped; it will be upgraded in a window after its next start"
        assert decide(facts(of), config=config) == Wait(NOW + FIVE, why, WaitReason.ASLEEP)
        assert isinstance(decide(facts(of)), Act)

    def test_the_next_window_if_the_rest_of_this_one_is_too_short(self) -> None:
        late = CLOSES - timedelta(minutes=30)
        why = "user1 needs 31 min, more than the window has left"
        next_opens = datetime(2026, 11, 17, 22, tzinfo=UTC)
        assert decide(facts(), late) == Wait(next_opens, why, WaitReason.NO_WINDOW_LEFT)
        assert decide(facts(), LAST - timedelta(minutes=30)) == Wait(LAST, why, WaitReason.NO_WINDOW_LEFT)

    def test_the_end_of_a_week_that_is_frozen(self) -> None:
        frozen = CONFIG + "freezes:\n  - {name: fair, from: 2026-11-16, to: 2026-11-20}\n"
        why = "a freeze covers the rest of this week's windows"
        assert decide(facts(), config=frozen) == Wait(LAST, why, WaitReason.NO_WINDOW_LEFT)
        assert isinstance(decide(facts(), LAST - timedelta(seconds=1), frozen), Wait)
        assert isinstance(decide(facts(), LAST, frozen), Nothing)


def test_a_window_that_has_just_closed_is_over() -> None:
    assert decide(facts(), CLOSES) == Wait(
        datetime(2026, 11, 17, 22, tzinfo=UTC), "next window opens", WaitReason.WINDOW
    )


SUNDAY_GAP = CONFIG.replace(
    'nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}',
    'nights: {days: sun, from: "02:10", to: "02:50", zone: Europe/Amsterdam}',
)


def test_a_week_whose_only_window_is_skipped_by_the_clocks_has_no_window() -> None:
    """On 29 March 2026, the clocks in Amsterdam go from 02:00 to 03:00."""
    run, now = replace(RUN, period="2026-w13"), datetime(2026, 3, 25, tzinfo=UTC)
    decision = decide(facts(), now, SUNDAY_GAP, run)
    assert isinstance(decision, Nothing)
    assert decision.skips[0].code is SkipReason.NEVER_FITS
    assert decide(facts(newest={}), now, SUNDAY_GAP, run) == Nothing(
        "user1: the newest image could not be read: was not read",
        (Skip("user1", SkipReason.UNKNOWN_IMAGE, "the newest image could not be read: was not read"),),
    )


def test_a_pool_has_to_fit_into_the_longest_window_of_the_week() -> None:
    """The night of 24 October 2026 has an hour more in Amsterdam."""
    config = CONFIG.replace(
        'nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}',
        'nights: {days: "fri,sat", from: "22:00", to: "03:00", zone: Europe/Amsterdam}',
    )
    run, now = replace(RUN, period="2026-w43"), datetime(2026, 10, 20, tzinfo=UTC)
    of = cluster("shop", pool("user1", "AKSUbuntu-2204gen2containerd-202610.15.0", count=50))
    assert isinstance(decide(facts(of), now, config, run), Wait)
    of = cluster("shop", pool("user1", "AKSUbuntu-2204gen2containerd-202610.15.0", count=51))
    assert isinstance(decide(facts(of), now, config, run), Nothing)


class TestEnd:
    """When no window is left, each pool that is behind is skipped with the reason for its delay."""

    @pytest.mark.parametrize(
        ("of", "config", "code", "why"),
        [
            (DEV, CONFIG, SkipReason.NO_WINDOW_LEFT, "no window this week had enough time left"),
            (
                replace(DEV, provisioning_state="Updating"),
                CONFIG,
                SkipReason.BUSY,
                "another operation was running until the window closed",
            ),
            (
                cluster("shop", running=False),
                CONFIG.replace("start-stopped-clusters: true", "start-stopped-clusters: false"),
                SkipReason.ASLEEP,
                "the cluster was stopped during its windows",
            ),
            (
                cluster("shop", running=False),
                CONFIG,
                SkipReason.NO_WINDOW_LEFT,
                "no window this week had enough time left",
            ),
        ],
    )
    def test_the_reason(self, of: Cluster, config: str, code: SkipReason, why: str) -> None:
        assert decide(facts(of), LAST, config) == Nothing(f"user1: {why}", (Skip("user1", code, why),))

    def test_an_old_image_is_reported_and_what_was_skipped_before_stays(self) -> None:
        of = cluster("shop", pool("a", ANCIENT), pool("b", NEW))
        why = "no window this week had enough time left"
        assert decide(facts(of), LAST) == Nothing(
            f"a: {why}",
            (
                Skip("b", SkipReason.ALREADY_LATEST, "already runs 202611.05.0 (3 of 3 nodes checked)"),
                Skip("a", SkipReason.NO_WINDOW_LEFT, why),
            ),
            notify=True,
        )

    def test_an_image_that_was_never_proven(self) -> None:
        why = "202611.05.0 is not running in pre-production yet"
        assert decide(facts(PROD), LAST) == Nothing(f"user1: {why}", (Skip("user1", SkipReason.UNPROVEN, why),))


@pytest.mark.parametrize(
    ("period", "week"),
    [("2026-w47", "2026-w47"), ("m-1", "2026-w48"), ("2026-11-16", "2026-w48"), ("2026-w4", "2026-w48")],
)
def test_the_week_of_a_run_is_its_period_or_the_current_one(period: str, week: str) -> None:
    assert week_of(replace(RUN, period=period), "UTC", datetime(2026, 11, 23, tzinfo=UTC)) == week


def test_a_manual_run_belongs_to_the_week_in_the_zone_of_its_window() -> None:
    sunday_night = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert week_of(replace(RUN, period="m-1"), "Europe/Amsterdam", sunday_night) == "2026-w48"


def test_a_rollout_has_every_ring_with_the_end_of_its_first_window() -> None:
    fleet = [cluster("a"), cluster("b", env="prod"), cluster("c", automatic=True), cluster("d", env="qa")]
    fleet.append(cluster("e", env="qa", automatic=True))
    first, second, third, *_ = fleet
    assert RUNBOOK.rollout(fleet, settings(CONFIG), MONDAY) == RolloutPlan(
        "node-image",
        "2026-w47",
        (
            RingTargets("pre-production", ((first.id, "a"),), CLOSES),
            RingTargets("production", ((second.id, "b"),), CLOSES),
        ),
        0,
        datetime(2026, 11, 23, tzinfo=UTC),
        ((third.id, "c"),),
    )


def test_rings_can_have_windows_in_different_zones() -> None:
    config = CONFIG.replace(
        "windows:\n", 'windows:\n  early: {days: tue, from: "01:00", to: "04:00", zone: Asia/Tokyo}\n'
    )
    config = config.replace("{name: pre-production, ", "{name: pre-production, window: early, ")
    plan = RUNBOOK.rollout([], settings(config), MONDAY)
    assert plan is not None
    assert plan.ends == datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert [ring.open_until for ring in plan.rings] == [datetime(2026, 11, 16, 19, tzinfo=UTC), CLOSES]


def test_the_failure_budget_is_the_configured_one_and_the_week_that_of_the_first_rings_zone() -> None:
    config = CONFIG.replace("proven-nodes: 3", "proven-nodes: 3, failure-budget: 2").replace(
        "zone: UTC", "zone: Asia/Tokyo"
    )
    plan = RUNBOOK.rollout([DEV], settings(config), datetime(2026, 11, 15, 16, tzinfo=UTC))
    assert plan is not None
    assert (plan.period, plan.failure_budget, plan.ends) == ("2026-w47", 2, datetime(2026, 11, 22, 15, tzinfo=UTC))


def test_without_a_section_there_is_no_rollout_no_window_and_no_proof() -> None:
    off = settings(WITHOUT)
    assert RUNBOOK.rollout([DEV], off, MONDAY) is None
    assert RUNBOOK.openings(off) == ()
    assert RUNBOOK.proof_policy(off) is None


def test_the_windows_are_those_of_the_rings_and_the_proof_is_the_configured_one() -> None:
    configured = settings(CONFIG)
    window = configured.windows["nights"]
    assert RUNBOOK.openings(configured) == (
        Opening("node images of pre-production", window, "pre-production"),
        Opening("node images of production", window, "production"),
    )
    assert RUNBOOK.proof_policy(configured) == ProofPolicy(3, timedelta(days=1), timedelta(hours=12))


@pytest.mark.parametrize(
    ("pools", "newest", "days"),
    [
        ((pool("a", OLD), pool("b", ANCIENT)), {"a": NEW, "b": NEW}, 35),
        ((pool("a", OLD), pool("b", ANCIENT)), {"a": NEW, "b": Unknown("403")}, 7),
        ((pool("a", "odd"), pool("b", NEW)), {"a": NEW, "b": NEW}, 0),
        ((pool("a", "odd"),), {"a": NEW}, None),
        ((pool("a", OLD),), {}, None),
    ],
)
def test_how_many_days_the_oldest_image_is_behind(
    pools: tuple[Pool, ...], newest: dict[str, str | Unknown], days: int | None
) -> None:
    assert RUNBOOK.days_behind(facts(cluster("shop", *pools), newest)) == days


def test_no_days_are_counted_without_a_cluster() -> None:
    assert RUNBOOK.days_behind(facts(Unknown("no answer"))) is None
    assert RUNBOOK.days_behind("other facts") is None


def test_pools_that_were_upgraded_earlier_are_not_called_newest() -> None:
    """A newer image can have been released since, so only what was compared now is said to run the newest one."""
    pools = (pool("a", NEW), pool("b", NEW))
    record = StepRecord("pool.a", "a", StepState.DONE)
    run = replace(RUN, finished=(record,))
    assert decide(facts(cluster("shop", *pools)), run=run) == Nothing(
        "1 pool upgraded by this run; 1 pool compared: all run the newest image",
        (Skip("b", SkipReason.ALREADY_LATEST, "already runs 202611.05.0 (3 of 3 nodes checked)"),),
    )
