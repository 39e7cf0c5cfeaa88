"""What the store and the ledger in Azure share: creating the container, and translating the SDKs' errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ops.ports.errors import OutsideError, TryLaterError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient


def container(blobs_url: str, credential: "TokenCredential | Any", name: str) -> "ContainerClient":
    """Returns the container, which is created if it does not exist."""
    from azure.core.exceptions import ResourceExistsError
    from azure.storage.blob import BlobServiceClient

    service = BlobServiceClient(blobs_url, credential=credential, retry_total=0)
    container = service.get_container_client(name)
    try:
        container.create_container()
    except ResourceExistsError:
        return container
    return container


def existing_container(blobs_url: str, credential: "TokenCredential | Any", name: str) -> "ContainerClient":
    """Returns a container that the deployment creates, since Daytwo's role does not allow that; creates it if it is allowed.

    Raises:
        HttpResponseError: the container could not be created for another reason than a missing right.
    """
    from azure.core.exceptions import HttpResponseError, ResourceExistsError
    from azure.storage.blob import BlobServiceClient

    container = BlobServiceClient(blobs_url, credential=credential, retry_total=0).get_container_client(name)
    try:
        container.create_container()
    except ResourceExistsError:
        return container
    except HttpResponseError as error:
        if error.status_code != HTTPStatus.FORBIDDEN:
            raise
    return container


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Translates errors from the storage SDKs.

    Raises:
        TryLaterError: the storage SDK failed.
        OutsideError: raised by the enclosed code, and passed on unchanged.
    """
    from azure.core.exceptions import AzureError

    try:
        yield
    except OutsideError:
        raise
    except AzureError as error:
        raise TryLaterError(f"{doing}: {type(error).__name__}", 5) from error
