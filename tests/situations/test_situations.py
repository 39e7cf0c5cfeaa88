"""docs/situations.md says what Daytwo does: every situation is played, and its row must be the one on the page."""

import pytest

from tests.situations.catalog import PAGE, Kind, Situation, page, situations

# Of each kind of mistake, so that a rule is not only for the cases that became known.
_FOUND_HERE = 2


@pytest.mark.parametrize("each", situations(), ids=lambda each: each.title)
def test_the_page_has_what_was_observed(each: Situation) -> None:
    assert each.row in PAGE.read_text().splitlines(), "write the page again: python -m tests.situations"


def test_the_page_has_no_other_rows() -> None:
    lines = PAGE.read_text().splitlines()
    rows = [(each.kind, row) for each in situations() for row in lines if row.startswith(f"| {each.title} |")]
    assert page(rows) == PAGE.read_text()


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_has_two_situations_from_here(kind: Kind) -> None:
    own = [each.title for each in situations() if each.kind is kind and not each.reported]
    assert len(own) >= _FOUND_HERE
