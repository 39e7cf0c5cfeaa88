"""The restart role is assigned per node resource group: `daytwo role-assignments` prints the commands."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from ops.cli import main
from simulator.running import running_simulation
from simulator.world.specs import SUBSCRIPTION, ClusterSpec, PoolSpec
from tests.configurations import CONFIG
from tests.staging import in_west_europe

POOLS = (PoolSpec("system", 1, mode="System"),)
FLEET = in_west_europe(
    "roles",
    datetime(2026, 11, 16, tzinfo=UTC),
    ClusterSpec("shop-dev", "westeurope", POOLS, resource_group="rg", tags=(("env", "dev"),)),
    ClusterSpec("shop-prod", "westeurope", POOLS, resource_group="rg", tags=(("env", "prod"),)),
    ClusterSpec("lab", "westeurope", POOLS, resource_group="rg", tags=(("env", "sandbox"),)),
)


def test_there_is_one_assignment_per_cluster_in_a_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "daytwo.yaml"
    config.write_text(CONFIG)
    with running_simulation(FLEET) as simulation:
        for name, value in simulation.environment.items():
            monkeypatch.setenv(name, value)
        result = CliRunner().invoke(main, ["role-assignments", "--principal", "p-1", "--config", str(config)])
    assert result.exit_code == 0, result.stderr
    lines = [shlex.split(line) for line in result.stdout.splitlines()]
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg"
    assert [line[-1] for line in lines] == [f"{scope}_shop-dev_westeurope", f"{scope}_shop-prod_westeurope"]
    assert lines[0][:9] == ["az", "role", "assignment", "create", "--assignee-object-id", "p-1",
                            "--assignee-principal-type", "ServicePrincipal", "--role"]  # fmt: skip
    assert lines[0][9] == f"Daytwo reboots ({SUBSCRIPTION})"
    assert "2 of 3 clusters are in a ring" in result.stderr
