"""Which ring a cluster belongs to, and when clusters in that ring can be disrupted."""

from datetime import time

import pytest

from ops.model.calendar import Window
from ops.policy.rings import ring_of
from ops.policy.select import matches, ring_window
from ops.settings import Settings
from ops.settings.fields import TagValues
from ops.settings.fleet import FleetSettings, Ring
from ops.settings.node_image import NodeImageSettings
from ops.settings.select import Select
from tests.fakes import cluster

PROD = cluster("shop-prod", tags={"env": "prod", "Team": "web"}, resource_group="rg-Shop-prod")
SUBSCRIPTION = PROD.subscription
OTHER = "99999999-0000-0000-0000-00000000000A"


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        (Select(tags={"env": TagValues({"prod"})}), True),
        (Select(tags={"ENV": TagValues({"test", "prod"})}), True),
        (Select(tags={"env": TagValues({"PROD"})}), False),
        (Select(tags={"env": TagValues({"prod"}), "team": TagValues({"web"})}), True),
        (Select(tags={"env": TagValues({"prod"}), "team": TagValues({"shop"})}), False),
        (Select(tags={"owner": TagValues({"prod"})}), False),
        (Select(names=("shop-*",)), True),
        (Select(names=("SHOP-prod",)), True),
        (Select(names=("pay-*", "shop-*")), True),
        (Select(names=("shop",)), False),
        (Select(regions=("West Europe",)), True),
        (Select(regions=("northeurope",)), False),
        (Select(names=("shop-*",), regions=("northeurope",)), False),
        (Select(subscriptions=(SUBSCRIPTION.upper(),)), True),
        (Select(subscriptions=(OTHER, SUBSCRIPTION)), True),
        (Select(subscriptions=(OTHER,)), False),
        (Select(resource_groups=("RG-shop-*",)), True),
        (Select(resource_groups=("rg-shop",)), False),
        (Select(tags={"env": TagValues({"prod"})}, resource_groups=("rg-pay-*",)), False),
        (Select(tags={"env": TagValues({"prod"})}, subscriptions=(OTHER,)), False),
        (Select(), False),
    ],
)
def test_every_specified_part_of_a_selector_must_match(select: Select, *, expected: bool) -> None:
    assert matches(select, PROD) is expected


def test_a_subscription_is_compared_without_regard_to_case() -> None:
    assert matches(Select(subscriptions=(OTHER.lower(),)), cluster(subscription=OTHER))


def test_a_cluster_belongs_to_the_last_matching_ring_or_to_none() -> None:
    rings = (Ring("shops", Select(names=("shop-*",))), Ring("production", Select(names=("*-prod",))))
    configured = Settings(FleetSettings((), rings))
    assert ring_of(cluster("shop-prod"), configured) == rings[1]
    assert ring_of(cluster("shop-dev"), configured) == rings[0]
    assert ring_of(cluster("pay-dev"), configured) is None


NIGHTS = Window("nights", frozenset({0}), time(22), time(5), "UTC")
EVENINGS = Window("evenings", frozenset({0}), time(18), time(22), "UTC")
NODE_IMAGE = NodeImageSettings(NIGHTS)


def configured(node_image: NodeImageSettings | None) -> Settings:
    return Settings(FleetSettings((), ()), sections={} if node_image is None else {"node-image": node_image})


def test_a_rings_window_overrides_the_runbooks_window() -> None:
    assert ring_window(configured(NODE_IMAGE), Ring("a", Select(), EVENINGS)) is EVENINGS
    assert ring_window(configured(NODE_IMAGE), Ring("a", Select())) is NIGHTS


def test_a_ring_without_a_window_causes_an_error_that_names_the_ring() -> None:
    with pytest.raises(ValueError, match="ring production has no window"):
        ring_window(configured(None), Ring("production", Select()))
