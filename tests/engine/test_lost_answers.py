"""An upgrade whose answer was lost is followed by the pool's own state, to either end."""

from dataclasses import replace

import pytest

from ops.engine.run_starter import start_run
from ops.model.run import State
from ops.model.run_request import RunRequest
from ops.tables.runs import runs
from tests.engine.upgrading import IN_WINDOW
from tests.fakes import World, cluster, pool
from tests.in_memory_engine import Double


@pytest.mark.parametrize(
    ("left_by_azure", "code", "why"),
    [
        (
            ("SubnetIsFull", "Subnet nodes has no address left."),
            "SubnetIsFull",
            "user1: the upgrade of user1 ended as Failed: SubnetIsFull: Subnet nodes has no address left.",
        ),
        (("", ""), "UpgradeFailed", "user1: the upgrade of user1 ended as Failed"),
    ],
)
def test_its_failure_is_told_in_azures_own_words_where_azure_keeps_them(
    left_by_azure: tuple[str, str], code: str, why: str
) -> None:
    by = World()
    by.clock.at = IN_WINDOW
    by.clusters.put(cluster("shop-dev", pool("user1")))
    by.clusters.lose_answers = 1
    (only,) = by.clusters.fleet.values()

    def fails(activity: str) -> None:
        if activity == "poll":
            now = by.clusters.fleet[only.id]
            error_code, error = left_by_azure
            failed = tuple(
                replace(each, provisioning_state="Failed", error_code=error_code, error=error) for each in now.pools
            )
            by.clusters.put(replace(now, provisioning_state="Succeeded", pools=failed))

    run, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "2026-w47", IN_WINDOW, "http", "ana"))
    Double(by, fails).run("operation", {"run": run.id})
    ended = runs(by.store).must_get(run.id).value
    assert (ended.state, ended.code, ended.why) == (State.FAILED, code, why)
    assert by.clusters.begun == ["upgrade user1"]
