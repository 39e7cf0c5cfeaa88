"""The budget alert that this run is about, as it came in."""

from ops.facts import FactQuery
from ops.model.fleet import Unknown
from ops.model.money import BudgetAlert
from ops.tables.budgets import alerts

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> BudgetAlert | Unknown:
    """The alert; Unknown for a run that somebody started by hand."""
    stored = alerts(question.ports.store).get(question.run.id)
    return stored.value if stored else Unknown("no alert came with this run")
