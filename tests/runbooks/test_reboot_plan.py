"""Reboots in full: whole plans, what is waited for and how long, and which runs are due (docs/reboot.md)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.model.calendar import Window
from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import Cluster, Gone, Node, PoolMachines, Power, Unknown
from ops.model.plan import Claim, Plan, Skip, Step
from ops.model.reasons import SkipReason, WaitReason
from ops.model.refusal import RefusedAction
from ops.model.run import Run, StepRecord, StepState
from ops.model.run_request import RunRequest
from ops.runbooks.contract import Opening
from ops.runbooks.reboot import RUNBOOK, Facts
from tests.approvals.story import PEOPLE
from tests.fakes import ALL_OPERATIONS, MONDAY, cluster, machines_of, nodes_of, pool, settings

NIGHT, CLOSES = datetime(2026, 11, 16, 23, tzinfo=UTC), datetime(2026, 11, 17, 5, tzinfo=UTC)
FIVE = timedelta(minutes=5)
RUN = Run("r1", "reboot", "id", "shop-dev", "2026-11-16", MONDAY, "timer", "daytwo")
OURS = cluster("shop-dev")
SHORT = ALL_OPERATIONS.replace("reboot: {window: nights}", "reboot: {window: nights, drain-timeout: 20m}")
WITHOUT = ALL_OPERATIONS.replace("reboot: {window: nights}\n", "")
FROZEN = SHORT + "freezes:\n  - {name: fair, from: 2026-11-16, to: 2026-12-20}\n"


def requiring(*names: str, of: Cluster = OURS) -> tuple[Node, ...]:
    """The cluster's nodes, of which these require a reboot."""
    marked = {"daytwo.dev/reboot-required": "yes"}
    return tuple(
        replace(node, annotations=marked if node.name in names else {}) for node in nodes_of(of, boot_id="before")
    )


ONE_ASKS = requiring("aks-user1-0")


def facts(
    nodes: tuple[Node, ...] | Unknown = ONE_ASKS,
    of: Cluster | Unknown = OURS,
    machines: Mapping[str, PoolMachines] | None = None,
    **more: object,
) -> Facts:
    known = machines
    if known is None:
        known = {} if isinstance(of, Unknown) else {each.name: machines_of(of, each.name) for each in of.pools}
    return replace(Facts(of, nodes, (), (), known), **more)  # type: ignore[arg-type]  # fields by name


def decide(known: Facts, now: datetime = NIGHT, by: Run = RUN, config: str = SHORT) -> object:
    return RUNBOOK.decide(known, settings(config), by, now)


def steps(name: str) -> tuple[Step, ...]:
    common = {"node": name, "uid": f"uid-{name}", "run": "r1"}
    drain = {**common, "timeout_s": "1200", "grace_s": ""}
    restart = {**common, "boot_id": "before", "annotation": "daytwo.dev/reboot-required"}
    return (
        Step(f"cordon.{name}", "cordon-node", f"cordon {name}", common, 1800, CLOSES, temporary=True),
        Step(f"drain.{name}", "drain-node", f"drain {name}", drain, 1800, CLOSES),
        Step(f"restart.{name}", "restart-node", name, restart, 600, CLOSES),
    )


def test_a_plan_reboots_one_node_and_names_those_that_follow() -> None:
    decision = decide(facts(requiring("aks-user1-0", "aks-user1-1", "aks-user1-2")))
    assert decision == Act(
        Plan(
            "reboot",
            OURS.id,
            steps("aks-user1-0"),
            (Claim(f"cluster.{OURS.id}"),),
            ("aks-user1-0 requires a reboot", "aks-user1-1 is next"),
            nodes=1,
            risk="drain",
            following=(*steps("aks-user1-1"), *steps("aks-user1-2")),
        )
    )


def test_a_node_asks_with_the_configured_annotation_only() -> None:
    config = SHORT.replace("drain-timeout:", "annotation: example.com/reboot, drain-timeout:")
    assert isinstance(decide(facts(ONE_ASKS), config=config), Nothing)
    other = tuple(replace(node, annotations={"example.com/reboot": ""}) for node in ONE_ASKS[:1])
    decision = decide(facts((*other, *ONE_ASKS[1:])), config=config)
    assert isinstance(decision, Act)
    assert [step.params.get("annotation") for step in decision.plan.steps] == [None, None, "example.com/reboot"]


def test_nodes_are_ordered_by_pool_and_name_and_those_of_no_pool_come_last() -> None:
    of = cluster("shop-dev", pool("b", spot=True), pool("z"), pool("c", mode="System"))
    names = [f"aks-{name}-{number}" for name in "bzc" for number in (0, 1)]
    nodes = requiring(*names, of=of)
    strange = replace(nodes[0], pool="gone")
    decision = decide(facts((strange, *reversed(nodes[1:])), of))
    assert isinstance(decision, Act)
    ordered = [each.title for each in (*decision.plan.steps, *decision.plan.following) if each.verb == "restart-node"]
    assert ordered == ["aks-c-0", "aks-c-1", "aks-z-0", "aks-z-1", "aks-b-1", "aks-b-0"]


def test_nodes_that_have_failed_or_were_refused_come_last() -> None:
    refused = RefusedAction("id", "drain-node", "x", "why", "", "r0", MONDAY, MONDAY, 1, subject="aks-user1-1")
    known = facts(requiring("aks-user1-0", "aks-user1-1", "aks-user1-2"))
    decision = decide(
        replace(known, failed_nodes=("uid-aks-user1-0",), refusals=(refused, replace(refused, subject="")))
    )
    assert isinstance(decision, Act)
    ordered = [each.title for each in (*decision.plan.steps, *decision.plan.following) if each.verb == "restart-node"]
    assert ordered == ["aks-user1-2", "aks-user1-0", "aks-user1-1"]


def test_a_refusal_for_the_whole_cluster_does_not_change_the_order() -> None:
    refused = RefusedAction("id", "drain-node", "x", "why", "", "r0", MONDAY, MONDAY, 1)
    first, *others = requiring("aks-user1-0", "aks-user1-1")
    machines = {"user1": machines_of(OURS, "user1")}
    decision = decide(facts((replace(first, uid=""), *others), machines=machines, refusals=(refused,)))
    assert isinstance(decision, Act)
    assert [skip.what for skip in decision.plan.skips] == ["aks-user1-0"]
    both = decide(facts((replace(first, uid=""), replace(others[0], uid=""), others[1]), refusals=(refused,)))
    assert isinstance(both, Nothing)
    assert [skip.what for skip in both.skips] == ["aks-user1-0", "aks-user1-1"]


def test_refusals_of_restarts_leave_nodes_out() -> None:
    refused = RefusedAction("id", "restart-node", "x", "why", "", "r0", NIGHT, NIGHT, 1)
    decision = decide(facts(refusals=(refused,)))
    assert isinstance(decision, Nothing)
    assert [skip.code for skip in decision.skips] == [SkipReason.RESTART_REFUSED]


def test_nodes_that_are_left_out_are_part_of_the_plan() -> None:
    first, second, third = requiring("aks-user1-0", "aks-user1-1")
    decision = decide(facts((replace(first, ready=False), second, third)))
    assert isinstance(decision, Act)
    skip = Skip("aks-user1-0", SkipReason.NOT_READY, "it is not Ready: repair it first")
    assert (decision.plan.skips, decision.plan.steps) == ((skip,), steps("aks-user1-1"))


@pytest.mark.parametrize(
    ("of", "config", "why"),
    [
        (OURS, WITHOUT, "the configuration has no reboot section"),
        (cluster(env="sandbox"), SHORT, "the cluster is not in a ring, so Daytwo leaves it alone"),
        (cluster(running=False), SHORT, "the cluster is stopped"),
        (Gone("the cluster does not exist"), SHORT, "the cluster does not exist"),
    ],
)
def test_there_is_nothing_to_do_without_a_section_a_ring_or_a_running_cluster(
    of: Cluster | Unknown, config: str, why: str
) -> None:
    assert decide(facts(of=of), config=config) == Nothing(why)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (facts(of=Unknown("no answer")), "the cluster could not be read: no answer"),
        (
            facts(of=replace(OURS, power=Power.UNKNOWN)),
            "the power state could not be read: Azure does not report whether the cluster is running",
        ),
        (facts(Unknown("no answer", transient=True)), "the nodes could not be read: no answer"),
        (facts(pods=Unknown("no answer", transient=True)), "the pods could not be read: no answer"),
        (facts(disruption_budgets=Unknown("no answer", transient=True)), "the PDBs could not be read: no answer"),
        (
            facts(machines={"user1": Unknown("no answer", transient=True)}),
            "the machine of aks-user1-0 could not be read: no answer",
        ),
    ],
)
def test_what_could_not_be_read_is_read_again_while_the_window_is_open(known: Facts, why: str) -> None:
    assert decide(known) == Wait(NIGHT + FIVE, why, WaitReason.UNREADABLE)
    assert decide(known, CLOSES - FIVE) == Wait(CLOSES, why, WaitReason.UNREADABLE)
    assert decide(known, CLOSES - FIVE + timedelta(seconds=1)) == Nothing(why, missing_facts=True)
    assert decide(known, MONDAY) == Nothing(why, missing_facts=True)


def test_nodes_that_may_not_be_read_need_a_person() -> None:
    why = "the nodes could not be read: 403"
    skip = Skip("shop-dev", SkipReason.UNKNOWN_NODES, why, needs_person=True)
    assert decide(facts(Unknown("403"))) == Nothing(why, (skip,))


def test_a_run_waits_for_another_operation_with_what_is_left_out() -> None:
    first, second, third = requiring("aks-user1-0", "aks-user1-1")
    skip = Skip("aks-user1-0", SkipReason.NOT_READY, "it is not Ready: repair it first")
    busy = facts((replace(first, ready=False), second, third), replace(OURS, provisioning_state="Updating"))
    assert decide(busy) == Wait(
        NIGHT + FIVE, "another operation is running on the cluster", WaitReason.BUSY, skips=(skip,)
    )


def record(name: str, state: StepState = StepState.DONE) -> StepRecord:
    return StepRecord(name, name, state)


@pytest.mark.parametrize(
    ("names", "finished", "why"),
    [
        ((), (), "no node requires a reboot"),
        (
            (),
            (record("restart.a"), record("restart.b"), record("drain.c"), record("restart.d", StepState.LEFT)),
            "2 rebooted, no node requires a reboot anymore",
        ),
        (
            ("aks-user1-0",),
            (),
            "1 node requires a reboot, but none can be rebooted now: aks-user1-0: it is not Ready: repair it first",
        ),
        (
            ("aks-user1-0", "aks-user1-1"),
            (),
            (
                "2 nodes require a reboot, but none can be rebooted now: "
                "aks-user1-0: it is not Ready: repair it first (and 1 more)"
            ),
        ),
    ],
)
def test_the_end_of_a_run_says_what_was_rebooted_and_what_is_left(
    names: tuple[str, ...], finished: tuple[StepRecord, ...], why: str
) -> None:
    nodes = tuple(replace(node, ready=False) for node in requiring(*names))
    decision = decide(facts(nodes), by=replace(RUN, finished=finished))
    assert isinstance(decision, Nothing)
    assert decision.why == why
    assert len(decision.skips) == len(names)


class TestWindow:
    """A node needs the drain timeout and ten minutes."""

    LATEST = CLOSES - timedelta(minutes=30)
    NEXT = datetime(2026, 11, 17, 22, tzinfo=UTC)

    def test_the_last_node_begins_thirty_minutes_before_the_window_closes(self) -> None:
        assert isinstance(decide(facts(), self.LATEST), Act)

    def test_what_no_longer_fits_is_postponed_by_a_timers_run(self) -> None:
        decision = decide(facts(requiring("aks-user1-0", "aks-user1-1")), self.LATEST + timedelta(seconds=1))
        late = "the rest of the window is too short"
        assert decision == Nothing(
            "the rest of the window is too short for aks-user1-0, aks-user1-1: postponed to the next night",
            tuple(Skip(name, SkipReason.NO_WINDOW_LEFT, late) for name in ("aks-user1-0", "aks-user1-1")),
        )

    def test_what_no_longer_fits_waits_in_a_persons_run(self) -> None:
        decision = decide(facts(), self.LATEST + timedelta(seconds=1), replace(RUN, source="http"))
        assert decision == Wait(self.NEXT, "next window opens", WaitReason.WINDOW)

    def test_what_is_left_out_is_said_while_the_window_is_waited_for(self) -> None:
        first, second, third = requiring("aks-user1-0", "aks-user1-1")
        known = facts((replace(first, ready=False), second, third))
        decision = decide(known, MONDAY, replace(RUN, source="http"))
        assert isinstance(decision, Wait)
        assert [skip.what for skip in decision.skips] == ["aks-user1-0"]

    def test_a_window_is_waited_for_up_to_a_week(self) -> None:
        def after_freeze(until: str) -> object:
            freeze = f"freezes:\n  - {{name: fair, from: 2026-11-17T05:00:00Z, to: {until}}}\n"
            return decide(facts(), self.LATEST + timedelta(seconds=1), replace(RUN, source="http"), SHORT + freeze)

        later = datetime(2026, 11, 24, 4, tzinfo=UTC)
        assert after_freeze("2026-11-24T04:00:00Z") == Wait(later, "next window opens", WaitReason.WINDOW)
        assert isinstance(after_freeze("2026-11-24T05:00:00Z"), Nothing)

    def test_the_run_of_the_coming_night_waits_for_it(self) -> None:
        by_day = datetime(2026, 11, 17, 12, tzinfo=UTC)
        coming = replace(RUN, period="2026-11-17")
        assert decide(facts(), by_day, coming) == Wait(self.NEXT, "next window opens", WaitReason.WINDOW)
        assert isinstance(decide(facts(), by_day, RUN), Nothing)

    def test_a_freeze_of_more_than_a_week_leaves_no_window_to_wait_for(self) -> None:
        assert isinstance(decide(facts(), by=replace(RUN, source="http"), config=FROZEN), Nothing)


class TestDue:
    """One run per night and cluster, in the first quarter of an hour."""

    ASKED = SHORT.replace("drain-timeout: 20m", "drain-timeout: 20m, approval: {from: platform, hours: office}")
    OFFICE = '  office: {days: mon-fri, from: "09:00", to: "17:00", zone: UTC}\n'

    def due(self, now: datetime, config: str = SHORT, fleet: tuple[Cluster, ...] = (OURS,)) -> tuple[RunRequest, ...]:
        return RUNBOOK.due(fleet, settings(config), now)

    def asked(self, rule: str = "{from: platform, hours: office}") -> str:
        text = self.ASKED.replace("{from: platform, hours: office}", rule)
        return text.replace("windows:\n", f"windows:\n{self.OFFICE}") + PEOPLE

    def test_a_cluster_in_a_ring_is_due_while_the_window_is_open(self) -> None:
        fleet = (cluster("off", running=False), cluster("odd", env="sandbox"), OURS)
        assert self.due(NIGHT, fleet=fleet) == (
            RunRequest("reboot", OURS.id, "shop-dev", "2026-11-16", NIGHT, "timer", "daytwo"),
        )
        assert self.due(MONDAY) == ()
        assert self.due(NIGHT, WITHOUT) == ()

    @pytest.mark.parametrize(("minute", "found"), [(0, 1), (14, 1), (15, 0), (45, 0)])
    def test_it_is_checked_once_per_hour(self, minute: int, found: int) -> None:
        assert len(self.due(NIGHT + timedelta(minutes=minute))) == found

    def test_the_night_after_midnight_is_still_named_after_its_first_day(self) -> None:
        assert [each.period for each in self.due(datetime(2026, 11, 17, 4, tzinfo=UTC))] == ["2026-11-16"]

    @pytest.mark.parametrize(
        ("rule", "hour", "found"),
        [
            ("{from: platform, hours: office}", 8, 0),
            ("{from: platform, hours: office}", 9, 1),
            ("{from: platform, hours: office}", 17, 0),
            ("{from: platform}", 3, 1),
            ("{from: platform, rings: [production]}", 9, 0),
            ("{from: platform, rings: [pre-production], risk: [drain]}", 9, 1),
        ],
    )
    def test_approvers_are_asked_for_the_coming_night_in_their_hours(self, rule: str, hour: int, found: int) -> None:
        at = datetime(2026, 11, 16, hour, tzinfo=UTC)
        requests = self.due(at, self.asked(rule))
        assert [each.period for each in requests] == ["2026-11-16"] * found

    def test_no_one_is_asked_for_a_night_that_is_more_than_a_day_away(self) -> None:
        saturday = datetime(2026, 11, 21, 12, tzinfo=UTC)
        assert self.due(saturday, self.asked("{from: platform}")) == ()

    def test_the_openings_are_one_window_for_all_rings(self) -> None:
        configured = settings(SHORT)
        window = configured.windows["nights"]
        assert isinstance(window, Window)
        assert RUNBOOK.openings(configured) == (Opening("reboots", window),)
        assert RUNBOOK.openings(settings(WITHOUT)) == ()
