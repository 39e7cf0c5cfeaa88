"""What facts have in common: a plain no to a question becomes Unknown, and only a cluster that runs can be asked itself."""

from collections.abc import Callable

from ops.facts import FactQuery
from ops.model.fleet import Cluster, Unknown
from ops.ports.errors import DeniedError, NotFoundError, RejectedError, TryLaterError


def query[T](read: Callable[[], T]) -> T | Unknown:
    """What is read, or Unknown with the reason of a no, for a while where it may be had later: so that a run can say what it waits for."""
    try:
        return read()
    except (DeniedError, NotFoundError, RejectedError) as error:
        return Unknown(str(error))
    except TryLaterError as error:
        return Unknown(str(error), transient=True)


def query_api_server[T](question: FactQuery, read: Callable[[Cluster], T]) -> T | Unknown:
    """What the cluster's own API server answers; Unknown where the cluster is stopped or we may not look."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return cluster
    if not cluster.running:
        return Unknown("the cluster is stopped")
    return query(lambda: read(cluster))
