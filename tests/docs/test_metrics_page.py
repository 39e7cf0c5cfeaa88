"""docs/metrics.md lists the metrics and log fields that exist in the code."""

import re

import pytest

from ops.telemetry.log_fields import FIELDS
from ops.telemetry.metrics import Metric
from tools.metrics_reference import PAGE, embedded, table


def test_the_committed_table_matches_the_generated_one() -> None:
    page = PAGE.read_text()
    assert embedded(page, table()) == page, "run `python -m tools.metrics_reference` and commit the page"


def test_a_page_without_markers_is_rejected() -> None:
    with pytest.raises(ValueError, match="has no markers"):
        embedded("# Metrics\n", table())


def test_every_metric_that_the_text_mentions_exists() -> None:
    named = set(re.findall(r"`(daytwo\.[a-z_.]+)`", PAGE.read_text()))
    assert named == {metric.metric_name for metric in Metric}


def test_the_documented_log_fields_match_the_code() -> None:
    logs = PAGE.read_text().partition("## Logs")[2]
    assert tuple(re.findall(r"^\| `(\w+)` \|", logs, re.MULTILINE)) == FIELDS
