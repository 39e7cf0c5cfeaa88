"""An unmodified kubectl as a judge of the simulated API server. It is found or built like the control plane, and always used in CI."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.controlplane.binaries import MissingError, find_kubectl
from simulator.running import Running, running_simulation
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec
from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec
from tests.skip_unless import need

BUILD_WITHIN_S = 900
START = datetime(2026, 11, 16, tzinfo=UTC)
WORKLOADS = (
    WorkloadSpec("shop", "web", 4, PdbSpec(max_unavailable=2), pool="user1", starts_in_s=(1, 2)),
    WorkloadSpec("shop", "rigid", 1, PdbSpec(max_unavailable=0), pool="user2", starts_in_s=(1, 2)),
    WorkloadSpec("kube-system", "agent", kind=WorkloadKind.DAEMON_SET, starts_in_s=(1, 2)),
)
CLUSTER = ClusterSpec(
    "shop",
    "westeurope",
    (PoolSpec("user1", 2), PoolSpec("user2", 1)),
    workloads=WORKLOADS,
    node_provisioning="Auto",
    provisioned_nodes=2,
    hosted_nodes=1,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Extend the timeout for the first test, which may have to build kubectl."""
    for item in items:
        if "kubectl" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(BUILD_WITHIN_S))


@dataclass(frozen=True, slots=True)
class Ended:
    """How kubectl has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The output as a table, with its header."""
        return [line.split() for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Kubectl:
    """Kubectl with the kubeconfig of the simulated cluster, and without anything of this machine's."""

    program: Path
    simulation: Running
    home: Path

    def __call__(self, *arguments: str) -> Ended:
        """Run a command."""
        environment = {
            "HOME": str(self.home),
            "PATH": os.defpath,
            "KUBECONFIG": self.simulation.environment["KUBECONFIG"],
        }
        command = [str(self.program), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - the kubectl that this project found or built
        return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def simulation() -> Iterator[Running]:
    fleet = FleetSpec("kubectl", START, (RegionSpec("westeurope", None, timedelta(days=10)),), (CLUSTER,))
    with running_simulation(fleet) as running:
        yield running


@pytest.fixture
def kubectl(simulation: Running, tmp_path: Path) -> Kubectl:
    try:
        program = find_kubectl()
    except MissingError as missing:
        need(condition=False, why=str(missing))
        raise
    return Kubectl(program, simulation, tmp_path)
