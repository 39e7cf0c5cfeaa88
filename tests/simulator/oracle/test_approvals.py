"""What the oracle makes of presses: an upgrade in production needs somebody's yes to that cluster and image, before."""

import pytest

from tests.simulator.oracle.story import CONFIG, Story, cluster

APPROVED = (
    CONFIG.replace("proven-nodes: 3}", "proven-nodes: 3, approval: {rings: [production], from: platform}}")
    + "people: {ana: {slack: U0ANA}, ben: {slack: U0BEN}, cleo: {slack: U0CLEO}}\ngroups: {platform: [ana, ben]}\n"
)
TEXT = "*shop-prod*  3 nodes · AKSUbuntu-2204gen2containerd-202610.29.0 → 202611.05.0: system"
FOUND = ("not-approved: shop-prod/system at 2026-11-17 23:01:00 UTC",)


def story(*presses: tuple[str, str, str, str]) -> Story:
    """Pre-production on Monday, production on Tuesday night, and what people pressed: (user, when, text, action)."""
    told = Story(cluster("dev", "dev"), cluster("shop-prod", "prod"))
    told.upgrade("dev/system", "mon 22:00")
    for user, when, text, action in presses:
        told.pressed(user, when, text, action)
    told.upgrade("shop-prod/system", "tue 23:01")
    return told


def test_a_yes_beforehand_is_enough() -> None:
    assert story(("U0ANA", "tue 10:00", TEXT, "approve")).verdict(APPROVED).violations == ()


@pytest.mark.parametrize(
    "press",
    [
        ("U0CLEO", "tue 10:00", TEXT, "approve"),
        ("U0ANA", "tue 10:00", TEXT, "reject"),
        ("U0ANA", "tue 23:30", TEXT, "approve"),
        ("U0ANA", "tue 10:00", TEXT.replace("shop-prod", "shop-prod-2"), "approve"),
        ("U0ANA", "tue 10:00", TEXT.replace("202611.05.0", "202610.30.0"), "approve"),
    ],
    ids=["no approver", "a no", "afterwards", "another cluster", "another image"],
)
def test_what_is_no_yes_to_this_is_found(press: tuple[str, str, str, str]) -> None:
    assert story(press).verdict(APPROVED).violations == FOUND


def test_two_have_to_be_two_people() -> None:
    config = APPROVED.replace("from: platform", "from: platform, of: 2")
    once = ("U0ANA", "tue 10:00", TEXT, "approve")
    assert story(once, once).verdict(config).violations == FOUND
    assert story(once, ("U0BEN", "tue 11:00", TEXT, "approve")).verdict(config).violations == ()


def test_where_nobody_has_to_be_asked_nothing_is_missed() -> None:
    assert story().verdict(CONFIG).violations == ()
    assert story().verdict(APPROVED).violations == FOUND
