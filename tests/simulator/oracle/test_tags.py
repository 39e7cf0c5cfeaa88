"""How the oracle judges changes of tags: what loosens the rules applies only after an approval (docs/tags.md)."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given

from ops.policy.placement import effective_tags
from simulator.oracle.config import read
from simulator.oracle.tags import applied_tags
from simulator.world.journal import Kind
from simulator.world.specs import ClusterSpec
from tests.policy.test_placement import CONFIG as PLACED
from tests.policy.test_placement import GROUPS, SETTINGS, TAGS, with_tags
from tests.simulator.oracle.journal_builder import CONFIG, JournalBuilder, cluster

CONFIGURED = (
    CONFIG.replace("proven-nodes: 3}", "proven-nodes: 3, approval: {rings: [production], from: platform}}")
    + 'power: [{select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}]\n'
    + "people: {ana: {slack: U0ANA}, ben: {slack: U0BEN}, cleo: {slack: U0CLEO}}\ngroups: {platform: [ana, ben]}\n"
)
SHOP = ("shop-prod", "mon 10:01")
TEXT = "*shop-prod*  accept env: 'prod' → 'dev' · ring: production → pre-production"
STOPPED = "unscheduled-stop: shop-prod at 2026-11-16 19:00:00 UTC"


def retag(builder: JournalBuilder, name: str, when: str, tags: Mapping[str, str], *, created: bool = False) -> None:
    builder.add(when, Kind.CLUSTER_TAGS, name, tags=json.dumps(dict(tags)), who="mallory", created=created)


def retagged(*, created: bool = False) -> JournalBuilder:
    """A production cluster that gets the tag of pre-production on Monday at 10:01, and is stopped at 19:00."""
    builder = JournalBuilder(cluster("dev", "dev"), cluster("shop-prod", "prod"))
    retag(builder, *SHOP, {"env": "dev"}, created=created)
    builder.power("shop-prod", "stop", "mon 19:00", "mon 19:05")
    return builder


def codes(builder: JournalBuilder, name: str = "shop-prod") -> list[str]:
    """What the oracle objects to in Daytwo's operations on a cluster; not what Daytwo left undone."""
    found = builder.verdict(CONFIGURED).violations
    return [each for each in found if f" {name}" in each and not each.startswith(("awake-", "asleep-"))]


def test_stopping_a_production_cluster_because_of_its_new_tag_is_a_violation() -> None:
    assert codes(retagged()) == [STOPPED]


def test_upgrading_a_production_cluster_in_the_first_rings_window_is_a_violation() -> None:
    builder = JournalBuilder(cluster("dev", "dev"), cluster("shop-prod", "prod"))
    retag(builder, *SHOP, {"env": "dev"})
    builder.upgrade("shop-prod/system", "mon 22:00")
    place = "shop-prod/system at 2026-11-16 22:00:00 UTC"
    assert {"unproven", "not-approved"} <= {each.split(":")[0] for each in codes(builder) if each.endswith(place)}


def test_a_cluster_moves_with_the_approval_of_its_old_rings_approvers() -> None:
    builder = retagged()
    builder.click("U0ANA", "mon 11:00", TEXT)
    assert codes(builder) == []


@pytest.mark.parametrize(
    "click",
    [
        ("U0CLEO", "mon 11:00", TEXT, "approve"),
        ("U0ANA", "mon 11:00", TEXT, "reject"),
        ("U0ANA", "mon 09:00", TEXT, "approve"),
        ("U0ANA", "mon 19:01", TEXT, "approve"),
        ("U0ANA", "mon 11:00", TEXT.replace("shop-prod", "shop-prod-2"), "approve"),
        ("U0ANA", "mon 11:00", TEXT.replace("'dev'", "'test'"), "approve"),
    ],
    ids=["not an approver", "a rejection", "before the change", "afterwards", "another cluster", "another tag"],
)
def test_a_move_without_the_right_approval_is_a_violation(click: tuple[str, str, str, str]) -> None:
    builder = retagged()
    builder.click(*click)
    assert codes(builder) == [STOPPED]


def test_a_cluster_that_is_created_again_is_operated_by_its_new_tags() -> None:
    assert codes(retagged(created=True)) == []


def test_a_tag_that_lengthens_the_sleep_does_not_apply() -> None:
    builder = JournalBuilder(cluster("dev", "dev"), cluster("shop-prod", "prod"))
    retag(builder, "dev", "mon 10:01", {"env": "dev", "daytwo-awake": "mon-fri 09:00-12:00"})
    builder.power("dev", "stop", "mon 12:15", "mon 12:20")
    assert codes(builder, "dev") == ["unscheduled-stop: dev at 2026-11-16 12:15:00 UTC"]


def test_a_stricter_tag_that_a_check_has_seen_cannot_be_taken_back() -> None:
    builder = JournalBuilder(cluster("dev", "dev"), cluster("other", "dev"))
    for minutes in ("10:10", "10:20"):
        retag(builder, "other", f"mon {minutes}", {"env": "prod" if minutes == "10:10" else "dev"})
    builder.power("other", "stop", "mon 19:00", "mon 19:05")
    assert codes(builder, "other") == ["unscheduled-stop: other at 2026-11-16 19:00:00 UTC"]


def test_a_stricter_tag_between_two_checks_changes_nothing() -> None:
    builder = JournalBuilder(cluster("dev", "dev"), cluster("other", "dev"))
    retag(builder, "other", "mon 10:01", {"env": "prod"})
    retag(builder, "other", "mon 10:09", {"env": "dev"})
    builder.power("other", "stop", "mon 19:00", "mon 19:05")
    assert codes(builder, "other") == []


def test_the_last_ring_that_selects_a_cluster_applies() -> None:
    config = CONFIGURED.replace("select: {tags: {env: prod}}", "select: {names: [shop-*]}")
    builder = JournalBuilder(cluster("dev", "dev"), cluster("shop-dev", "dev"))
    builder.power("shop-dev", "stop", "mon 19:00", "mon 19:05")
    assert "unscheduled-stop: shop-dev at 2026-11-16 19:00:00 UTC" in builder.verdict(config).violations


@given(TAGS, TAGS, GROUPS)
def test_the_oracle_and_the_bot_agree_on_the_tags_that_apply(
    accepted: dict[str, str], current: dict[str, str], group: str
) -> None:
    """Both are written from the same page and share no code."""
    spec = ClusterSpec("shop", "westeurope", (), resource_group=group)
    expected = applied_tags(read(PLACED), spec, accepted, current)
    assert effective_tags(accepted, current, with_tags(current, group), SETTINGS) == expected
