"""Pools whose last operation has failed: which are simply upgraded, and which need a person (docs/node-image.md, rule 20)."""

import re
from collections.abc import Mapping
from datetime import datetime

from ops.model.fleet import Pool
from ops.model.refusal import Answer, RefusalKind, System
from ops.model.wording import instant
from ops.policy.refusals import classify

_UNSUCCESSFUL = ("failed", "canceled")
# Azure's texts differ, for example "Please upgrade the node image version of the pool".
_ASKS = re.compile(r"upgrad\w*\b.{0,60}\bnode ?image|\bnode ?image\b.{0,60}\bupgrad", re.IGNORECASE | re.DOTALL)


def has_failed(pool: Pool) -> bool:
    """Whether the pool's last operation has failed or was cancelled, and was not just interrupted."""
    return pool.provisioning_state.casefold() in _UNSUCCESSFUL and not _was_interrupted(pool)


def requires_upgrade(pool: Pool) -> bool:
    """Whether the pool's last operation failed with an error that says to upgrade its node image."""
    return has_failed(pool) and _ASKS.search(f"{pool.error_code} {pool.error}") is not None


def words_of(pool: Pool) -> str:
    """Returns Azure's own words for the failure; empty if it gives none."""
    return ": ".join(part for part in (pool.error_code, pool.error) if part)


def blocking_failure(pool: Pool, repairs: Mapping[str, datetime]) -> str:
    """Why a person has to repair the pool first; empty if it can be upgraded.

    `repairs` are the times at which pools were already upgraded for this reason: that is tried once.
    """
    tried = repairs.get(pool.name)
    if not has_failed(pool) or (requires_upgrade(pool) and tried is None):
        return ""
    words = words_of(pool)
    because = f" with {words}" if words else ""
    once = f" (an upgrade to the newest image was tried on {instant(tried)})" if tried is not None else ""
    return (
        f"its last operation ended {pool.provisioning_state}{because}{once}: repair the pool before it can be upgraded"
    )


def _was_interrupted(pool: Pool) -> bool:
    """Whether another operation or a limit on calls has ended the pool's last operation, so it can simply be repeated."""
    refusal = classify(Answer(System.AZURE, code=pool.error_code, text=pool.error))
    return bool(pool.error_code) and refusal.kind in (RefusalKind.BUSY, RefusalKind.THROTTLED, RefusalKind.TRANSIENT)
