"""A journal that another process served as JSON, read back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from simulator.world.journal import Entry, Kind, Scalar


def read_journal(documents: Iterable[Mapping[str, object]]) -> list[Entry]:
    """The entries that `Entry.document` wrote.

    Raises:
        KeyError: a field is missing.
        ValueError: an instant or a kind that no world writes.
    """
    return [
        Entry(
            number=int(str(said["number"])),
            at=datetime.fromisoformat(str(said["at"])),
            kind=Kind(str(said["kind"])),
            cluster=cast("str | None", said["cluster"]),
            pool=cast("str | None", said["pool"]),
            node=cast("str | None", said["node"]),
            detail=cast("dict[str, Scalar]", said["detail"]),
        )
        for said in documents
    ]
