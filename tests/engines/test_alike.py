"""Three engines run one orchestrator identically: the same activities with the same inputs at the same times, and the same end."""

from pathlib import Path

import pytest

from ops.model.run import State
from tests.engines.drivers import on_the_executor, on_the_host, on_the_in_memory_engine
from tests.engines.scenario import EngineRun


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> EngineRun:
    return on_the_host(tmp_path_factory.mktemp("host"))


def test_the_scenario_has_a_stopped_cluster_a_lost_response_and_a_failure(native: EngineRun) -> None:
    assert native.begun == (
        "start shop-dev",
        "upgrade-node-image shop-dev system",
        "upgrade-node-image shop-dev user1",
        "stop shop-dev",
    )
    # The failure is reported at the end, even though the stop that followed succeeded.
    assert (native.run.state, native.run.code) == (State.FAILED, "PodDrainFailure")
    assert native.run.why.startswith("user1: the upgrade of user1 failed: PodDrainFailure")
    # The response was lost, so the first pool's upgrade is tried again; it turns out to be in progress and is followed.
    begins = [payload for name, payload in native.activities if name == "begin"]
    assert [payload["step"] for payload in begins if isinstance(payload, dict)] == [
        "start",
        "pool.system",
        "pool.system",
        "pool.user1",
        "start",
    ]


def test_the_executor_matches_durable_functions(native: EngineRun, tmp_path: Path) -> None:
    assert on_the_executor(tmp_path) == native


def test_the_in_memory_engine_matches_durable_functions(native: EngineRun, tmp_path: Path) -> None:
    assert on_the_in_memory_engine(tmp_path) == native
