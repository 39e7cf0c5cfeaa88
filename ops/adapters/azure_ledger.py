"""The ledger in Azure: an append blob a day. An immutability policy on its container is what keeps it from being changed."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.adapters.azure_storage import container, refusals
from ops.model.ledger import Entry
from ops.policy.chain import FIRST, holds, linked
from ops.ports import LedgerBrokenError, TryLaterError
from ops.wire import from_json, to_json

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobClient, ContainerClient

# Another instance of the app may append between our read and our write: the position decides, and we read again.
_ROUNDS = 20


@dataclass
class AzureLedger:
    """Implements `Ledger`. Appends are conditional on the blob's length, so that two writers never break the chain."""

    blobs_url: str
    credential: "TokenCredential | Any"
    container: str = "daytwo-ledger"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def append(self, entry: Entry) -> None:
        """Write an entry; one of the same key on the same day is written once."""
        from azure.core.exceptions import HttpResponseError

        blob = self._day(f"{entry.at:%Y-%m-%d}")
        with self._lock, refusals("writing the ledger"):
            for _ in range(_ROUNDS):
                content = _read(blob)
                known = [from_json(json.loads(line), Entry) for line in content.decode().splitlines()]
                if any(old.key == entry.key for old in known):
                    return
                chained = linked(entry, known[-1].hash if known else FIRST)
                line = (json.dumps(to_json(chained), ensure_ascii=False) + "\n").encode()
                try:
                    blob.append_block(line, appendpos_condition=len(content))
                except HttpResponseError as error:
                    if error.error_code != "AppendPositionConditionNotMet":  # type: ignore[attr-defined]  # set by the storage SDK
                        raise
                    continue
                return
        raise TryLaterError(f"writing the ledger: {_ROUNDS} others were faster", 5)

    def entries(self, day: str) -> Iterator[Entry]:
        """The entries of a day. Raises LedgerBrokenError."""
        with refusals("reading the ledger"):
            lines = _read(self._container.get_blob_client(f"{day}.jsonl")).decode().splitlines()
        previous = FIRST
        for number, line in enumerate(lines, start=1):
            entry = from_json(json.loads(line), Entry)
            if not holds(entry, previous):
                raise LedgerBrokenError(
                    f"the ledger of {day} was changed: line {number} does not follow from the one before"
                )
            previous = entry.hash
            yield entry

    def _day(self, day: str) -> "BlobClient":
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        blob = self._container.get_blob_client(f"{day}.jsonl")
        with refusals("opening the ledger's day"):
            try:
                blob.create_append_blob(match_condition=MatchConditions.IfMissing)
            except (ResourceExistsError, ResourceModifiedError):
                return blob
        return blob

    @cached_property
    def _container(self) -> "ContainerClient":
        return container(self.blobs_url, self.credential, self.container)


def _read(blob: "BlobClient") -> bytes:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        content: bytes = blob.download_blob().readall()
    except ResourceNotFoundError:
        return b""
    return content
