"""docs/situations.md says what Daytwo does: every situation is played, and its row must be the one on the page."""

import pytest

from tests.situations.catalog import PAGE, Situation, page, situations


@pytest.mark.parametrize("each", situations(), ids=lambda each: each.title)
def test_the_page_has_what_was_observed(each: Situation) -> None:
    assert each.row in PAGE.read_text().splitlines(), "write the page again: python -m tests.situations"


def test_the_page_has_no_other_rows() -> None:
    lines = PAGE.read_text().splitlines()
    rows = [(each.kind, row) for each in situations() for row in lines if row.startswith(f"| {each.title} |")]
    assert page(rows) == PAGE.read_text()
