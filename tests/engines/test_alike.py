"""Three engines drive one orchestrator alike: the same activities with the same inputs, the same end, at the same instants."""

from pathlib import Path

import pytest

from ops.model.run import State
from tests.engines.drivers import on_the_double, on_the_executor, on_the_host
from tests.engines.story import Told


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return on_the_host(tmp_path_factory.mktemp("host"))


def test_the_story_has_a_sleeper_a_lost_answer_and_a_failure(native: Told) -> None:
    assert native.begun == (
        "start shop-dev",
        "upgrade-node-image shop-dev system",
        "upgrade-node-image shop-dev user1",
        "stop shop-dev",
    )
    # Said to the end, although the stop that followed went well.
    assert (native.run.state, native.run.code) == (State.FAILED, "PodDrainFailure")
    assert native.run.why.startswith("user1: the upgrade of user1 failed: PodDrainFailure")
    # The lost answer: the first pool is begun again, found to be running, and followed.
    begins = [payload for name, payload in native.activities if name == "begin"]
    assert [payload["step"] for payload in begins if isinstance(payload, dict)] == [
        "start",
        "pool.system",
        "pool.system",
        "pool.user1",
        "start",
    ]


def test_the_executor_does_what_durable_functions_does(native: Told, tmp_path: Path) -> None:
    assert on_the_executor(tmp_path) == native


def test_the_double_does_what_durable_functions_does(native: Told, tmp_path: Path) -> None:
    assert on_the_double(tmp_path) == native
