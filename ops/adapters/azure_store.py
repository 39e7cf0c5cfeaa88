"""The store in Azure: one table for records with compare-and-swap by ETag, and blobs for large values, named by their hash."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.adapters.azure_storage import container, refusals
from ops.model.json import Json
from ops.ports.errors import ConflictError, NotFoundError
from ops.ports.store import Record

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient
    from azure.storage.blob import ContainerClient

# A property holds 64 KiB of UTF-16, which is 32,768 characters; an entity holds 1 MiB. Longer values go to a blob.
_LONGEST = 30_000
_PAST_THE_PREFIX = "\U0010ffff"


@dataclass
class AzureStore:
    """Implements `Store`. The partition key is the kind, the row key is the key."""

    tables_url: str
    blobs_url: str
    credential: "TokenCredential | Any"
    table: str = "daytwo"
    container: str = "daytwo-content"

    def get(self, kind: str, key: str) -> Record | None:
        """Returns the record, or None."""
        from azure.core.exceptions import ResourceNotFoundError

        with refusals(f"reading {kind} {key}"):
            try:
                return self._record(self._table.get_entity(kind, key))
            except ResourceNotFoundError:
                return None

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Inserts the record if it is absent."""
        from azure.core.exceptions import ResourceExistsError

        with refusals(f"writing {kind} {key}"):
            try:
                self._table.create_entity(self._entity(kind, key, value))
            except ResourceExistsError:
                return False
        return True

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Replaces the record if its etag still matches.

        Raises:
            ConflictError: the record has changed since it was read.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        with refusals(f"writing {kind} {key}"):
            try:
                answer = self._table.update_entity(
                    self._entity(kind, key, value),
                    mode=UpdateMode.REPLACE,
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                )
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise ConflictError(f"{kind} {key} has changed since it was read") from error
        return str(answer["etag"])

    def delete(self, kind: str, key: str) -> None:
        """Removes the record."""
        with refusals(f"removing {kind} {key}"):
            self._table.delete_entity(kind, key)

    def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
        """Returns all records whose key begins with a prefix, page by page."""
        rows = "PartitionKey eq @kind and RowKey ge @first and RowKey lt @last"
        bounds = {"kind": kind, "first": prefix, "last": prefix + _PAST_THE_PREFIX}
        with refusals(f"listing {kind} {prefix}"):
            for entity in self._table.query_entities(rows, parameters=bounds):
                yield self._record(entity)

    def put_content(self, content: bytes) -> str:
        """Stores a large value; the same content is stored once."""
        from azure.core.exceptions import ResourceExistsError

        reference = hashlib.sha256(content).hexdigest()[:32]
        with refusals("storing a large value"):
            try:
                self._container.upload_blob(reference, content, overwrite=False)
            except ResourceExistsError:
                return reference
        return reference

    def get_content(self, reference: str) -> bytes:
        """Returns a large value.

        Raises:
            NotFoundError: no content has this reference.
        """
        from azure.core.exceptions import ResourceNotFoundError

        with refusals("reading a large value"):
            try:
                content: bytes = self._container.download_blob(reference).readall()
            except ResourceNotFoundError as error:
                raise NotFoundError(f"the store has no content {reference}") from error
        return content

    def _entity(self, kind: str, key: str, value: Json) -> dict[str, str]:
        text = json.dumps(value, ensure_ascii=False)
        entity = {"PartitionKey": kind, "RowKey": key}
        if len(text) <= _LONGEST:
            return {**entity, "value": text}
        return {**entity, "reference": self.put_content(text.encode())}

    def _record(self, entity: Any) -> Record:
        key, etag = str(entity["RowKey"]), str(entity.metadata["etag"])
        try:
            text = entity["value"] if "value" in entity else self.get_content(entity["reference"]).decode()
            return Record(key, json.loads(text), etag)
        except (ValueError, TypeError, KeyError, RecursionError):
            return Record(key, None, etag, "its value is not JSON")
        except NotFoundError:
            return Record(key, None, etag, "its value was in a blob that no longer exists")

    @cached_property
    def _table(self) -> "TableClient":
        from azure.data.tables import TableServiceClient

        service = TableServiceClient(self.tables_url, credential=self.credential, retry_total=0)
        return service.create_table_if_not_exists(self.table)

    @cached_property
    def _container(self) -> "ContainerClient":
        return container(self.blobs_url, self.credential, self.container)
