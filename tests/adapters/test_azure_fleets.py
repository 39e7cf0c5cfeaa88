"""Azure Kubernetes Fleet Manager by the unmodified SDK clients, against the simulated Azure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ops.adapters.azure_fleet_documents import auto_upgrade_of, fleet_id_of, member_of, run_of
from ops.bootstrap import Wiring, wire
from ops.model.update_runs import FleetMembership, UpdateRun
from ops.ports.errors import DeniedError
from simulator.running import Running, running_simulation
from simulator.world.specs import ClusterSpec, FleetManagerSpec, PoolSpec, UpdateRunSpec
from tests.flows.fleet import START, fleet

POOLS = (PoolSpec("system", 1, mode="System"),)
CLUSTERS = tuple(ClusterSpec(name, "westeurope", POOLS) for name in ("dev1", "dev2", "prod1", "alone"))
RUN = UpdateRunSpec(
    "r7",
    START,
    START + timedelta(hours=1),
    START + timedelta(hours=3),
    stages=(("canary", ("dev",)), ("rest", ("prod",))),
)
LATER = UpdateRunSpec("r8", START + timedelta(hours=4), stages=(("all", ("prod",)),), lists=False)
MANAGER = FleetManagerSpec(
    "f1",
    "westeurope",
    (("dev1", "dev"), ("dev2", "dev"), ("prod1", "prod")),
    (RUN, LATER),
    (("weekly", "NodeImage"),),
)
RUNS = f"/subscriptions/{MANAGER.subscription}/resourceGroups/rg-fleets/providers/Microsoft.ContainerService/fleets/f1/updateRuns"
CLUSTER = "/subscriptions/s/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/dev1"


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


class Stage:
    """A simulated Azure with fleets, and the adapter that reads them."""

    def __init__(self, simulation: Running, wired: Wiring) -> None:
        self.simulation, self.ports = simulation, wired.ports

    def of(self, name: str, **later: float) -> FleetMembership | None:
        """The membership of a cluster this long after the start."""
        at = START + timedelta(**later)
        if at > self.simulation.world.now:
            self.simulation.advance(at)
        spec = self.simulation.world.clusters[name].spec
        identity = f"/subscriptions/{spec.subscription}/resourcegroups/rg-fleet/providers/microsoft.containerservice/managedclusters/{name}"
        return self.ports.fleets.membership(identity, at)


@pytest.fixture
def stage(request: pytest.FixtureRequest, patched: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Stage]:
    managers = getattr(request, "param", (MANAGER,))
    with running_simulation(replace(fleet(*CLUSTERS), managers=managers)) as simulation:
        environment = {**simulation.environment, "DAYTWO_STATE": str(tmp_path)}
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            patched.setenv(name, environment[name])
        yield Stage(simulation, wire(environment))


def runs(found: FleetMembership | None) -> list[tuple[str, str, str]]:
    assert found is not None
    return [(run.name, run.state, run.stage) for run in found.runs]


def test_a_member_has_its_fleet_its_group_and_the_runs_that_contain_it(stage: Stage) -> None:
    found = stage.of("dev1", minutes=1)
    assert found == FleetMembership(
        "f1", "dev", (UpdateRun(f"{RUNS}/r7", "r7", "NotStarted", "canary"),), ("weekly (NodeImage)",)
    )
    assert runs(stage.of("prod1", minutes=2)) == [("r7", "NotStarted", "rest")]
    assert stage.of("alone", minutes=2) is None


def test_a_run_is_read_again_each_time_and_gone_once_it_has_ended(stage: Stage) -> None:
    assert [runs(stage.of("dev1", hours=hour)) for hour in (0.5, 1, 2, 3, 5)] == [
        [("r7", "NotStarted", "canary")],
        [("r7", "Running", "canary")],
        [("r7", "Running", "canary")],
        [],
        [],
    ]
    assert runs(stage.of("prod1", hours=5)) == [("r8", "NotStarted", "all")]


@pytest.mark.parametrize("stage", [()], indirect=True)
def test_without_a_fleet_no_cluster_is_a_member(stage: Stage) -> None:
    assert stage.of("dev1") is None


@pytest.mark.parametrize("stage", [(replace(MANAGER, closed=True),)], indirect=True)
def test_a_fleet_whose_members_cannot_be_read_makes_every_membership_unknown(stage: Stage) -> None:
    for name in ("dev1", "alone"):
        with pytest.raises(DeniedError, match=r"listing the members of the fleet f1.*fleets/members/read"):
            stage.of(name)


@pytest.mark.parametrize(
    "stage", [(replace(MANAGER, closed=True), replace(MANAGER, name="f2", members=(("alone", "one"),)))], indirect=True
)
def test_a_member_of_a_readable_fleet_is_known_although_another_cannot_be_read(stage: Stage) -> None:
    found = stage.of("alone", minutes=1)
    assert found is not None
    assert found.fleet == "f2"


def test_members_are_listed_every_five_minutes_at_most(stage: Stage) -> None:
    for minute in (0, 1, 4):
        stage.of("dev1", minutes=minute)
    listed = "Microsoft.ContainerService/fleets/members/read"

    def count() -> int:
        seen: Any = stage.simulation.control("/requests")["requests"]
        return sum(int(each["count"]) for each in seen if each["action"] == listed)

    assert count() == 1
    stage.of("dev1", minutes=6)
    assert count() == 2


@pytest.mark.parametrize("stage", [(replace(MANAGER, resource_group="rg-straße"),)], indirect=True)
def test_a_fleet_can_be_in_a_group_with_other_letters(stage: Stage) -> None:
    assert runs(stage.of("dev1", minutes=1)) == [("r7", "NotStarted", "canary")]


def run_document(state: object = "Running", **properties: object) -> dict[str, Any]:
    status = {"status": {"state": state}, "stages": properties.pop("stages", None)}
    return {"id": "/r", "name": "r", "properties": {"status": status, **properties}}


def stage_of(*clusters: str, group: str = "dev") -> dict[str, Any]:
    members = [{"name": "m", "clusterResourceId": each, "status": {"state": "Pending"}} for each in clusters]
    return {"name": "canary", "groups": [{"name": group, "members": members}]}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (
            run_document(stages=[stage_of(CLUSTER.upper().replace("DEV1", "dev1"))]),
            UpdateRun("/r", "r", "Running", "canary"),
        ),
        (run_document(stages=[stage_of("/other")]), None),
        (run_document(stages=[stage_of()]), UpdateRun("/r", "r", "Running", "canary")),
        (run_document(stages=[stage_of(group="prod")]), None),
        (
            run_document(strategy={"stages": [{"name": "s", "groups": [{"name": "dev"}]}]}),
            UpdateRun("/r", "r", "Running", "s"),
        ),
        (run_document(strategy={"stages": [{"name": "s", "groups": [{"name": "prod"}]}]}), None),
        (run_document(), UpdateRun("/r", "r", "Running")),
        (run_document(None), UpdateRun("/r", "r", "not reported")),
        (run_document("Throttling"), UpdateRun("/r", "r", "Throttling")),
        ({"id": "/r", "name": "r", "properties": {}}, UpdateRun("/r", "r", "not reported")),
    ],
)
def test_a_run_contains_the_cluster_unless_it_says_otherwise(document: dict[str, Any], found: UpdateRun | None) -> None:
    assert run_of(document, CLUSTER, "dev") == found


@pytest.mark.parametrize(
    ("state", "ended", "waits"),
    [
        ("NotStarted", False, True),
        ("Pending", False, True),
        ("Running", False, False),
        ("Stopping", False, False),
        ("not reported", False, False),
        ("Throttling", False, False),
        ("Stopped", True, False),
        ("Skipped", True, False),
        ("Failed", True, False),
        ("Completed", True, False),
    ],
)
def test_only_a_state_that_is_known_to_be_an_end_is_one(state: str, *, ended: bool, waits: bool) -> None:
    run = UpdateRun("/r", "r", state)
    assert (run.has_ended, run.waits) == (ended, waits)


@pytest.mark.parametrize("document", [{"properties": {"clusterResourceId": None}}, {"properties": {}}, {}])
def test_a_member_that_does_not_name_its_cluster_is_malformed(document: dict[str, Any]) -> None:
    with pytest.raises((ValueError, LookupError)):
        member_of(document)


@pytest.mark.parametrize(
    "identity",
    ["", "/", "/subscriptions/s/resourceGroups/g", f"{CLUSTER}", "https://evil.example/a/b/c/d/e/f/fleets/x"],
)
def test_an_id_that_is_not_that_of_a_fleet_is_malformed(identity: str) -> None:
    with pytest.raises(ValueError, match="not that of a fleet"):
        fleet_id_of({"id": identity})


def test_a_disabled_profile_upgrades_nothing() -> None:
    assert auto_upgrade_of({"name": "p", "properties": {"disabled": True, "channel": "Stable"}}) == ""
    assert auto_upgrade_of({"name": "p", "properties": {}}) == "p (no channel)"
