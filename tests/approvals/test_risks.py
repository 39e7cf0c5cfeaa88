"""By what a plan risks it is decided who is asked (docs/approvals.md, rule 1; docs/node-image.md, rule 7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ops.engine.run_starter import start_run
from ops.model.run_request import RunRequest
from tests.approvals.helpers import ROLLOUT, configure, requests
from tests.approvals.helpers import begun as begun_in
from tests.approvals.story import NOON, Driver, config, pass_time, production
from tests.fakes import World, cluster, pool


def begun(rule: str, *pools: Any) -> Driver:
    """The run of a production cluster with these pools, once it has done what it may do by itself in its window."""
    world = World(config=config(rule))
    world.clock.at = NOON.replace(hour=23)
    world.clusters.put(cluster("shop-prod", *pools, env="prod"))
    (only,) = world.clusters.fleet.values()
    signal = RunRequest("node-image", only.id, only.name, "2026-w47", NOON, "timer", "daytwo")
    driver = Driver(world, start_run(world.context, signal)[0].id)
    driver.go_on()
    return driver


@pytest.mark.parametrize("changes", [{"spot": True}, {"max_surge": "0"}, {"max_surge": "0%"}])
def test_a_pool_that_gets_no_extra_nodes_is_upgraded_in_place(changes: dict[str, Any]) -> None:
    driver = begun("[{risk: [in-place], from: platform}]", pool("user1"), pool("user2", **changes))
    assert not driver.begins
    assert driver.run.plan is not None
    assert driver.run.plan.risk == "in-place"


@pytest.mark.parametrize("max_surge", ["", "1", "33%"])
def test_where_every_pool_gets_extra_nodes_a_rule_for_others_asks_no_one(max_surge: str) -> None:
    driver = begun("[{risk: [in-place], from: platform}]", pool("user1", max_surge=max_surge))
    assert driver.begins


def in_ring(rule: str) -> list[list[str]]:
    """Whom the requests are for, of a ring in which one cluster's nodes are replaced in place."""
    world = production(rule, "shop-a", "shop-b")
    configure(world, rule)
    first, second = world.clusters.fleet.values()
    world.clusters.put(replace(second, pools=(replace(second.pools[0], spot=True),)))
    drivers = tuple(begun_in(world, each, ROLLOUT) for each in (first, second))
    pass_time(world, drivers, timedelta(minutes=6))
    return [[part.target_name for part in request.active_parts] for request in requests(world)]


def test_one_rule_asks_for_a_ring_at_once_whatever_its_plans_risk() -> None:
    assert in_ring("{from: platform}") == [["shop-a", "shop-b"]]


def test_rules_for_either_risk_ask_each_for_its_own() -> None:
    rules = "[{risk: [in-place], from: leads}, {risk: [surge], from: platform}]"
    assert sorted(in_ring(rules)) == [["shop-a"], ["shop-b"]]
