"""What tags give a cluster, and which changes of tags apply at once (docs/tags.md, rules 3 and 4)."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.model.fleet import Cluster
from ops.model.tags import HeldTags
from ops.policy.placement import (
    Placement,
    RequiredApproval,
    differences,
    effective_tags,
    is_looser,
    placement_of,
    selected_tags,
    stricter_ring,
)
from tests.fakes import cluster, settings

CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: [dev, test]}}}
    - {name: early, select: {tags: {env: prod, tier: [low, none]}}}
    - {name: production, select: {tags: {env: prod, tier: high}}}
    - {name: core, select: {tags: {core: "yes"}, resource-groups: [rg-core]}}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}
node-image:
  window: nights
  approval:
    - {rings: [early], from: [ana, ben], of: 2}
    - {rings: [production], from: [ana, cleo]}
    - {rings: [core], from: [ana, ben, cleo], of: 2}
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 08:00-18:00", zone: UTC}
  - {select: {tags: {env: test}}, zone: UTC}
chat:
  slack:
    channel: C0123
    routes:
      - {select: {tags: {team: web}}, channel: C0456}
      - {select: {tags: {audit: "yes"}}, channel: C0789}
identity: {slack-team: T0DAYTWO}
people:
  ana: {slack: U0ANA}
  ben: {slack: U0BEN}
  cleo: {slack: U0CLEO}
"""
SETTINGS = settings(CONFIG)
VALUES = {
    "env": ("dev", "test", "prod", "PROD", "qa"),
    "tier": ("low", "none", "high"),
    "team": ("web", "shop"),
    "audit": ("yes", "no"),
    "core": ("yes",),
    "daytwo-awake": ("mon-fri 09:00-12:00", "mon-sun 00:00-23:00", "always", "sat 03:00-03:05"),
    "cost-center": ("7", "8"),
}
TAGS = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in VALUES.items()})
GROUPS = st.sampled_from(("rg-shop", "rg-core"))


def with_tags(tags: Mapping[str, str], group: str = "rg-shop") -> Cluster:
    return cluster("shop", tags=tags, resource_group=group)


def placed(tags: Mapping[str, str], group: str = "rg-shop") -> Placement:
    return placement_of(with_tags(tags, group), SETTINGS)


def looser(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [each.text for each in differences(placed(before), placed(after)) if each.is_looser]


HIGH = {"env": "prod", "tier": "high"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (HIGH, {**HIGH, "cost-center": "7"}, []),
        (HIGH, {"env": "dev"}, "ring: production → pre-production"),
        (HIGH, {}, "ring: production → no ring"),
        (
            {"env": "prod", "tier": "low"},
            HIGH,
            "approval of node-image: 2 of ana, ben, the requester included → 1 of ana, cleo, the requester included",
        ),
        (HIGH, {**HIGH, "team": "web"}, "channels: slack the default channel → slack C0456"),
        ({**HIGH, "team": "web"}, HIGH, "channels: slack C0456 → slack the default channel"),
        ({**HIGH, "team": "web"}, {**HIGH, "team": "web", "audit": "yes"}, []),
        ({"env": "test"}, {"env": "dev"}, "awake per week: 168 h → 50 h"),
        ({"env": "dev"}, {"env": "test"}, []),
        ({"env": "dev"}, {"env": "dev", "daytwo-awake": "mon-fri 09:00-12:00"}, "awake per week: 50 h → 15 h"),
        ({"env": "dev", "daytwo-awake": "mon-fri 09:00-12:00"}, {"env": "dev"}, []),
        ({}, {"env": "test"}, []),
        ({}, {"env": "dev"}, "awake per week: 168 h → 50 h"),
        ({"env": "dev"}, HIGH, []),
    ],
)
def test_a_change_is_looser_if_it_takes_away_protection_or_information(
    before: Mapping[str, str], after: Mapping[str, str], expected: str | list[str]
) -> None:
    found = looser(before, after)
    assert (found == []) if expected == [] else (expected in found)


@given(TAGS, TAGS, TAGS)
def test_two_changes_that_loosen_nothing_do_not_loosen_anything_together(
    one: dict[str, str], two: dict[str, str], three: dict[str, str]
) -> None:
    first, second, third = placed(one), placed(two), placed(three)
    assert is_looser(first, third) is False or is_looser(first, second) or is_looser(second, third)


@given(TAGS, st.lists(TAGS, max_size=6), GROUPS)
def test_no_sequence_of_edits_places_a_cluster_more_loosely_than_accepted(
    accepted: dict[str, str], edits: list[dict[str, str]], group: str
) -> None:
    """The scan records what applies after every edit; that record never becomes looser either."""
    record = accepted
    for current in edits:
        applied = effective_tags(record, current, with_tags(current, group), SETTINGS)
        assert not is_looser(placed(record, group), placed(applied, group))
        assert set(applied.items()) <= {*record.items(), *current.items()}
        record = applied
    assert not is_looser(placed(accepted, group), placed(record, group))


@given(TAGS, TAGS, GROUPS)
def test_tags_that_are_changed_back_restore_what_applied(
    accepted: dict[str, str], edit: dict[str, str], group: str
) -> None:
    """As long as no scan has accepted a stricter change in between."""
    held = effective_tags(accepted, edit, with_tags(edit, group), SETTINGS)
    assert effective_tags(accepted, accepted, with_tags(accepted, group), SETTINGS) == accepted
    if placed(held, group) == placed(accepted, group):
        back = effective_tags(held, accepted, with_tags(accepted, group), SETTINGS)
        assert placed(back, group) == placed(accepted, group)


@given(TAGS, TAGS)
def test_what_loosens_nothing_as_a_whole_applies_as_a_whole(accepted: dict[str, str], edit: dict[str, str]) -> None:
    if not is_looser(placed(accepted), placed(edit)):
        assert effective_tags(accepted, edit, with_tags(edit), SETTINGS) == edit


def test_each_change_that_loosens_nothing_applies_while_the_others_are_held() -> None:
    accepted = {**HIGH, "team": "web"}
    edit = {"ENV": "dev", "tier": "high", "team": "shop", "cost-center": "7"}
    applied = effective_tags(accepted, edit, with_tags(edit), SETTINGS)
    assert applied == {"env": "prod", "tier": "high", "team": "web", "cost-center": "7"}


def test_a_tag_can_change_once_another_one_has_taken_over_its_effect() -> None:
    edit = {"core": "yes"}
    applied = effective_tags(HIGH, edit, with_tags(edit, "rg-core"), SETTINGS)
    assert (applied, placed(applied, "rg-core").ring) == (edit, "core")
    assert effective_tags(HIGH, edit, with_tags(edit), SETTINGS) == {**HIGH, "core": "yes"}


def test_only_the_tags_that_the_configuration_reads_are_part_of_a_plan() -> None:
    assert selected_tags({"Env": "prod", "cost-center": "7"}, SETTINGS) == {
        "audit": None,
        "core": None,
        "daytwo-awake": None,
        "env": "prod",
        "team": None,
        "tier": None,
    }


def test_the_stricter_of_both_rings_decides() -> None:
    held = replace(with_tags({"env": "prod", "tier": "low"}), held_tags=HeldTags(HIGH))
    assert stricter_ring(held, SETTINGS) == "production"
    assert stricter_ring(replace(with_tags(HIGH), held_tags=HeldTags({})), SETTINGS) == "production"


@pytest.mark.parametrize(("env", "rank"), [("qa", 0), ("dev", 1)])
def test_rings_are_ranked_from_one_and_no_ring_is_zero(env: str, rank: int) -> None:
    assert placed({"env": env}).rank == rank


def test_a_change_that_another_one_makes_harmless_applies_after_it() -> None:
    """Both routes lead to one channel, so `alpha` can be removed once `beta` is set."""
    routes = "\n".join(f"      - {{select: {{tags: {{{key}: a}}}}, channel: C0456}}" for key in ("alpha", "beta"))
    configured = settings(CONFIG.replace("      - {select: {tags: {team: web}}, channel: C0456}", routes))
    current = {"env": "dev", "tier": "high", "beta": "a"}
    applied = effective_tags({**HIGH, "alpha": "a"}, current, with_tags(current), configured)
    assert applied == {"env": "prod", "tier": "high", "beta": "a"}


def test_approvals_are_compared_for_each_risk() -> None:
    configured = settings(CONFIG.replace("{rings: [early], from: [ana, ben], of: 2}", "{risk: [drain], from: ana}"))
    found = placement_of(with_tags({"env": "prod", "tier": "low"}), configured).approvals
    assert found == {("node-image", "drain"): RequiredApproval(frozenset({"ana"}), 1, allows_self=True)}


ONE = RequiredApproval(frozenset({"ana"}), 1, allows_self=False)
BOTH = RequiredApproval(frozenset({"ana", "ben"}), 1, allows_self=False)
PLAIN = Placement("production", 2, {}, frozenset({"slack|C1"}), 600)


def approved_by(*approvals: RequiredApproval | None, risk: str = "drain") -> Placement:
    (only,) = approvals
    return replace(PLAIN, approvals={} if only is None else {("node-image", risk): only})


@pytest.mark.parametrize(
    ("before", "after", "text", "is_looser"),
    [
        (None, ONE, "none → 1 of ana", False),
        (ONE, None, "1 of ana → none", True),
        (ONE, BOTH, "1 of ana → 1 of ana, ben", False),
        (BOTH, ONE, "1 of ana, ben → 1 of ana", True),
        (ONE, replace(ONE, needed=2), "1 of ana → 2 of ana", False),
        (replace(ONE, needed=2), ONE, "2 of ana → 1 of ana", True),
        (ONE, replace(ONE, allows_self=True), "1 of ana → 1 of ana, the requester included", True),
        (replace(ONE, allows_self=True), ONE, "1 of ana, the requester included → 1 of ana", False),
        (replace(BOTH, allows_self=True), replace(BOTH, needed=2, allows_self=True), None, False),
        (ONE, replace(ONE, people=frozenset()), "1 of ana → 1 of no one", True),
    ],
)
def test_less_approval_is_looser(
    before: RequiredApproval | None, after: RequiredApproval | None, text: str | None, *, is_looser: bool
) -> None:
    (found,) = differences(approved_by(before), approved_by(after))
    assert found.is_looser is is_looser
    assert text is None or found.text == f"approval of node-image (drain): {text}"


def test_risks_that_change_alike_are_reported_together() -> None:
    risks = ("surge", "in-place", "drain", "forced")
    every = replace(PLAIN, approvals={("node-image", risk): ONE for risk in risks})
    assert [each.text for each in differences(PLAIN, every)] == ["approval of node-image: none → 1 of ana"]
    two = replace(PLAIN, approvals={("node-image", risk): ONE for risk in risks[:2]})
    assert [each.text for each in differences(PLAIN, two)] == [
        "approval of node-image (in-place, surge): none → 1 of ana"
    ]


@pytest.mark.parametrize(
    ("change", "text", "is_looser"),
    [
        ({"ring": "early", "rank": 1}, "ring: production → early", True),
        ({"ring": "", "rank": 0}, "ring: production → no ring", True),
        ({"ring": "core", "rank": 3}, "ring: production → core", False),
        ({"channels": frozenset({"slack|C1", "slack|C0"})}, "channels: slack C1 → slack C0, slack C1", False),
        ({"channels": frozenset({"slack|C0"})}, "channels: slack C1 → slack C0", True),
        ({"channels": frozenset()}, "channels: slack C1 → none", True),
        ({"awake_minutes": 90}, "awake per week: 10 h → 1.5 h", True),
        ({"awake_minutes": 660}, "awake per week: 10 h → 11 h", False),
    ],
)
def test_an_earlier_ring_fewer_channels_and_less_time_awake_are_looser(
    change: dict[str, object], text: str, *, is_looser: bool
) -> None:
    (found,) = differences(PLAIN, replace(PLAIN, **change))  # type: ignore[arg-type]  # fields by name
    assert (found.text, found.is_looser) == (text, is_looser)
