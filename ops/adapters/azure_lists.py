"""Reads lists and objects of Azure Resource Manager for which no SDK client has a method, through the pipeline of one that is there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from azure.core.rest import HttpRequest

from ops.adapters.azure_endpoint import AzureEndpoint
from ops.adapters.azure_errors import refusals
from ops.ports.errors import RejectedError

_MOST_PAGES = 100

# `send_request` of an Azure SDK client.
type Send = Callable[[HttpRequest], Any]


def arm_object(send: Send, endpoint: AzureEndpoint, path: str, query: str) -> Mapping[str, Any]:
    """Reads an object, without translating the SDK's errors.

    Raises:
        TypeError: the answer is not an object.
    """
    return _get(send, f"{endpoint.url}{quote(path)}?{query}")


def arm_list(send: Send, endpoint: AzureEndpoint, path: str, query: str, doing: str) -> list[Any]:
    """Returns the entries of a list, page by page.

    Raises:
        RejectedError: the pages do not end, or leave Azure Resource Manager. Also raises the errors that `refusals` raises.
    """
    link, found = f"{endpoint.url}{quote(path)}?{query}", list[Any]()
    for _ in range(_MOST_PAGES):
        with refusals(doing):
            page = _get(send, link)
            found += _entries(page)
            following = page.get("nextLink")
        if not following:
            return found
        if not str(following).startswith(f"{endpoint.url}/"):
            raise RejectedError("ForeignPage", f"{doing}: the next page is outside Azure Resource Manager")
        link = str(following)
    raise RejectedError("TooManyPages", f"{doing}: there are too many pages")


def _get(send: Send, url: str) -> Mapping[str, Any]:
    response = send(HttpRequest("GET", url))
    response.raise_for_status()
    document: object = response.json()
    if not isinstance(document, dict):
        raise TypeError("the answer is not an object")
    return document


def _entries(page: Mapping[str, Any]) -> Iterator[Any]:
    """Returns the entries of a page. One without a list must not pass for an empty one.

    Raises:
        TypeError: the page has no list.
    """
    value = page["value"]
    if not isinstance(value, list):
        raise TypeError("the value of a page is not a list")
    return iter(value)
