"""The record of accepted tags: first sight, what is held, and clusters that are created again (docs/tags.md, rules 1, 2 and 5)."""

from dataclasses import replace
from datetime import timedelta

from ops.model.tags import AcceptedTags, HeldTags, TagChange
from ops.policy.accepted_tags import identify, next_record, with_effective_tags
from tests.fakes import MONDAY, cluster, settings

SETTINGS = settings()
PROD = cluster("shop", tags={"env": "prod"}, resource_uid="a1")
DEV = replace(PROD, tags={"env": "dev"})
LATER = MONDAY + timedelta(hours=1)
FIRST = AcceptedTags({"env": "prod"}, "a1", MONDAY)


def test_the_tags_at_first_sight_are_accepted() -> None:
    assert with_effective_tags(PROD, None, SETTINGS) == PROD
    assert next_record(None, PROD, SETTINGS, MONDAY) == FIRST


def test_a_looser_change_is_held_since_the_first_scan_that_has_seen_it() -> None:
    assert with_effective_tags(DEV, FIRST, SETTINGS) == replace(PROD, held_tags=HeldTags({"env": "dev"}, None))
    held = next_record(FIRST, DEV, SETTINGS, LATER)
    assert (held.tags, held.held_since) == ({"env": "prod"}, LATER)
    assert with_effective_tags(DEV, held, SETTINGS).held_tags == HeldTags({"env": "dev"}, LATER)
    assert next_record(held, DEV, SETTINGS, LATER + timedelta(hours=1)) == held


def test_another_looser_change_is_held_since_it_was_seen() -> None:
    held = next_record(FIRST, DEV, SETTINGS, LATER)
    other = next_record(held, replace(PROD, tags={}), SETTINGS, LATER + timedelta(hours=1))
    assert (other.tags, other.held_since) == ({"env": "prod"}, LATER + timedelta(hours=1))
    assert other.held != held.held


def test_nothing_is_held_after_the_tags_are_changed_back() -> None:
    held = next_record(FIRST, DEV, SETTINGS, LATER)
    back = next_record(held, PROD, SETTINGS, LATER + timedelta(hours=1))
    assert (back.tags, back.held, back.held_since) == ({"env": "prod"}, "", None)


def test_a_stricter_change_is_accepted_and_changing_it_back_is_held() -> None:
    accepted = next_record(None, DEV, SETTINGS, MONDAY)
    stricter = next_record(accepted, PROD, SETTINGS, LATER)
    assert (stricter.tags, stricter.held) == ({"env": "prod"}, "")
    assert next_record(stricter, DEV, SETTINGS, LATER).tags == {"env": "prod"}


def test_a_cluster_that_is_created_again_is_seen_for_the_first_time() -> None:
    again = replace(DEV, resource_uid="b2")
    assert with_effective_tags(again, FIRST, SETTINGS) == again
    assert next_record(FIRST, again, SETTINGS, LATER) == AcceptedTags({"env": "dev"}, "b2", LATER)


def test_a_cluster_without_an_id_of_its_creation_is_not_taken_for_a_new_one() -> None:
    unknown = replace(DEV, resource_uid="")
    assert with_effective_tags(unknown, FIRST, SETTINGS).tags == {"env": "prod"}
    assert next_record(FIRST, unknown, SETTINGS, LATER).resource_uid == "a1"
    nameless = replace(FIRST, resource_uid="")
    assert next_record(nameless, DEV, SETTINGS, LATER).resource_uid == "a1"


def test_a_change_of_the_configuration_alone_does_not_hold_anything() -> None:
    """The rules apply to both sides: what the configuration gives the accepted tags is not a change of tags."""
    text = "fleet:\n  subscriptions: [00000000-0000-0000-0000-000000000000]\n  rings:\n    - {name: a, select: {tags: {env: qa}}}\n"
    assert with_effective_tags(PROD, FIRST, settings(text)) == PROD


def test_the_record_says_when_it_last_changed() -> None:
    assert next_record(FIRST, PROD, SETTINGS, LATER) == FIRST
    assert next_record(FIRST, DEV, SETTINGS, LATER).at == LATER


def test_a_scan_sees_the_current_tags_even_of_a_cluster_whose_tags_are_held() -> None:
    held = next_record(FIRST, DEV, SETTINGS, LATER)
    effective = with_effective_tags(DEV, held, SETTINGS)
    assert next_record(held, effective, SETTINGS, LATER + timedelta(hours=1)) == held


def test_a_scan_judges_the_current_tags_of_a_cluster_whose_tags_are_held() -> None:
    effective = replace(PROD, held_tags=HeldTags({"env": "dev", "note": "x"}, MONDAY))
    record = next_record(FIRST, effective, SETTINGS, LATER)
    assert record.tags == {"env": "prod", "note": "x"}


def test_a_held_change_is_identified_by_sixteen_digits_and_not_by_the_case_of_its_key() -> None:
    change = TagChange("env", "prod", "dev")
    assert len(identify((change,))) == 16
    assert identify((change,)) == identify((replace(change, key="ENV"),))
    assert identify((change,)) != identify((replace(change, new="test"),))
    assert identify((change,)) != identify((replace(change, old="test"),))
    assert identify(()) == ""
