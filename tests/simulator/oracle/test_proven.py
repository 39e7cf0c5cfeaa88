"""Node image rule 11: when the oracle considers an image proven, in a small world for each case."""

from dataclasses import replace

from simulator.world.journal import Kind
from tests.simulator.oracle.journal_builder import NEW, NEWER, SYSTEM, JournalBuilder, at, cluster


def test_rule_11_an_image_that_does_not_run_in_pre_production_is_unproven() -> None:
    builder = JournalBuilder(
        cluster("dev"), cluster("prod", "prod"), cluster("mariner", "prod", replace(SYSTEM, os_sku="AzureLinux"))
    )
    builder.upgrade("dev/system", "mon 22:00")
    assert builder.verdict().skipped == {"unproven": (("mariner", "system"),)}


def test_rule_11_each_kubernetes_minor_version_needs_its_own_proof() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod", replace(SYSTEM, kubernetes_version="1.33.2")))
    builder.upgrade("dev/system", "mon 22:00")
    assert builder.verdict().skipped == {"unproven": (("prod", "system"),)}


def test_rule_11_a_proof_requires_enough_nodes() -> None:
    small = replace(SYSTEM, nodes=2)
    builder = JournalBuilder(cluster("dev", "dev", small), cluster("test", "test", small), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    assert builder.verdict().skipped == {"unproven": (("prod", "system"),)}
    builder.upgrade("test/system", "tue 22:00")
    assert builder.earliest("prod") == at("wed 23:00")


def test_rule_11_an_unready_node_restarts_the_count() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.not_ready("dev/system/1", "tue 11:50", "tue 12:10")
    assert builder.earliest("prod") == at("wed 22:00")


def test_rule_11_unready_nodes_are_allowed_during_an_upgrade() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("test/system", "tue 00:30", "tue 01:10")
    builder.add("tue 00:50", Kind.NODE_LABEL, "test", "system", "system-0", image=NEW)
    builder.not_ready("test/system/0", "tue 00:50", "tue 01:05")
    assert builder.earliest("prod") == at("tue 23:00")


def test_rule_11_only_samples_count() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.not_ready("dev/system/1", "tue 11:10", "tue 11:50")
    assert builder.earliest("prod") == at("tue 23:00")


def test_rule_11_stopped_hours_neither_count_nor_restart_the_count() -> None:
    """The samples from 23:00 to 02:00 prove three hours, and each sample from 18:00 on adds one. The eighth is at 22:00 on Wednesday."""
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.power("dev", "stop", "tue 02:30", "tue 02:35", who="operator")
    builder.power("dev", "start", "tue 17:30", "tue 17:35", who="operator")
    builder.power("dev", "stop", "tue 20:30", "tue 20:35", who="operator")
    builder.power("dev", "start", "wed 20:30", "wed 20:35", who="operator")
    assert builder.earliest("prod") == at("wed 22:00")


def test_rule_11_a_sample_while_a_cluster_stops_is_incomplete_and_does_not_restart_the_count() -> None:
    small = replace(SYSTEM, nodes=2)
    builder = JournalBuilder(cluster("dev", "dev", small), cluster("test", "test", small), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("test/system", "mon 22:00")
    complete = builder.earliest("prod")
    builder.power("test", "stop", "tue 11:30", "tue 12:10", status="Failed", who="operator")
    assert complete == at("tue 23:00")
    assert builder.earliest("prod") == complete


def test_rule_11_the_newest_image_must_be_proven() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.landed("tue 10:00", NEWER)
    assert builder.verdict().skipped == {"unproven": (("prod", "system"),)}
