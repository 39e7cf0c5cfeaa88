"""The unmodified Azure CLI signs in with a managed identity and operates the simulated fleet (``make test-az``).

If DAYTWO_RECORD is set, its requests are written to tests/simulator/azure/recorded_cli.json, which other tests replay.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.fleets import demo_fleet
from simulator.running import Running, running_simulation
from tests.az.recording import Recording

ROOT = Path(__file__).parents[2]
AZ = ROOT / "build" / "az" / "bin" / "az"
RECORDED = ROOT / "tests" / "simulator" / "azure" / "recorded_cli.json"
NEW = "AKSUbuntu-2204gen2containerd-202611.05.0"
CLUSTER = ("-g", "rg-shop", "-n", "shop-dev")
POOL = ("-g", "rg-shop", "--cluster-name", "shop-dev", "-n", "user1")

pytestmark = [pytest.mark.az, pytest.mark.skipif(not AZ.exists(), reason="no Azure CLI: run `make test-az`")]


@dataclass(frozen=True)
class Cli:
    """The CLI with its own configuration, connected to a simulation."""

    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run a command and return its output. An error fails the test."""
        done = subprocess.run(  # noqa: S603  # the CLI that make installed
            [str(AZ), *arguments], env=self.environment, capture_output=True, text=True, timeout=200, check=False
        )
        assert done.returncode == 0, f"az {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()


@pytest.fixture(scope="module")
def recording() -> Recording:
    return Recording()


@pytest.fixture(scope="module")
def simulation(recording: Recording) -> Iterator[Running]:
    """Ten virtual minutes pass per second and the CLI polls every second, so a command takes only seconds."""
    with running_simulation(demo_fleet(), speed=600, retry_after_s=1) as running:
        running.simulation.watchers.append(recording.watch)
        yield running


@pytest.fixture(scope="module")
def az(simulation: Running, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    served = simulation.environment
    cli = Cli(
        {
            **os.environ,
            "AZURE_CONFIG_DIR": str(tmp_path_factory.mktemp("az")),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
            "REQUESTS_CA_BUNDLE": served["CA_FILE"],
            "IDENTITY_ENDPOINT": served["IDENTITY_ENDPOINT"],
            "IDENTITY_HEADER": served["IDENTITY_HEADER"],
        }
    )
    url = served["ARM_URL"]
    endpoints = ("--endpoint-resource-manager", url, "--endpoint-active-directory", url)
    resource = ("--endpoint-active-directory-resource-id", url)
    cli.run("cloud", "register", "--name", "simulated", "--skip-endpoint-discovery", *endpoints, *resource)
    cli.run("cloud", "set", "--name", "simulated")
    cli.run("login", "--identity")
    return cli


def test_signs_in_with_managed_identity(az: Cli) -> None:
    assert az.run("account", "show", "--query", "name", "-o", "tsv") == "Simulated subscription"


def test_lists_and_shows_clusters(az: Cli) -> None:
    assert len(az.run("aks", "list", "--query", "[].name", "-o", "tsv").splitlines()) == 12
    shown = json.loads(az.run("aks", "show", *CLUSTER, "--query", "[powerState.code, provisioningState, tags.env]"))
    assert shown == ["Running", "Succeeded", "dev"]


def test_shows_the_available_upgrades_for_a_pool(az: Cli) -> None:
    pool = ("-g", "rg-shop", "--cluster-name", "shop-dev", "--nodepool-name", "user1")
    assert az.run("aks", "nodepool", "get-upgrades", *pool, "--query", "latestNodeImageVersion", "-o", "tsv") == NEW


def test_upgrades_the_node_image_of_a_pool(az: Cli, simulation: Running) -> None:
    az.run("aks", "nodepool", "upgrade", *POOL, "--node-image-only", "--yes")
    assert az.run("aks", "nodepool", "show", *POOL, "--query", "nodeImageVersion", "-o", "tsv") == NEW
    assert {node.image for node in simulation.world.clusters["shop-dev"].nodes_of("user1")} == {NEW}


def test_scales_a_pool_without_rolling_back_its_image(az: Cli, simulation: Running) -> None:
    az.run("aks", "nodepool", "scale", *POOL, "--node-count", "4")
    assert [node.image for node in simulation.world.clusters["shop-dev"].nodes_of("user1")] == [NEW] * 4


def test_stops_and_starts_a_pool(az: Cli, simulation: Running) -> None:
    az.run("aks", "nodepool", "stop", *POOL)
    assert simulation.world.clusters["shop-dev"].pools["user1"].power_state == "Stopped"
    az.run("aks", "nodepool", "start", *POOL)
    assert len(simulation.world.clusters["shop-dev"].nodes_of("user1")) == 4


def test_stops_and_starts_a_cluster(az: Cli, simulation: Running) -> None:
    az.run("aks", "stop", *CLUSTER)
    assert simulation.world.clusters["shop-dev"].power_state == "Stopped"
    az.run("aks", "start", *CLUSTER)
    assert simulation.world.clusters["shop-dev"].power_state == "Running"


def test_shows_why_a_cluster_cannot_be_stopped(az: Cli) -> None:
    with pytest.raises(AssertionError, match=r"nodeProvisioningProfile\.mode 'Auto'"):
        az.run("aks", "stop", "-g", "rg-edge", "-n", "edge-prod")


def test_sent_requests_equal_the_recording(recording: Recording) -> None:
    """This is the last test, so all requests have been sent by now."""
    if os.environ.get("DAYTWO_RECORD"):
        RECORDED.write_text(json.dumps({"client": "azure-cli 2.91", "requests": recording.requests}, indent=1) + "\n")
    assert json.loads(RECORDED.read_text())["requests"] == recording.requests
