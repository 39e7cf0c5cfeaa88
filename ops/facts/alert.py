"""The budget alert that this run explains, as it was received."""

from ops.facts import FactQuery
from ops.model.fleet import Unknown
from ops.model.money import BudgetAlert
from ops.tables.budgets import alerts

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> BudgetAlert | Unknown:
    """Returns the alert; Unknown for a run that was started manually."""
    stored = alerts(question.ports.store).get(question.run.id)
    return stored.value if stored else Unknown("this run was not started by an alert")
