"""The other operations on the same line: one success, one refusal, one failure each, on the double engine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ops.intake.budgets import take_alert
from ops.intake.events import take_event
from ops.intake.overrides import set_override
from ops.model.fleet import CORDON_STAMP
from ops.model.money import Cost, CostReport
from ops.model.run import Run, State
from ops.model.signal import Signal
from ops.model.workload import Pod
from ops.ports import EvictionAnswer, RejectedError
from ops.records import runs
from ops.workflows.activities import invoke
from ops.workflows.sampling import start_due_runs
from ops.workflows.starting import start
from tests.double import Double
from tests.fakes import LANES, World, cluster, nodes_of, pool

NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)
NODE = "aks-user1-1"
ASKS = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}


def world(*, env: str = "dev") -> World:
    by = World(config=LANES)
    by.clock.at = NIGHT
    only = cluster("shop-dev", pool("user1"), env=env, node_resource_group="MC_rg_shop-dev_westeurope")
    by.clusters.put(only)
    by.nodes.said["shop-dev"] = nodes_of(only, boot_id="before")
    by.nodes.running["shop-dev"] = tuple(
        Pod("shop", f"web-{n}", f"u{n}", NODE, "Running", ready=True, owner_kind="ReplicaSet") for n in range(3)
    )
    return by


def carry_out(by: World, runbook: str, meanwhile: Callable[[str], None]) -> Run:
    (only,) = by.clusters.fleet.values()
    run, _ = start(by.context, Signal(runbook, only.id, only.name, "m-1", by.clock.at, "http", "ana"))
    Double(by, meanwhile).run("operation", {"run": run.id})
    return runs(by.store).must_get(run.id).value


class TestReboot:
    """Cordon, drain, restart, prove, uncordon."""

    @staticmethod
    def asking() -> World:
        by = world()
        by.nodes.change(NODE, annotations=ASKS)
        return by

    def test_a_node_is_emptied_restarted_proven_and_given_back(self) -> None:
        by = self.asking()
        run = carry_out(
            by, "reboot", lambda name: by.machines.end(NODE) if name == "poll" and by.machines.restarted else None
        )
        assert run.state is State.DONE
        assert by.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]
        assert sorted(by.nodes.evicted) == ["web-0", "web-1", "web-2"]
        assert by.machines.restarted == [NODE]
        assert run.finished[2].evidence == f"{NODE} has booted anew and is Ready"

    def test_a_drain_that_does_not_end_gives_the_node_back_and_names_pod_and_pdb(self) -> None:
        by = self.asking()
        by.nodes.answers["web-1"] = EvictionAnswer("blocked", "The disruption budget shop/web needs 3 healthy pods")
        run = carry_out(by, "reboot", lambda _: None)
        assert (run.state, run.code) == (State.FAILED, "DrainTimeout")
        assert (
            "shop/web-1 has not left aks-user1-1 in time: The disruption budget shop/web needs 3 healthy pods"
            in run.why
        )
        assert by.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]
        assert by.machines.restarted == []

    def test_several_pdbs_fail_at_once(self) -> None:
        by = self.asking()
        by.nodes.answers["web-0"] = EvictionAnswer("several", "more than one PodDisruptionBudget")
        run = carry_out(by, "reboot", lambda _: None)
        assert (run.state, run.code) == (State.FAILED, "SeveralPDBs")
        assert by.nodes.evicted.count("web-0") == 1

    def test_a_boot_that_never_happened_is_a_failure(self) -> None:
        by = self.asking()
        run = carry_out(
            by,
            "reboot",
            lambda name: by.machines.end(NODE, boots=False) if name == "poll" and by.machines.restarted else None,
        )
        assert (run.state, run.code) == (State.FAILED, "NotProven")
        assert "its bootID has not changed" in run.why

    def test_a_restart_that_is_refused_gives_the_node_back(self) -> None:
        by = self.asking()
        by.machines.refuse = RejectedError("ScopeLocked", "restarting: a deny assignment")
        run = carry_out(by, "reboot", lambda _: None)
        assert run.state is State.FAILED
        assert by.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]

    def test_somebody_elses_cordon_is_never_lifted(self) -> None:
        by = self.asking()

        def meanwhile(name: str) -> None:
            if name == "poll" and by.machines.restarted:
                by.machines.end(NODE)
                by.nodes.change(NODE, unschedulable=True, annotations={CORDON_STAMP: "somebody-else"})

        run = carry_out(by, "reboot", meanwhile)
        assert run.state is State.DONE
        assert by.nodes.marks == [f"cordon {NODE}"]


class TestPower:
    """A level, brought about and proven."""

    def test_a_cluster_that_should_sleep_is_stopped_by_the_quarters_look(self) -> None:
        by = world()
        start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), NIGHT)
        (started,) = by.engine.started
        run_id = started.split()[1]
        (only,) = by.clusters.fleet.values()
        Double(by, lambda name: by.clusters.end(only.id, running=False) if name == "poll" else None).run(
            "operation", {"run": run_id}
        )
        run = runs(by.store).must_get(run_id).value
        assert (run.state, by.clusters.begun) == (State.DONE, ["stop"])
        assert run.finished[0].evidence == "the cluster is stopped"

    def test_what_is_as_it_should_be_leaves_no_trace(self) -> None:
        by = world()
        by.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
        start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), by.clock.at)
        assert (by.engine.started, list(runs(by.store).scan())) == ([], [])

    def test_an_override_pressed_keeps_it_awake(self) -> None:
        by = world()
        target = next(iter(by.clusters.fleet))
        body = f'{{"target": "{target}", "until": "2026-11-17T02:00:00+01:00", "by": "ana"}}'.encode()
        assert set_override(by.context, "awake", body).status == 202
        start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), NIGHT)
        assert by.engine.started == []
        by.clock.at = datetime(2026, 11, 17, 1, tzinfo=UTC)
        start_due_runs(by.context, by.settings, list(by.clusters.fleet.values()), by.clock.at)
        assert len(by.engine.started) == 1

    @pytest.mark.parametrize(
        "until", ["22:00", "2026-11-17T02:00:00", "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z", 7]
    )
    def test_an_override_without_a_sensible_end_is_refused(self, until: object) -> None:
        by = world()
        target = next(iter(by.clusters.fleet))
        body = f'{{"target": "{target}", "until": {f"{until!r}".replace(chr(39), chr(34))}}}'.encode()
        assert set_override(by.context, "awake", body).status == 400

    def test_a_start_that_fails_for_capacity_is_told(self) -> None:
        by = world()
        by.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
        (only,) = by.clusters.fleet.values()
        by.clusters.fleet[only.id] = replace(only, running=False)

        def meanwhile(name: str) -> None:
            if name == "poll":
                by.clusters.end(only.id, running=False, failed="AllocationFailed")

        run = carry_out(by, "power", meanwhile)
        assert (run.state, run.code) == (State.FAILED, "AllocationFailed")


class TestSpot:
    """Notices become one record each and one run a burst."""

    SOURCE = cluster("shop-dev").id
    SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets/aks-spot-12345678-vmss"
    VM = f"/subscriptions/0/resourceGroups/mc_rg_shop-dev_westeurope/providers/{SCALE_SET}/virtualMachines/"

    @staticmethod
    def spotted() -> World:
        by = world()
        (only,) = by.clusters.fleet.values()
        names = [f"aks-spot-12345678-vmss00000{n}" for n in range(3)]
        by.clusters.fleet[only.id] = replace(only, pools=(*only.pools, pool("spot", spot=True)))
        by.nodes.said["shop-dev"] += tuple(replace(nodes_of(only)[0], name=name, pool="spot") for name in names)
        by.nodes.running["shop-dev"] = (Pod("shop", "job-1", "j1", names[1], "Running", ready=True, owner_kind="Job"),)
        return by

    def notice(self, node: int, number: int) -> dict[str, object]:
        return {
            "specversion": "1.0",
            "id": str(number),
            "type": "daytwo.spot.notice",
            "source": self.SOURCE,
            "subject": "x",
            "data": {"node": f"aks-spot-12345678-vmss00000{node}"},
        }

    def annotated(self, node: int, number: int) -> dict[str, object]:
        return {
            "id": str(number),
            "eventType": "Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated",
            "topic": "/subscriptions/0",
            "subject": "x",
            "data": {
                "resourceInfo": {
                    "properties": {"targetResourceId": f"{self.VM}{node}", "annotationName": "VirtualMachinePreempted"}
                }
            },
        }

    def test_a_notice_and_an_annotation_of_one_node_are_one_eviction_in_any_order(self) -> None:
        for order in ([0, 1], [1, 0], [0, 0, 1, 1]):
            by = self.spotted()
            events = [self.notice(1, 1), self.annotated(1, 2)]
            for index in order:
                take_event(by.context, events[index])
            assert len(list(by.store.scan("eviction"))) == 1
            assert len(by.engine.started) == 1

    def test_five_evictions_of_a_pool_within_ten_minutes_are_one_run(self) -> None:
        by = self.spotted()
        for number, node in enumerate((0, 1, 2)):
            take_event(by.context, self.notice(node, number))
            by.clock.pass_(seconds=40)
        by.clock.pass_(minutes=12)
        assert len(by.engine.started) == 1
        take_event(by.context, self.notice(4, 9))
        assert len(by.engine.started) == 2

    def test_what_is_still_there_is_emptied_and_the_outcome_confirmed(self) -> None:
        by = self.spotted()
        take_event(by.context, self.notice(1, 1))
        run_id = by.engine.started[0].split()[1]

        def meanwhile(name: str) -> None:
            if name == "conclude":
                by.nodes.said["shop-dev"] = tuple(
                    n for n in by.nodes.said["shop-dev"] if not n.name.endswith("1") or n.pool != "spot"
                )

        Double(by, meanwhile).run("operation", {"run": run_id})
        run = runs(by.store).must_get(run_id).value
        assert by.nodes.evicted == ["job-1"]
        assert (run.state, run.headline) == (State.DONE, "1 spot node evicted")
        assert "1 of 1 nodes are gone" in run.lines
        assert by.chat.posts == 1

    def test_a_false_alarm_gives_the_node_back(self) -> None:
        by = self.spotted()
        take_event(by.context, self.notice(1, 1))
        run_id = by.engine.started[0].split()[1]
        Double(by).run("operation", {"run": run_id})
        node = "aks-spot-12345678-vmss000001"
        assert by.nodes.marks == [f"cordon {node}", f"uncordon {node}"]
        assert f"{node} is still there: a false alarm" in runs(by.store).must_get(run_id).value.lines

    def test_an_eviction_of_somebody_elses_scale_set_is_kept_and_starts_nothing(self) -> None:
        by = self.spotted()
        event = self.annotated(1, 1)
        event["data"]["resourceInfo"]["properties"]["targetResourceId"] = "/subscriptions/0/x"  # type: ignore[index]  # JSON
        take_event(by.context, event)
        assert by.engine.started == []
        assert [entry.kind for entry in by.ledger.written.values()] == ["event"]


LEGACY = b"""{"schemaId": "AIP Budget Notification", "data": {"SubscriptionName": "s", "SubscriptionId": "1", "ResourceGroup": "",
 "SpendingAmount": "1111.32", "BudgetStartDate": "11/1/2026 5:40:29 PM -08:00", "Budget": "10000", "Unit": "USD",
 "BudgetCreator": "x", "BudgetName": "platform", "BudgetType": "Cost", "NotificationThresholdAmount": "0.8"}}"""
COMMON = b"""{"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": {"monitoringService": "CostAlerts"},
 "alertContext": {"AlertCategory": "budgets", "AlertData": {"Scope": "/subscriptions/1/", "ThresholdType": "Forecasted",
 "BudgetType": "Cost", "BudgetThreshold": "$50.00", "NotificationThresholdAmount": "$25.00", "BudgetName": "platform",
 "BudgetId": "b", "BudgetStartDate": "2026-11-01", "Unit": "USD", "SpentAmount": "$11,111.00", "ForecastedTotalForPeriod": "$1111.11"}}}}"""


class TestBudget:
    """Both schemas, read exactly, explained once."""

    @staticmethod
    def told(body: bytes, *, costs: bool = True) -> tuple[World, Run]:
        by = world()
        if costs:
            by.costs.report = CostReport((Cost("mc_rg_shop-dev_westeurope", Decimal("412.50"), "EUR"),), NIGHT)
        else:
            by.costs.refuse = RejectedError("x", "reading the costs: no rights")
        take_alert(by.context, body)
        run_id = by.engine.started[0].split()[1]
        Double(by).run("operation", {"run": run_id})
        return by, runs(by.store).must_get(run_id).value

    def test_the_legacy_schema_with_a_fraction_as_threshold(self) -> None:
        by, run = self.told(LEGACY)
        assert run.headline == "platform has passed $8,000.00 of $10,000.00"
        assert run.lines[:2] == ("spent $1,111.32 since 11/1/2026", "shop-dev: €412.50 this month, its nodes included")
        assert by.chat.posts == 1

    def test_the_common_schema_with_a_forecast(self) -> None:
        _, run = self.told(COMMON)
        assert run.headline == "platform is forecast to pass $25.00 of $50.00"
        assert run.lines[0] == "spent $11,111.00 since 2026-11-01, forecast for the period $1,111.11"

    def test_what_would_help_is_offered_and_not_done(self) -> None:
        by, run = self.told(LEGACY)
        assert run.lines[-1] == "offer: stop shop-dev now (a plan: nothing has been done)"
        assert by.clusters.begun == []

    def test_costs_that_cannot_be_read_are_unknown_and_the_alert_is_told_all_the_same(self) -> None:
        _, run = self.told(LEGACY, costs=False)
        assert run.lines[1] == "where it went is unknown: reading the costs: no rights"

    def test_the_same_alert_again_is_the_same_run(self) -> None:
        by = world()
        assert take_alert(by.context, LEGACY).body == {**take_alert(by.context, LEGACY).body, "new": True}  # type: ignore[dict-item]  # JSON
        assert len(by.engine.started) == 1

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (b"{", "it is no JSON"),
            (b"[]", "it has no data"),
            (b'{"schemaId": "x", "data": {}}', "its schemaId is none of a budget's"),
            (LEGACY.replace(b'"1111.32"', b'"lots"'), "its SpendingAmount is no amount: 'lots'"),
            (LEGACY.replace(b'"Unit": "USD",', b""), "it has no Unit"),
            (COMMON.replace(b'"AlertData"', b'"Other"'), "it has no AlertData"),
            (b"x" * 70_000, "it is larger than 64 kB"),
        ],
    )
    def test_what_is_no_alert_is_refused_and_kept(self, body: bytes, why: str) -> None:
        by = world()
        response = take_alert(by.context, body)
        assert (response.status, response.body) == (400, {"error": f"this is no budget alert: {why}"})
        assert [entry.kind for entry in by.ledger.written.values()] == ["unread"]


class TestPrecedence:
    """Who goes first on one cluster; the lower yields between its steps."""

    def test_a_timers_run_yields_to_a_person_between_its_steps(self) -> None:
        by = world()
        (only,) = by.clusters.fleet.values()
        night, _ = start(by.context, Signal("node-image", only.id, only.name, "2026-w47", NIGHT, "timer", "daytwo"))
        person, _ = start(by.context, Signal("node-image", only.id, only.name, "m-1", NIGHT, "http", "ana"))
        for name in ("assess", "lease"):
            invoke(name, by.context, {"run": night.id})
            answer = invoke(name, by.context, {"run": person.id})
        assert answer["kind"] == "assess"
        begun = invoke("begin", by.context, {"run": night.id, "step": "pool.user1"})
        assert begun["kind"] == "unwind"
        assert runs(by.store).must_get(night.id).value.why == f"yields to {person.id}"
        assert by.clusters.begun == []

    def test_the_lower_does_not_take_what_the_higher_waits_for(self) -> None:
        by = world()
        (only,) = by.clusters.fleet.values()
        first, _ = start(by.context, Signal("node-image", only.id, only.name, "m-1", NIGHT, "http", "ana"))
        power, _ = start(by.context, Signal("power", only.id, only.name, "1", NIGHT, "timer", "daytwo"))
        night, _ = start(by.context, Signal("node-image", only.id, only.name, "2026-w47", NIGHT, "timer", "daytwo"))
        for run in (first, power, night):
            invoke("assess", by.context, {"run": run.id})
        assert [invoke("lease", by.context, {"run": run.id})["kind"] for run in (first, power, night)] == [
            "step",
            "assess",
            "assess",
        ]
        invoke("conclude", by.context, {"run": first.id})
        invoke("assess", by.context, {"run": night.id})
        assert invoke("lease", by.context, {"run": night.id})["kind"] == "assess"
        invoke("assess", by.context, {"run": power.id})
        assert invoke("lease", by.context, {"run": power.id})["kind"] == "step"
