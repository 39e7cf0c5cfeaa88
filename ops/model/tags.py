"""Accepted tags of a cluster, and changes that are held (docs/tags.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.model.azure_names import azure_key

# The longest part of a key or value in texts; an approval covers the whole value.
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class TagChange:
    """One changed tag. None means that the tag does not exist."""

    key: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        key = self.key if self.key.isprintable() else repr(self.key)
        return f"{key[:_SHOWN]}: {_shown(self.old)} → {_shown(self.new)}"


@dataclass(frozen=True, slots=True)
class HeldTags:
    """The current tags of a cluster while a change is held, and since when the record says so (None: not recorded yet)."""

    now: Mapping[str, str]
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class AcceptedTags:
    """The tags under which a cluster is accepted, and when the record was last changed; the ledger says why.

    `resource_uid` is Azure's id of this creation of the cluster, because a cluster that is deleted and created again has the
    same ARM id. `held` identifies the change that is held, and `held_since` says since when; both are empty if none is.
    """

    tags: Mapping[str, str]
    resource_uid: str
    at: datetime
    held: str = ""
    held_since: datetime | None = None

    def is_of(self, resource_uid: str) -> bool:
        """Whether the record belongs to this creation of the cluster. An id that Azure left out does not tell, so it counts as the same."""
        return not (self.resource_uid and resource_uid) or self.resource_uid == resource_uid


def changed_tags(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[TagChange, ...]:
    """Returns the tags that differ, in the order of their keys, which Azure compares case-insensitively."""
    before, after = _folded(old), _folded(new)
    names = {**before, **after}
    return tuple(
        TagChange(names[key][0], _value(before, key), _value(after, key))
        for key in sorted(names)
        if _value(before, key) != _value(after, key)
    )


def with_change(tags: Mapping[str, str], change: TagChange) -> dict[str, str]:
    """Returns the tags after one change."""
    others = {key: value for key, value in tags.items() if azure_key(key) != azure_key(change.key)}
    return others if change.new is None else {**others, change.key: change.new}


def _folded(tags: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {azure_key(key): (key, value) for key, value in tags.items()}


def _value(folded: Mapping[str, tuple[str, str]], key: str) -> str | None:
    return folded[key][1] if key in folded else None


def _shown(value: str | None) -> str:
    """Quotes a value, which someone outside may have chosen: characters that cannot be printed are escaped, long values cut."""
    if value is None:
        return "no tag"
    return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}…"
