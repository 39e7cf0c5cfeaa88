"""When the response to an upgrade request is lost, the upgrade is followed through the pool's state."""

from dataclasses import replace

import pytest

from ops.model.run import State
from tests.driving import IN_WINDOW, start, world_with
from tests.fakes import CONFIG, cluster, pool


@pytest.mark.parametrize(
    ("error", "code", "why"),
    [
        (
            ("SubnetIsFull", "Subnet nodes has no address left."),
            "SubnetIsFull",
            "user1: the upgrade of user1 failed: SubnetIsFull: Subnet nodes has no address left.",
        ),
        (
            ("", ""),
            "UpgradeFailed",
            "user1: the upgrade of user1 failed: UpgradeFailed: Azure reports the pool as Failed",
        ),
    ],
)
def test_an_upgrades_failure_is_reported_with_the_error_that_azure_stores_on_the_pool(
    error: tuple[str, str], code: str, why: str
) -> None:
    world = world_with(cluster("shop-dev", pool("user1")), CONFIG, IN_WINDOW)
    world.clusters.lose_answers = 1

    def fail(activity: str) -> None:
        if activity == "poll":
            now = world.clusters.only
            failed = tuple(
                replace(each, provisioning_state="Failed", error_code=error[0], error=error[1]) for each in now.pools
            )
            world.clusters.put(replace(now, provisioning_state="Succeeded", pools=failed))

    ended = start(world).to_end(fail)
    assert (ended.state, ended.code, ended.why) == (State.FAILED, code, why)
    assert world.clusters.begun == ["upgrade user1"]
