"""How the oracle judges approvals: a production upgrade requires an earlier approval for that cluster and image."""

import pytest

from tests.simulator.oracle.journal_builder import CONFIG, JournalBuilder, cluster

APPROVED = (
    CONFIG.replace("proven-nodes: 3}", "proven-nodes: 3, approval: {rings: [production], from: platform}}")
    + "people: {ana: {slack: U0ANA}, ben: {slack: U0BEN}, cleo: {slack: U0CLEO}}\ngroups: {platform: [ana, ben]}\n"
)
TEXT = "*shop-prod*  3 nodes · AKSUbuntu-2204gen2containerd-202610.29.0 → 202611.05.0: system"
FOUND = ("not-approved: shop-prod/system at 2026-11-17 23:01:00 UTC",)


def builder(*clicks: tuple[str, str, str, str]) -> JournalBuilder:
    """Upgrades pre-production on Monday and production on Tuesday night. Each click is (user, when, text, action)."""
    built = JournalBuilder(cluster("dev", "dev"), cluster("shop-prod", "prod"))
    built.upgrade("dev/system", "mon 22:00")
    for user, when, text, action in clicks:
        built.click(user, when, text, action)
    built.upgrade("shop-prod/system", "tue 23:01")
    return built


def test_an_earlier_approval_is_sufficient() -> None:
    assert builder(("U0ANA", "tue 10:00", TEXT, "approve")).verdict(APPROVED).violations == ()


@pytest.mark.parametrize(
    "click",
    [
        ("U0CLEO", "tue 10:00", TEXT, "approve"),
        ("U0ANA", "tue 10:00", TEXT, "reject"),
        ("U0ANA", "tue 23:30", TEXT, "approve"),
        ("U0ANA", "tue 10:00", TEXT.replace("shop-prod", "shop-prod-2"), "approve"),
        ("U0ANA", "tue 10:00", TEXT.replace("202611.05.0", "202610.30.0"), "approve"),
    ],
    ids=["not an approver", "a rejection", "afterwards", "another cluster", "another image"],
)
def test_a_missing_approval_is_a_violation(click: tuple[str, str, str, str]) -> None:
    assert builder(click).verdict(APPROVED).violations == FOUND


def test_two_approvals_require_two_people() -> None:
    config = APPROVED.replace("from: platform", "from: platform, of: 2")
    once = ("U0ANA", "tue 10:00", TEXT, "approve")
    assert builder(once, once).verdict(config).violations == FOUND
    assert builder(once, ("U0BEN", "tue 11:00", TEXT, "approve")).verdict(config).violations == ()


def test_no_approval_is_required_without_an_approval_rule() -> None:
    assert builder().verdict(CONFIG).violations == ()
    assert builder().verdict(APPROVED).violations == FOUND
