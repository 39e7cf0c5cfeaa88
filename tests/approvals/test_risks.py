"""A plan's risk determines which rule applies (docs/approvals.md, rule 1; docs/node-image.md, rule 7)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.approvals.helpers import ROLLOUT, assessed, configure, requests
from tests.approvals.story import config, production
from tests.driving import DrivenRun, pass_time, world_with
from tests.fakes import cluster, pool


def assessed_in_window(rule: str, *pools: Any) -> DrivenRun:
    """The run of a production cluster with these pools, executed within its window until it waits or begins a step."""
    return assessed(world_with(cluster("shop-prod", *pools, env="prod"), config(rule)))


@pytest.mark.parametrize("changes", [{"spot": True}, {"max_surge": "0"}, {"max_surge": "0%"}])
def test_a_pool_without_surge_nodes_is_upgraded_in_place(changes: dict[str, Any]) -> None:
    run = assessed_in_window("[{risk: [in-place], from: platform}]", pool("user1"), pool("user2", **changes))
    assert not run.at_first_step
    assert run.record.plan is not None
    assert run.record.plan.risk == "in-place"


@pytest.mark.parametrize("max_surge", ["", "1", "33%"])
def test_a_rule_for_a_different_risk_does_not_apply(max_surge: str) -> None:
    run = assessed_in_window("[{risk: [in-place], from: platform}]", pool("user1", max_surge=max_surge))
    assert run.at_first_step


def in_ring(rule: str) -> list[list[str]]:
    """The clusters in each request for a ring in which one cluster's nodes are upgraded in place."""
    world = production(rule, "shop-a", "shop-b")
    configure(world, rule)
    first, second = world.clusters.fleet.values()
    world.clusters.put(replace(second, pools=(replace(second.pools[0], spot=True),)))
    driven = tuple(assessed(world, each, ROLLOUT) for each in (first, second))
    pass_time(world, driven, timedelta(minutes=6))
    return [[part.target_name for part in request.active_parts] for request in requests(world)]


def test_one_rule_leads_to_one_request_for_a_ring_whatever_the_risk_of_its_plans() -> None:
    assert in_ring("{from: platform}") == [["shop-a", "shop-b"]]


def test_rules_for_separate_risks_lead_to_one_request_each() -> None:
    rules = "[{risk: [in-place], from: leads}, {risk: [surge], from: platform}]"
    assert sorted(in_ring(rules)) == [["shop-a"], ["shop-b"]]
