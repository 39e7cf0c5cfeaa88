"""The simulated compute provider's responses have the same shapes as the responses recorded from the real one."""

from datetime import timedelta
from typing import cast

from simulator.http_types import JsonObject
from simulator.running import Running
from tests.simulator.azure.raw import ask
from tests.simulator.azure.test_recorded_shapes import missing, recorded

VERSION = "api-version=2026-04-01"
# Features that the simulated machines lack: Windows, virtual networks, extensions.
LACKS = {"windowsConfiguration", "networkProfile", "networkProfileConfiguration", "imageReference", "vmAgent", "disks"}
NOT_AKS = {"osName", "osVersion", "automaticOSUpgradePolicy", "allowExtensionOperations", "requireGuestProvisionSignal"}
UNNAMED = {"exactVersion", "name", "id"}


def path_of(simulation: Running, below: str = "") -> str:
    number = simulation.world.clusters["web"].number
    group = f"/subscriptions/{simulation.environment['SUBSCRIPTION']}/resourceGroups/MC_rg-fleet_web_westeurope"
    return f"{group}/providers/Microsoft.Compute/virtualMachineScaleSets/aks-user1-{number}-vmss{below}?{VERSION}"


def lacking(name: str, simulated: JsonObject) -> set[str]:
    """The recorded fields that are missing, by the last part of their path."""
    return {path.rpartition(".")[2] for path in missing(recorded(name), simulated)}


def test_a_scale_set_has_the_recorded_fields(simulation: Running) -> None:
    found = ask(simulation, "GET", path_of(simulation)).document
    assert lacking("scale set read", found) <= LACKS | NOT_AKS | {"timeCreated"}
    assert found["type"] == recorded("scale set read")["type"]


def test_a_machine_has_the_recorded_fields(simulation: Running) -> None:
    found = ask(simulation, "GET", path_of(simulation, "/virtualMachines")).document
    assert lacking("machines listed", found) <= LACKS | NOT_AKS | UNNAMED
    [real], (first, *_) = (
        cast("list[JsonObject]", document["value"]) for document in (recorded("machines listed"), found)
    )
    assert first["type"] == real["type"]
    assert str(first["name"]).endswith("-vmss_0")
    assert str(real["name"]).endswith("_0")


def test_an_instance_view_has_the_recorded_fields(simulation: Running) -> None:
    found = ask(simulation, "GET", path_of(simulation, "/virtualMachines/0/instanceView")).document
    assert lacking("machine viewed", found) <= LACKS | NOT_AKS
    codes = [
        [item["code"] for item in cast("list[JsonObject]", document["statuses"])]
        for document in (found, recorded("machine viewed"))
    ]
    assert codes[0] == codes[1] == ["ProvisioningState/succeeded", "PowerState/running"]


def test_an_operation_has_the_recorded_fields(simulation: Running) -> None:
    begun = ask(simulation, "POST", path_of(simulation, "/virtualMachines/0/restart"))
    simulation.advance(simulation.world.now + timedelta(minutes=5))
    status = begun.headers["Azure-AsyncOperation"].removeprefix(simulation.environment["ARM_URL"])
    assert ask(simulation, "GET", status).document.keys() == recorded("compute operation").keys()


def test_a_wrong_instance_id_gets_the_recorded_error(simulation: Running) -> None:
    answer = ask(simulation, "GET", path_of(simulation, "/virtualMachines/0notfound"))
    real = cast("JsonObject", recorded("machine id wrong")["error"])
    simulated = cast("JsonObject", answer.document["error"])
    assert (answer.status, simulated["code"], simulated["message"]) == (400, real["code"], real["message"])
