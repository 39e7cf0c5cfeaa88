"""The control API: the stepped and the running clock, the journal, scripted faults, and the command that serves everything."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError

import pytest

from simulator.control.api import BadRequestError, read_fault
from simulator.http_types import JsonObject
from simulator.running import Running, control, running_simulation, simulation_process
from simulator.world.scripted_faults import ForeignOperation, ImageLands
from tests.simulator.azure.conftest import small_fleet

START = datetime(2026, 11, 16, tzinfo=UTC)
KEYS = [
    "ARM_URL", "CA_FILE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "SUBSCRIPTION", "RESOURCE_GROUP", "CLUSTER",
    "POOL",
    "KUBECONFIG", "SLACK_URL", "TEAMS_URL", "TEAMS_BOT_APP_ID", "TEAMS_SERVICE_URL", "TEAMS_OPENID_URL", "TEAMS_LOGIN_URL",
    "TEAMS_HOSTS", "CLOCK_URL",
]  # fmt: skip


def test_a_stepped_clock_advances_only_on_request(simulation: Running) -> None:
    assert simulation.control("/clock") == {"now": "2026-11-16T00:00:00+00:00", "speed": 0}
    answer = simulation.control("/clock/advance", {"to": "2026-11-17T06:30:00Z"})
    assert answer == {"now": "2026-11-17T06:30:00+00:00"}


def test_time_never_goes_back(simulation: Running) -> None:
    simulation.advance(START + timedelta(hours=2))
    answer = simulation.control("/clock/advance", {"to": "2026-11-16T01:00:00Z"})
    assert answer == {"now": "2026-11-16T02:00:00+00:00"}


def test_a_running_clock_advances_continuously_at_its_speed() -> None:
    """Polls until an hour has passed, which does not take long at 36,000 virtual seconds per second."""
    with running_simulation(small_fleet(), speed=36_000) as simulation:
        tick = threading.Event()
        while simulation.world.now < START + timedelta(hours=1):
            tick.wait(0.01)
        assert simulation.control("/clock")["speed"] == 36_000


@pytest.mark.parametrize("to", ["tomorrow", "2026-11-17T06:30:00", None])
def test_a_time_requires_a_date_and_an_offset(simulation: Running, to: str | None) -> None:
    with pytest.raises(HTTPError) as caught:
        simulation.control("/clock/advance", {"to": to})
    assert caught.value.code == 400


def test_the_journal_can_be_read_incrementally(simulation: Running) -> None:
    everything = simulation.control("/journal")["entries"]
    assert isinstance(everything, list)
    assert everything[0]["kind"] == "cluster-known"
    assert [entry["number"] for entry in everything] == list(range(len(everything)))
    assert simulation.control(f"/journal?from={len(everything) - 1}")["entries"] == everything[-1:]


def test_the_world_is_returned_as_json(simulation: Running) -> None:
    clusters = simulation.control("/world")["clusters"]
    assert isinstance(clusters, list)
    assert [(item["name"], item["powerState"], len(item["pools"])) for item in clusters] == [
        ("web", "Running", 4),
        ("asleep", "Stopped", 1),
        ("driven", "Running", 1),
    ]
    assert len(clusters[0]["pools"][1]["nodes"]) == 6


def test_a_scripted_fault_is_parsed_from_json() -> None:
    at = "2026-11-17T01:00:00Z"
    occupied: JsonObject = {"kind": "ForeignOperation", "cluster": "web", "at": at, "minutes": 5}
    assert read_fault(occupied) == ForeignOperation("web", datetime(2026, 11, 17, 1, tzinfo=UTC), 5)
    lands: JsonObject = {"kind": "ImageLands", "region": "westeurope", "os_sku": "Ubuntu", "at": at}
    assert read_fault(lands) == ImageLands("westeurope", "Ubuntu", datetime(2026, 11, 17, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"kind": "Flood"}, "Unknown fault 'Flood'"),
        ({"kind": "StartFails", "cluster": "web", "colour": 1}, "StartFails does not have a field 'colour'"),
        ({"kind": "StartFails"}, "StartFails is incomplete"),
        ({"kind": "StartFails", "cluster": 3}, "StartFails.cluster must be str, not 3"),
        (
            {"kind": "ForeignOperation", "cluster": "web", "at": "soon", "minutes": 5},
            "'soon' is not a time in ISO 8601",
        ),
        (
            {"kind": "RebootRequired", "cluster": "web", "pool": "user1", "at": "2026-11-17T01:00:00Z", "nodes": "all"},
            "RebootRequired.nodes must be int or null, not 'all'",
        ),
        (
            {"kind": "BudgetAlert", "name": "b", "at": "2026-11-17T01:00:00Z", "schema": "xml", "threshold": 80},
            "BudgetAlert.schema must be one of legacy, common, not 'xml'",
        ),
    ],
)
def test_the_error_for_an_invalid_fault_explains_the_problem(document: JsonObject, text: str) -> None:
    with pytest.raises(BadRequestError, match=text):
        read_fault(document)


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "StartFails", "cluster": "nowhere"},
        {"kind": "UpgradeDoesNothing", "cluster": "web", "pool": "nowhere"},
        {"kind": "ImageLands", "region": "mars", "os_sku": "Ubuntu", "at": "2026-11-17T01:00:00Z"},
    ],
)
def test_a_fault_whose_target_does_not_exist_is_rejected(simulation: Running, document: JsonObject) -> None:
    with pytest.raises(HTTPError) as caught:
        simulation.control("/scripted-faults", document)
    assert caught.value.code == 400


def test_the_command_prints_its_settings_and_serves() -> None:
    with simulation_process("--clusters", "3", "--seed", "5") as environment:
        assert list(environment) == KEYS
        clusters = control(environment, "/world")["clusters"]
        assert isinstance(clusters, list)
        assert len(clusters) == 3


def test_the_command_ends_when_its_parent_ends() -> None:
    """When the parent is killed, the command notices only that its standard input is closed."""
    command = [sys.executable, "-m", "simulator.serve", "--with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # ours
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ARM_URL=https://127.0.0.1:")
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_the_command_ends_when_terminated() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "simulator.serve"], stdout=subprocess.PIPE, text=True
    ) as process:  # this test's own process
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=60) == 0
