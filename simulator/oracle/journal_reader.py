"""Parses a journal that another process serves as JSON."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from simulator.world.journal import Entry, Kind, Scalar


def read_journal(documents: Iterable[Mapping[str, object]]) -> list[Entry]:
    """Parse the entries that `Entry.document` wrote.

    Raises:
        KeyError: a field is missing.
        ValueError: a time or a kind is invalid.
    """
    return [
        Entry(
            number=int(str(section["number"])),
            at=datetime.fromisoformat(str(section["at"])),
            kind=Kind(str(section["kind"])),
            cluster=cast("str | None", section["cluster"]),
            pool=cast("str | None", section["pool"]),
            node=cast("str | None", section["node"]),
            detail=cast("dict[str, Scalar]", section["detail"]),
        )
        for section in documents
    ]
