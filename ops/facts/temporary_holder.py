"""The run that has started the cluster, or changed it in another temporary way, and has not undone that yet."""

from ops.facts import FactQuery
from ops.model.fleet import Unknown
from ops.ports.errors import UnreadableError
from ops.tables.runs import temporary_holder

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> str | Unknown:
    """Returns the run's id, or an empty string if there is none; Unknown if a run on this cluster cannot be read."""
    try:
        return temporary_holder(question.ports.store, question.run.target)
    except UnreadableError as error:
        return Unknown(str(error))
