"""The simulated ARM's responses have the same shapes as the responses recorded from the real one."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from simulator.http_types import JsonObject
from simulator.running import Running
from tests.simulator.azure.raw import ask

RECORDED = cast(
    "dict[str, JsonObject]", json.loads((Path(__file__).parent / "recorded_azure.json").read_text())["exchanges"]
)
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
CLUSTERS = f"{SUBSCRIPTION}/resourceGroups/rg-fleet/providers/Microsoft.ContainerService/managedClusters"
VERSION = "api-version=2026-08-01"
# Features that the simulated world lacks: SSH keys, disk drivers, load balancers, metrics.
NOT_SIMULATED = {
    "linuxProfile", "storageProfile", "workloadAutoScalerProfile", "metricsProfile",
    "loadBalancerProfile", "networkDataplane", "podCidrs", "serviceCidrs", "ipFamilies", "dnsServiceIP",
}  # fmt: skip


def recorded(name: str) -> JsonObject:
    """Return the body of a recorded response."""
    return cast("JsonObject", RECORDED[name]["response"])


def missing(real: object, simulated: object, where: str = "") -> list[str]:
    """Return the paths in the real response that are missing from the simulated one or have a different type in it."""
    if isinstance(real, dict):
        if not isinstance(simulated, dict):
            return [where]
        found = []
        for key, value in real.items():
            if key in NOT_SIMULATED:
                continue
            path = f"{where}.{key}"
            found += missing(value, simulated[key], path) if key in simulated else [path]
        return found
    if isinstance(real, list):
        if not isinstance(simulated, list):
            return [where]
        return missing(real[0], simulated[0], f"{where}[0]") if real and simulated else []
    return [] if type(real) is type(simulated) else [where]


def test_a_cluster_has_the_recorded_fields(simulation: Running) -> None:
    answer = ask(simulation, "GET", f"{CLUSTERS}/web?{VERSION}")
    assert missing(recorded("cluster read"), answer.document) == []


def test_a_cluster_uses_the_recorded_spelling(simulation: Running) -> None:
    """The recorded id contains ``resourcegroups``, and the recorded type ends in ``ManagedClusters``."""
    real, simulated = recorded("cluster read"), ask(simulation, "GET", f"{CLUSTERS}/web?{VERSION}").document
    assert simulated["type"] == real["type"] == "Microsoft.ContainerService/ManagedClusters"
    assert "/resourcegroups/" in str(real["id"])
    assert simulated["id"] == (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg-fleet"
        "/providers/Microsoft.ContainerService/managedClusters/web"
    )


def test_a_cluster_list_has_the_recorded_fields(simulation: Running) -> None:
    assert (
        missing(recorded("clusters listed")["value"], ask(simulation, "GET", f"{CLUSTERS}?{VERSION}").document["value"])
        == []
    )


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("cluster not found", f"{CLUSTERS}/nowhere?{VERSION}"),
        ("group not found", f"{CLUSTERS.replace('rg-fleet', 'rg-nowhere')}?{VERSION}"),
    ],
)
def test_errors_match_the_recording(simulation: Running, name: str, path: str) -> None:
    real, simulated = cast("JsonObject", recorded(name)["error"]), ask(simulation, "GET", path)
    assert (simulated.status, simulated.code) == (RECORDED[name]["status"], real["code"])
    text = str(cast("JsonObject", simulated.document["error"])["message"])
    renamed = text.replace("rg-fleet", "aks-cit-ManagedCluster").replace("nowhere", "testResourcenotfound")
    assert renamed.replace("rg-testResourcenotfound", "aks-cit-ManagedClusternotfound") == real["message"]


def test_an_accepted_operation_has_the_recorded_headers(simulation: Running) -> None:
    headers = cast("dict[str, str]", RECORDED["deletion accepted"]["headers"])
    answer = ask(simulation, "POST", f"{CLUSTERS}/web/stop?{VERSION}")
    assert (answer.status, answer.text) == (202, "")
    simulated = {name.lower(): value for name, value in answer.headers.items()}
    for name in ("Azure-Asyncoperation", "Location"):
        real, ours = urlsplit(headers[name]), urlsplit(simulated[name.lower()])
        assert ours.path.rpartition("/")[0] == real.path.rpartition("/")[0].replace("eastus", "westeurope")
        assert parse_qs(ours.query).keys() == parse_qs(real.query).keys()
        assert parse_qs(ours.query)["api-version"] == ["2017-08-31"]
    assert "retry-after" not in simulated


def test_a_finished_operation_has_the_recorded_shape(simulation: Running) -> None:
    url = ask(simulation, "POST", f"{CLUSTERS}/web/stop?{VERSION}").headers["Azure-AsyncOperation"]
    simulation.advance(simulation.world.now + timedelta(minutes=10))
    ended = ask(simulation, "GET", url.removeprefix(simulation.environment["ARM_URL"]))
    assert missing(recorded("operation ended"), ended.document) == []
    assert ended.document["status"] == "Succeeded"


def test_some_operations_report_not_latest_operation_in_addition_to_their_status(simulation: Running) -> None:
    """As in the recording. `NotLatestOperation` does not mean that the operation failed."""
    real = recorded("operation ended beside NotLatestOperation")
    found = []
    for _ in range(12):
        for action in ("stop", "start"):
            begun = ask(simulation, "POST", f"{CLUSTERS}/web/{action}?{VERSION}")
            url = begun.headers["Azure-AsyncOperation"].removeprefix(simulation.environment["ARM_URL"])
            simulation.advance(simulation.world.now + timedelta(minutes=15))
            found.append(ask(simulation, "GET", url).document)
    beside = [item for item in found if "error" in item]
    assert 0 < len(beside) < len(found)
    assert {item["status"] for item in found} == {"Succeeded"}
    assert missing(real, beside[0]) == []
    assert cast("JsonObject", beside[0]["error"])["code"] == "NotLatestOperation"


def test_the_result_of_a_finished_operation_is_empty(simulation: Running) -> None:
    location = ask(simulation, "POST", f"{CLUSTERS}/web/stop?{VERSION}").headers["Location"]
    path = location.removeprefix(simulation.environment["ARM_URL"])
    assert ask(simulation, "GET", path).status == 202
    simulation.advance(simulation.world.now + timedelta(minutes=10))
    assert ask(simulation, "GET", path).status == 204


def test_the_times_of_an_operation_have_seven_digits_and_its_address_is_long(simulation: Running) -> None:
    headers = ask(simulation, "POST", f"{CLUSTERS}/web/stop?{VERSION}").headers
    status = ask(simulation, "GET", headers["Azure-AsyncOperation"].removeprefix(simulation.environment["ARM_URL"]))
    assert re.fullmatch(r".*T\d\d:\d\d:\d\d\.\d{7}Z", str(status.document["startTime"]))
    assert len(headers["Location"]) > 3_000


def test_a_stop_deletes_the_instances(simulation: Running) -> None:
    """After the start there are as many, with the image of their pool, some of them under other names."""
    pools = simulation.world.clusters["web"].pools
    before = {name: [n.name for n in simulation.world.clusters["web"].nodes_of(name)] for name in pools}
    ask(simulation, "POST", f"{CLUSTERS}/web/stop?{VERSION}")
    simulation.advance(simulation.world.now + timedelta(minutes=10))
    machines = f"{CLUSTERS}/web/agentPools/user1/machines?{VERSION}"
    assert ask(simulation, "GET", machines).document["value"] == []
    ask(simulation, "POST", f"{CLUSTERS}/web/start?{VERSION}")
    simulation.advance(simulation.world.now + timedelta(minutes=15))
    nodes = {name: simulation.world.clusters["web"].nodes_of(name) for name in pools}
    assert {name: len(there) for name, there in nodes.items()} == {name: len(names) for name, names in before.items()}
    assert {node.image for node in nodes["user1"]} == {pools["user1"].image}
    assert {name: [node.name for node in there] for name, there in nodes.items()} != before
