"""A request to start a run because something has happened or is due."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ops.model.azure_names import azure_key


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A request to start a run: the runbook, its target, the period, the source, and the requester.

    Runs of one `batch` that need the same approval share a request. A rollout is a batch by itself.
    """

    runbook: str
    target: str
    target_name: str
    period: str
    at: datetime
    source: str
    by: str
    rollout: str = ""
    dry_run: bool = False
    batch: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """An id such as `node-image.<cluster>-<hash>.2026-w47`, with only the characters that every durable engine accepts."""
        return f"{self.runbook}.{slug(self.target_name)}-{short_hash(self.target)}.{slug(self.period)}"


def slug(text: str) -> str:
    """Reduces a text to `[a-z0-9-]` and 63 characters: Azure rejects slash, backslash, hash and question mark in instance ids."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:63] or "x"


def short_hash(text: str) -> str:
    """Six hexadecimal digits that distinguish clusters with the same name; the case of the ARM id is ignored."""
    return hashlib.sha256(azure_key(text).encode()).hexdigest()[:6]
