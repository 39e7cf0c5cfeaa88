"""After a host is killed with SIGKILL, a host in another process continues where the first one stopped."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.host.clock import LocalClock
from simulator.host.files import StateInUseError
from tests.simulator.host.harness import HostHarness, activity_runs, app_log, async_test, at, make_engine


def kill_one(state_dir: Path, when: str) -> None:
    command = [sys.executable, "-m", "tests.simulator.host.killed_host", str(state_dir), when]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)  # noqa: S603  # ourselves
    assert ended.returncode == -signal.SIGKILL, ended.stderr


@pytest.mark.parametrize("when", ["before", "after"])
@async_test
async def test_an_activity_whose_result_was_not_recorded_runs_again(tmp_path: Path, when: str) -> None:
    kill_one(tmp_path, when)
    activity_runs()
    async with HostHarness(tmp_path) as harness:
        assert await harness.output("f") == ["a", "b"]
    assert sorted(activity_runs()) == ["echo a", "echo b"]


@pytest.fixture(scope="module")
def killed_at_rest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state_dir = tmp_path_factory.mktemp("killed")
    kill_one(state_dir, "at-rest")
    return state_dir


@async_test
async def test_all_pending_work_continues_after_a_kill(killed_at_rest: Path) -> None:
    """Only one process runs after the kill. Its checks are in chronological order, because they share one state file."""
    async with HostHarness(killed_at_rest) as harness:
        assert harness.host.now() == at(20)  # The clock restarts at midnight, but time never goes back.
        assert await harness.status("purged") == "unknown"
        assert await harness.status("terminated") == "Terminated"
        assert await harness.status("suspended") == "Suspended"
        assert (await harness.output("was-told"))["decision"] == {"approved": True}  # sent by another orchestration
        await harness.host.run_until(at(24))
        assert await harness.status("delayed") == "Pending"
        await harness.host.run_until(at(31))
        assert await harness.output("delayed") == ["2026-11-16T00:26:00"]
        assert await harness.output("waits") == {"state": "expired", "at": "2026-11-16T00:30:00"}
        await harness.host.run_until(at(41))
        assert await harness.output("parent") == {"child said": ["2026-11-16T00:40:00"]}
        assert await harness.manage("POST", "/suspended/resume") == 202
        assert (await harness.output("suspended"))["decision"] == "yes"
        await harness.host.run_until(at(100))
        assert await harness.output("generations") == {"woke": "2026-11-16T01:20:00", "kept": "kept over the kill"}
        app_log()


@async_test
async def test_a_missed_timer_trigger_runs_once(tmp_path: Path) -> None:
    async with HostHarness(tmp_path) as harness:
        await harness.host.run_until(at(7))
    app_log()
    later = await _timer_log_after_restart(tmp_path, minutes=52)
    assert later == ["sweep past_due=True", "sweep past_due=False", "sweep past_due=False", "hourly past_due=False"]


async def _timer_log_after_restart(state_dir: Path, minutes: float) -> list[str]:
    """The inputs that the triggers receive by 01:03 on a host that restarts at the given minute."""
    async with HostHarness(state_dir, clock=LocalClock(at(minutes))) as harness:
        await harness.host.run_until(at(63))
        return app_log()


@async_test
async def test_two_hosts_cannot_share_a_state_file(tmp_path: Path) -> None:
    async with HostHarness(tmp_path):
        with pytest.raises(StateInUseError, match="another host uses it"):
            make_engine(tmp_path)
