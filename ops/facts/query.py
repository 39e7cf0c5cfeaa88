"""Shared by the facts: turns a refused read into Unknown, and queries only the API servers of running clusters."""

from collections.abc import Callable

from ops.facts import FactQuery
from ops.model.fleet import NO_POWER_STATE, Cluster, Unknown
from ops.ports.errors import (
    BusyError,
    DeniedError,
    NotFoundError,
    RejectedError,
    ThrottledError,
    TryLaterError,
    UnreadableError,
)


def query[T](read: Callable[[], T]) -> T | Unknown:
    """Returns the result of `read`, or Unknown with the reason for a refusal; transient if a later attempt may succeed."""
    try:
        return read()
    except (DeniedError, NotFoundError, RejectedError, UnreadableError) as error:
        return Unknown(str(error))
    except ThrottledError as error:
        return Unknown(str(error), transient=True, retry_after_s=error.retry_after_s)
    except (TryLaterError, BusyError) as error:
        return Unknown(str(error), transient=True)


def query_api_server[T](question: FactQuery, read: Callable[[Cluster], T]) -> T | Unknown:
    """Returns the answer from the cluster's own API server; Unknown if the cluster is not running or denies access."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return cluster
    if cluster.is_stopped:
        return Unknown("the cluster is stopped")
    if not cluster.is_running:
        return NO_POWER_STATE
    return query(lambda: read(cluster))
