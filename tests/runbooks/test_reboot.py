"""Reboots as a table of cases: docs/reboot.md."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import CORDON_STAMP, Cluster, Node, Unknown
from ops.model.refusal import RefusedAction
from ops.model.run import Run, StepRecord, StepState
from ops.model.workload import DisruptionBudget, Pod
from ops.runbooks.reboot import RUNBOOK, Facts
from tests.configurations import nights
from tests.fakes import ALL_OPERATIONS, MONDAY, cluster, machines_of, nodes_of, pool, settings

NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)
ASKS = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}
POD = Pod("shop", "web-1", "u1", "aks-user1-1", "Running", ready=True, owner_kind="ReplicaSet", labels={"app": "web"})


def run(**more: object) -> Run:
    plain = Run("reboot.x.2026-11-16", "reboot", "id", "shop-dev", "2026-11-16", MONDAY, "timer", "daytwo")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def nodes_to_reboot(of: Cluster, *names: str, **more: object) -> tuple[Node, ...]:
    return tuple(replace(n, annotations=ASKS, **more) if n.name in names else n for n in nodes_of(of, boot_id="before"))  # type: ignore[arg-type]  # fields by name


def decide(
    nodes: tuple[Node, ...] | Unknown,
    *,
    of: Cluster | None = None,
    now: datetime = NIGHT,
    by: Run | None = None,
    **facts: object,
) -> object:
    machines = {each.name: machines_of(of or cluster(), each.name) for each in (of or cluster()).pools}
    known = {"pods": (), "disruption_budgets": (), "machines": machines, **facts}
    made = Facts(of or cluster(), nodes, **known)  # type: ignore[arg-type]  # fields by name
    return RUNBOOK.decide(made, settings(ALL_OPERATIONS), by or run(), now)


def test_a_node_that_requires_a_reboot_is_cordoned_drained_and_restarted() -> None:
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1"))
    assert isinstance(decision, Act)
    assert [step.id for step in decision.plan.steps] == [
        "cordon.aks-user1-1",
        "drain.aks-user1-1",
        "restart.aks-user1-1",
    ]
    assert [step.temporary for step in decision.plan.steps] == [True, False, False]
    assert decision.plan.steps[2].params["boot_id"] == "before"


def test_nodes_are_rebooted_one_at_a_time_with_system_pools_first() -> None:
    of = cluster("shop-dev", pool("user1"), pool("core", mode="System"))
    decision = decide(nodes_to_reboot(of, "aks-user1-0", "aks-core-2"), of=of)
    assert isinstance(decision, Act)
    assert {step.params["node"] for step in decision.plan.steps} == {"aks-core-2"}


@pytest.mark.parametrize("known", ["failed_nodes", "refusals"])
def test_a_node_that_is_known_to_fail_does_not_keep_the_others_from_their_turn(known: str) -> None:
    nodes = nodes_to_reboot(cluster(), "aks-user1-1", "aks-user1-2")
    ago = NIGHT - timedelta(hours=1)
    refused = RefusedAction("id", "cordon-node", "x", "y", "", "r", ago, ago, 1, "aks-user1-1")
    facts: dict[str, object] = {"failed_nodes": (nodes[1].uid,), "refusals": (refused,)}
    decision = decide(nodes, **{known: facts[known]})  # type: ignore[arg-type]  # one of the facts
    assert isinstance(decision, Act)
    assert decision.plan.steps[0].id == "cordon.aks-user1-2"
    assert decision.plan.following[0].id == "cordon.aks-user1-1"


def test_nothing_is_done_if_no_node_requires_a_reboot() -> None:
    assert isinstance(decide(nodes_of(cluster())), Nothing)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ready": False}, "not-ready"),
        ({"unschedulable": True}, "cordoned-by-others"),
        ({"event_scheduled": True}, "event-scheduled"),
    ],
)
def test_a_skipped_node_has_a_reason(more: dict[str, object], code: str) -> None:
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1", **more))
    assert isinstance(decision, Nothing)
    assert [(skip.what, skip.code) for skip in decision.skips] == [("aks-user1-1", code)]


def test_a_node_that_daytwo_cordoned_before_a_crash_is_not_skipped() -> None:
    nodes = nodes_to_reboot(cluster(), "aks-user1-1", unschedulable=True)
    ours = tuple(
        replace(n, annotations={**n.annotations, CORDON_STAMP: run().id}) if n.unschedulable else n for n in nodes
    )
    assert isinstance(decide(ours), Act)


def test_a_cordon_that_an_earlier_run_could_not_remove_is_named_and_needs_a_person() -> None:
    nodes = nodes_to_reboot(cluster(), "aks-user1-1", unschedulable=True)
    left = tuple(replace(n, annotations={**n.annotations, CORDON_STAMP: "reboot.x.2026-11-15"}) for n in nodes)
    decision = decide(left)
    assert isinstance(decision, Nothing)
    (skip,) = (skip for skip in decision.skips if skip.what == "aks-user1-1")
    assert (skip.code, skip.needs_person) == ("cordoned-by-others", True)
    assert skip.why == (
        "the run reboot.x.2026-11-15 has cordoned it and not uncordoned it: kubectl uncordon aks-user1-1"
    )


def test_a_pdb_that_never_allows_an_eviction_is_reported_before_a_node_is_cordoned() -> None:
    never = DisruptionBudget("shop", "web", {"app": "web"}, 0, 3, 3, 3)
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1"), pods=(POD,), disruption_budgets=(never,))
    assert isinstance(decision, Nothing)
    assert decision.skips[0].why == (
        "PDB shop/web never allows an eviction of shop/web-1: it requires all 3 (by the rules, the API server was not asked)"
    )


def test_a_node_is_not_skipped_because_of_a_pdb_that_blocks_only_temporarily() -> None:
    slow = DisruptionBudget("shop", "web", {"app": "web"}, 0, 2, 2, 3)
    assert isinstance(decide(nodes_to_reboot(cluster(), "aks-user1-1"), pods=(POD,), disruption_budgets=(slow,)), Act)


def test_two_pdbs_for_one_pod_are_reported() -> None:
    two = tuple(DisruptionBudget("shop", name, {"app": "web"}, 1, 3, 2, 3) for name in ("a", "b"))
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1"), pods=(POD,), disruption_budgets=two)
    assert isinstance(decision, Nothing)
    assert "several PDBs (shop/a, shop/b)" in decision.skips[0].why


@pytest.mark.parametrize("unknown", ["pods", "disruption_budgets"])
def test_a_node_whose_pods_cannot_be_read_is_skipped(unknown: str) -> None:
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1"), **{unknown: Unknown("no rights")})  # type: ignore[arg-type]  # one of the facts
    assert isinstance(decision, Nothing)
    assert decision.skips[0].code == "unknown-pods"


def test_a_node_that_still_requires_a_reboot_after_a_reboot_needs_a_person() -> None:
    done = run(finished=(StepRecord("restart.aks-user1-1", "aks-user1-1", StepState.DONE),))
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1"), by=done)
    assert isinstance(decision, Nothing)
    assert decision.skips[0].code == "asks-again"


def test_a_reboot_that_no_longer_fits_waits_for_the_next_night() -> None:
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1"), now=datetime(2026, 11, 17, 4, 30, tzinfo=UTC))
    assert isinstance(decision, Nothing)
    assert decision.skips[0].code == "no-window-left"


def test_a_manual_run_started_by_day_waits_for_the_window() -> None:
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1"), now=MONDAY, by=run(source="http"))
    assert isinstance(decision, Wait)
    assert decision.until == datetime(2026, 11, 16, 22, tzinfo=UTC)


def test_a_run_waits_for_an_operation_in_progress() -> None:
    of = cluster(provisioning_state="Updating")
    assert isinstance(decide(nodes_to_reboot(of, "aks-user1-1"), of=of), Wait)


def test_a_cluster_outside_the_rings_is_not_changed() -> None:
    of = cluster(env="sandbox")
    assert isinstance(decide(nodes_to_reboot(of, "aks-user1-1"), of=of), Nothing)


def test_a_reboot_is_due_only_while_its_window_is_open_and_once_per_night() -> None:
    assert RUNBOOK.due([cluster()], settings(ALL_OPERATIONS), MONDAY) == ()
    evening, morning = (
        RUNBOOK.due([cluster()], settings(ALL_OPERATIONS), at) for at in (NIGHT, datetime(2026, 11, 17, 3, tzinfo=UTC))
    )
    assert evening[0].run_id == morning[0].run_id


OURS = nodes_of(cluster())[1].provider_id


@pytest.mark.parametrize(
    ("provider_id", "why"),
    [
        ("", "its provider ID does not name a virtual machine: ''"),
        (
            OURS.replace("shop-dev", "shop-prod"),
            "its provider ID names a machine outside the cluster's node resource group",
        ),
        (f"{OURS}77", "Azure does not list its machine in a node pool of the cluster"),
    ],
)
def test_a_node_whose_machine_arm_does_not_list_for_the_cluster_needs_a_person(provider_id: str, why: str) -> None:
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1", provider_id=provider_id))
    assert isinstance(decision, Nothing)
    assert (decision.skips[0].code, decision.skips[0].needs_person) == ("not-confirmed", True)
    assert decision.skips[0].why.startswith(why)


def test_a_run_waits_while_the_machines_cannot_be_read_and_reports_that_they_may_not_be_read() -> None:
    nodes = nodes_to_reboot(cluster(), "aks-user1-1")
    assert isinstance(decide(nodes, machines={"user1": Unknown("429", transient=True)}), Wait)
    decision = decide(nodes, machines={"user1": Unknown("403")})
    assert isinstance(decision, Nothing)
    assert (decision.skips[0].code, decision.skips[0].needs_person) == ("unknown-machines", True)


def test_unreadable_machines_do_not_matter_if_no_node_requires_a_reboot() -> None:
    decision = decide(nodes_of(cluster()), machines={"user1": Unknown("429", transient=True)})
    assert decision == Nothing("no node requires a reboot")


@pytest.mark.parametrize("more", [{"type": "FlexNodes"}, {"mode": "Machines"}, {"mode": "ManagedSystem"}])
def test_a_node_in_a_pool_that_daytwo_does_not_know_is_reported_and_left_alone(more: dict[str, str]) -> None:
    of = cluster("shop-dev", pool(**more))
    decision = decide(nodes_to_reboot(of, "aks-user1-1"), of=of)
    assert isinstance(decision, Nothing)
    assert (decision.skips[0].code, decision.skips[0].needs_person) == ("unsupported-pool", True)


def test_every_step_names_the_node_by_its_uid() -> None:
    decision = decide(nodes_to_reboot(cluster(), "aks-user1-1"))
    assert isinstance(decision, Act)
    assert {step.params["uid"] for step in decision.plan.steps} == {"uid-aks-user1-1"}


def test_a_node_whose_machines_only_aks_can_change_is_left_alone() -> None:
    of = cluster("shop-dev", machines_locked=True)
    decision = decide(nodes_to_reboot(of, "aks-user1-1"), of=of)
    assert isinstance(decision, Nothing)
    assert (decision.skips[0].code, decision.skips[0].needs_person) == ("machines-locked", True)


def test_thousands_of_invented_nodes_are_reported_in_a_few_lines_and_hold_up_nothing() -> None:
    invented = tuple(
        Node(f"fake-{n:04}", "user1", "", ready=True, annotations=ASKS, uid=f"f{n}", provider_id="azure:///x")
        for n in range(3_000)
    )
    decision = decide((*invented, *nodes_to_reboot(cluster(), "aks-user1-1")))
    assert isinstance(decision, Act)
    assert decision.plan.steps[0].params["node"] == "aks-user1-1"
    assert len(decision.plan.skips) == 21
    assert (decision.plan.skips[-1].what, decision.plan.skips[-1].needs_person) == ("2980 more nodes", True)


@pytest.mark.parametrize(
    ("zone", "start", "at", "night"),
    [
        ("Asia/Tokyo", "01:00", datetime(2026, 11, 16, 16, tzinfo=UTC), "2026-11-17"),
        ("America/Los_Angeles", "22:00", datetime(2026, 11, 17, 6, tzinfo=UTC), "2026-11-16"),
        ("Europe/Amsterdam", "22:00", datetime(2026, 11, 16, 21, tzinfo=UTC), "2026-11-16"),
    ],
)
def test_a_night_is_named_in_the_windows_zone(zone: str, start: str, at: datetime, night: str) -> None:
    """The run of a night that begins on Tuesday in Tokyo is not named after Monday, which it is in UTC at that time."""
    text = ALL_OPERATIONS.replace(nights(), nights(zone, start))
    assert [request.period for request in RUNBOOK.due([cluster()], settings(text), at)] == [night]


def test_a_read_that_is_throttled_is_repeated_when_the_server_allows_it() -> None:
    throttled = Unknown("429", transient=True, retry_after_s=1_200)
    decision = decide(throttled)
    assert isinstance(decision, Wait)
    assert decision.until == NIGHT + timedelta(minutes=20)
