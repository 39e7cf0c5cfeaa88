"""Budget alerts."""

from ops.model.money import BudgetAlert
from ops.ports.store import Store
from ops.tables.base import Table


def alerts(store: Store) -> Table[BudgetAlert]:
    """Budget alerts, by the id of the run that explains each."""
    return Table(store, "alert", BudgetAlert)
