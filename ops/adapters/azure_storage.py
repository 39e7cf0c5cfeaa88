"""Shared by store and ledger in Azure: creating the container, and converting the SDKs' errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ops.ports.errors import OutsideError, TryLaterError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient


def container(blobs_url: str, credential: "TokenCredential | Any", name: str) -> "ContainerClient":
    """The container, created if it does not exist."""
    from azure.core.exceptions import ResourceExistsError
    from azure.storage.blob import BlobServiceClient

    service = BlobServiceClient(blobs_url, credential=credential, retry_total=0)
    found = service.get_container_client(name)
    try:
        found.create_container()
    except ResourceExistsError:
        return found
    return found


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Turns errors of the storage SDKs into errors of the ports.

    Raises:
        TryLaterError: the storage SDK failed.
        OutsideError: it was raised inside and is passed on.
    """
    from azure.core.exceptions import AzureError

    try:
        yield
    except OutsideError:
        raise
    except AzureError as error:
        raise TryLaterError(f"{doing}: {type(error).__name__}", 5) from error
