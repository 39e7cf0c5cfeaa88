"""The fields of every log record: `run`, `cluster` and `runbook`, empty if the record does not belong to any.

They are attributes of the `logging.LogRecord`, so each handler (the Functions worker, OpenTelemetry, a JSON formatter)
can write and index them.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

FIELDS = ("run", "cluster", "runbook")

_NONE: dict[str, str] = dict.fromkeys(FIELDS, "")
_current: ContextVar[dict[str, str]] = ContextVar("log_fields", default=_NONE)


@contextmanager
def fresh_log_fields() -> Iterator[None]:
    """Opens a separate scope: fields that are set inside it are dropped when it closes."""
    token = _current.set(_NONE)
    try:
        yield
    finally:
        _current.reset(token)


def set_log_fields(*, run: str = "", cluster: str = "", runbook: str = "") -> None:
    """Sets the fields of all subsequent records in this scope."""
    _current.set({"run": run, "cluster": cluster, "runbook": runbook})


def _show(record: logging.LogRecord, show: Callable[[str], str]) -> None:
    """Replaces the text of the record if `show` changes it. A record with the wrong arguments is left to the handlers."""
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):
        return
    shown = show(text)
    if shown != text:
        record.msg, record.args = shown, None


def install_log_fields(show: Callable[[str], str] = str) -> None:
    """Adds the fields to every log record in this process. A second call has no effect.

    `show` replaces what a reader of the log must not miss in texts from outside.
    """
    factory = logging.getLogRecordFactory()
    if not isinstance(factory, _WithFields):
        logging.setLogRecordFactory(_WithFields(factory, show))


@dataclass(frozen=True)
class _WithFields:
    factory: Callable[..., logging.LogRecord]
    show: Callable[[str], str]

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self.factory(*args, **kwargs)
        record.__dict__.update(_current.get())
        _show(record, self.show)
        return record
