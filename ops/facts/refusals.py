"""The actions on the cluster that Azure or its API server refuses for a lasting reason."""

from ops.facts import FactQuery
from ops.model.refusal import RefusedAction
from ops.tables.refused_actions import refused_on

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> tuple[RefusedAction, ...]:
    """Returns what is refused, including actions whose next attempt is due."""
    return refused_on(question.ports.store, question.run.target)
