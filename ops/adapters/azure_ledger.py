"""The ledger in Azure: one append blob per day. An immutability policy on the container protects it from changes."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.adapters.azure_storage import container, refusals
from ops.adapters.hash_chain import FIRST, linked
from ops.adapters.ledger_lines import checked, entry_of, line_of, lines_of
from ops.model.ledger import Entry
from ops.ports.errors import TryLaterError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobClient, ContainerClient

# Another instance can append between our read and our write. Our append is then refused, and the day is read again.
_ROUNDS = 20


@dataclass
class _Day:
    """The known state of a day's blob: its length, its keys, and the hash that the next entry must continue."""

    length: int = 0
    previous: str = FIRST
    keys: set[str] = field(default_factory=set)

    def take(self, content: bytes) -> None:
        """Adds complete lines that were appended after the known ones."""
        for line in lines_of(content):
            entry = entry_of(line)
            self.keys.add(entry.key)
            self.previous = entry.hash
        self.length += len(content)


@dataclass
class AzureLedger:
    """Implements `Ledger`. Appends are conditional on the blob's length, so two writers never break the chain.

    A process reads a day once. After that, when a condition fails, it reads only what others have appended.
    """

    blobs_url: str
    credential: "TokenCredential | Any"
    container: str = "daytwo-ledger"
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _days: dict[str, _Day] = field(default_factory=dict)

    def append(self, entry: Entry) -> None:
        """Writes an entry. An entry with the same key on the same day is written only once.

        Raises:
            TryLaterError: other writers were faster several times in a row, or the storage did not answer.
        """
        day = f"{entry.at:%Y-%m-%d}"
        with self._lock, refusals("writing the ledger"):
            blob = self._container.get_blob_client(f"{day}.jsonl")
            # Kept only after a success: after an error, the day is read again. Past days are not kept.
            known = self._days.pop(day, None) or _opened(blob)
            for _ in range(_ROUNDS):
                if entry.key in known.keys or _appended(known, entry, blob):
                    self._days = {day: known}
                    return
                known.take(_read(blob, known.length))
        raise TryLaterError(f"writing the ledger: {_ROUNDS} other writers were faster", 5)

    def entries(self, day: str) -> Iterator[Entry]:
        """Returns the entries of a day.

        Raises:
            LedgerBrokenError: the chain of hashes is broken.
        """
        with refusals("reading the ledger"):
            lines = lines_of(_read(self._container.get_blob_client(f"{day}.jsonl")))
        yield from checked(day, lines)

    @cached_property
    def _container(self) -> "ContainerClient":
        return container(self.blobs_url, self.credential, self.container)


def _opened(blob: "BlobClient") -> _Day:
    """Returns the day's blob, which is created if it does not exist."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

    known = _Day()
    try:
        blob.create_append_blob(match_condition=MatchConditions.IfMissing)
    except (ResourceExistsError, ResourceModifiedError):
        known.take(_read(blob))
    return known


def _appended(known: _Day, entry: Entry, blob: "BlobClient") -> bool:
    """Appends the entry after the known ones; returns False if another writer was faster.

    Raises:
        HttpResponseError: the storage refused the append for another reason.
    """
    from azure.core.exceptions import HttpResponseError

    chained = linked(entry, known.previous)
    line = line_of(chained).encode()
    try:
        blob.append_block(line, appendpos_condition=known.length)
    except HttpResponseError as error:
        # The storage SDK adds the service's code to each error (process_storage_error) without declaring it. The status alone is
        # ambiguous, since a missing lease is also 412.
        if error.error_code != "AppendPositionConditionNotMet":  # type: ignore[attr-defined]  # see above
            raise
        return False
    known.take(line)
    return True


def _read(blob: "BlobClient", behind: int = 0) -> bytes:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        content: bytes = blob.download_blob(offset=behind or None).readall()
    except ResourceNotFoundError:
        return b""
    return content
