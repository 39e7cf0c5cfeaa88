"""Which loops over records the check finds."""

import pytest

from tools.table_loops import findings


@pytest.mark.parametrize(
    "source",
    [
        "for row in context.ports.store.scan('run'): pass",
        "rows = [row for row in store.scan('run')]",
        "rows = list(self._store.scan('run'))",
        "for stored in runs(store).scan(): pass",
        "for stored in list(table.scan('a')): pass",
        "for key in marked(store, 'live'): pass",
        "for key, stored in runs(store).get_all(keys): pass",
    ],
)
def test_a_loop_over_records_is_found(source: str) -> None:
    assert list(findings(source, may_scan=False))


@pytest.mark.parametrize(
    "source",
    [
        "each(store, 'runs', runs(store).scan(), work)",
        "own = [stored.value for stored in runs(store).scan()]",
        "for name in names: pass",
    ],
)
def test_a_comprehension_over_a_table_and_the_helper_are_allowed(source: str) -> None:
    assert list(findings(source, may_scan=False)) == []


def test_the_tables_themselves_may_scan_the_store() -> None:
    assert list(findings("for row in self.store.scan('run'): pass", may_scan=True)) == []
