"""The ledger in Azure: one append blob per part of a day. An immutability policy on the container protects it from changes."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.adapters.azure_storage import existing_container, refusals
from ops.adapters.chained_ledger import MOST_ENTRIES, ChainedLedger

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobClient, ContainerClient

CONTAINER = "daytwo-ledger"
_WRITING = "writing the ledger"


class AzureLedger(ChainedLedger):
    """Implements `Ledger`."""

    def __init__(
        self,
        blobs_url: str,
        credential: "TokenCredential | Any",
        container: str = CONTAINER,
        most_entries: int = MOST_ENTRIES,
    ) -> None:
        super().__init__(_Blobs(blobs_url, credential, container), most_entries)


class _Blobs:
    """Implements `PartFiles`.

    Daytwo's role can read blobs, add them and append to them, but not overwrite or delete them.
    """

    def __init__(self, blobs_url: str, credential: "TokenCredential | Any", name: str) -> None:
        self._blobs_url, self._credential, self._name = blobs_url, credential, name

    @cached_property
    def _container(self) -> "ContainerClient":
        return existing_container(self._blobs_url, self._credential, self._name)

    def create(self, name: str) -> None:
        """Creates an empty append blob, unless it exists."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        with refusals(_WRITING):
            try:
                self._blob(name).create_append_blob(match_condition=MatchConditions.IfMissing)
            except (ResourceExistsError, ResourceModifiedError):
                return  # another writer was faster

    def read(self, name: str, behind: int = 0) -> bytes | None:
        """Returns the bytes of a blob behind a position; None if it does not exist."""
        from azure.core.exceptions import ResourceNotFoundError

        with refusals("reading the ledger"):
            try:
                content: bytes = self._blob(name).download_blob(offset=behind or None).readall()
            except ResourceNotFoundError:
                return None
        return content

    def append(self, name: str, line: bytes, length: int) -> bool:
        """Appends one block if the blob has this length.

        Raises:
            HttpResponseError: the storage refused the append for another reason; `refusals` translates it.
        """
        from azure.core.exceptions import HttpResponseError

        with refusals(_WRITING):
            try:
                self._blob(name).append_block(line, appendpos_condition=length)
            except HttpResponseError as error:
                # The storage SDK adds the service's code to each error (process_storage_error) without declaring it. The status
                # alone is ambiguous, since a missing lease is also 412. An error without a code is raised.
                if getattr(error, "error_code", "") != "AppendPositionConditionNotMet":
                    raise
                return False
        return True

    def _blob(self, name: str) -> "BlobClient":
        return self._container.get_blob_client(name)
