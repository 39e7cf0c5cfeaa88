"""Queries Azure Resource Graph, page by page."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ops.adapters.azure_errors import refusals
from ops.ports.errors import RejectedError, TryLaterError

if TYPE_CHECKING:
    from azure.mgmt.resourcegraph import ResourceGraphClient

_MOST_PAGES = 500


def graph_rows(
    graph: "ResourceGraphClient", query: str, doing: str, subscriptions: Sequence[str] | None = None
) -> Iterator[Any]:
    """Returns the rows in these subscriptions, or in all that the bot's identity can read.

    Raises:
        TryLaterError: the answer is not a list.
        RejectedError: the pages do not end. Also raises the errors that `refusals` raises.
    """
    from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

    token: str | None = None
    for _ in range(_MOST_PAGES):
        options = QueryRequestOptions(result_format="objectArray", skip_token=token)
        with refusals(doing):
            scope = None if subscriptions is None else list(subscriptions)
            answer = graph.resources(QueryRequest(subscriptions=scope, query=query, options=options))
            rows: object = answer.data
            before, token = token, answer.skip_token
        # Anything but a list must not pass for an empty answer.
        if not isinstance(rows, list):
            raise TryLaterError(f"{doing}: the answer is not a list")
        yield from rows
        if not token:
            return
        if token == before:
            break
    raise RejectedError("TooManyPages", f"{doing}: there are too many pages")
