"""Rule 11 of node images: from when on the oracle holds an image as proven, in a tiny world for each case."""

from dataclasses import replace

from simulator.world.journal import Kind
from tests.simulator.oracle.story import NEW, NEWER, SYSTEM, Story, at, cluster


def test_rule_11_what_pre_production_does_not_run_is_unproven() -> None:
    story = Story(
        cluster("dev"), cluster("prod", "prod"), cluster("mariner", "prod", replace(SYSTEM, os_sku="AzureLinux"))
    )
    story.upgrade("dev/system", "mon 22:00")
    assert story.verdict().skipped == {"unproven": (("mariner", "system"),)}


def test_rule_11_another_kubernetes_minor_is_another_image() -> None:
    story = Story(cluster("dev"), cluster("prod", "prod", replace(SYSTEM, kubernetes_version="1.33.2")))
    story.upgrade("dev/system", "mon 22:00")
    assert story.verdict().skipped == {"unproven": (("prod", "system"),)}


def test_rule_11_too_few_nodes_prove_nothing_until_there_are_enough() -> None:
    small = replace(SYSTEM, nodes=2)
    story = Story(cluster("dev", "dev", small), cluster("test", "test", small), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    assert story.verdict().skipped == {"unproven": (("prod", "system"),)}
    story.upgrade("test/system", "tue 22:00")
    assert story.earliest("prod") == at("wed 23:00")


def test_rule_11_a_node_that_is_not_ready_at_a_sample_starts_the_count_anew() -> None:
    story = Story(cluster("dev"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.not_ready("dev/system/1", "tue 11:50", "tue 12:10")
    assert story.earliest("prod") == at("wed 22:00")


def test_rule_11_a_node_may_be_away_while_its_pool_is_upgraded() -> None:
    story = Story(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("test/system", "tue 00:30", "tue 01:10")
    story.tell("tue 00:50", Kind.NODE_LABEL, "test", "system", "system-0", image=NEW)
    story.not_ready("test/system/0", "tue 00:50", "tue 01:05")
    assert story.earliest("prod") == at("tue 23:00")


def test_rule_11_between_samples_nobody_looks() -> None:
    story = Story(cluster("dev"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.not_ready("dev/system/1", "tue 11:10", "tue 11:50")
    assert story.earliest("prod") == at("tue 23:00")


def test_rule_11_hours_asleep_neither_count_nor_break_the_chain() -> None:
    """Awake at the samples from 23:00 to 02:00 and from 18:00: 3 hours, then the eighth at 22:00 the day after."""
    story = Story(cluster("dev"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.power("dev", "stop", "tue 02:30", "tue 02:35", who="somebody")
    story.power("dev", "start", "tue 17:30", "tue 17:35", who="somebody")
    story.power("dev", "stop", "tue 20:30", "tue 20:35", who="somebody")
    story.power("dev", "start", "wed 20:30", "wed 20:35", who="somebody")
    assert story.earliest("prod") == at("wed 22:00")


def test_rule_11_what_is_newest_has_to_be_proven_not_what_was() -> None:
    story = Story(cluster("dev"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.landed("tue 10:00", NEWER)
    assert story.verdict().skipped == {"unproven": (("prod", "system"),)}
