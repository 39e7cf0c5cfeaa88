"""Writes docs/situations.md."""

from tests.situations.catalog import PAGE, page, situations

PAGE.write_text(page([(each.kind, each.row) for each in situations()]))
