"""The command that serves a fleet: which fleets it knows, and what it says about them."""

import subprocess
import sys

import pytest

from simulator.running import simulation_process


@pytest.mark.parametrize(("fleet", "cluster"), [("demo", "shop-dev"), ("random", "dev-000"), ("untidy", "dev-000")])
def test_each_fleet_is_served_with_a_pool_of_its_first_running_cluster(fleet: str, cluster: str) -> None:
    with simulation_process("--fleet", fleet, "--seed", "3") as environment:
        assert (environment["CLUSTER"], environment["POOL"]) == (cluster, "system")


def test_an_unknown_fleet_is_refused_with_those_that_exist() -> None:
    command = [sys.executable, "-m", "simulator.serve", "--fleet", "tidy"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own module
    assert ended.returncode
    assert "demo, random, untidy" in ended.stderr.replace("'", "")
