"""What an activity answers its orchestrator: small, plain, and enough to find the next position."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ops.model.json import Json


@dataclass(frozen=True, slots=True)
class Transition:
    """`kind` is one of those that `operation.after` lists; `until` asks for a sleep before what follows."""

    kind: str
    until: datetime | None = None
    step: str = ""

    def write(self) -> dict[str, Json]:
        """As JSON values for the history."""
        written: dict[str, Json] = {"kind": self.kind}
        if self.until is not None:
            written["until"] = self.until.isoformat()
        if self.step:
            written["step"] = self.step
        return written

    @classmethod
    def read(cls, value: Mapping[str, Json]) -> Self:
        """From the history."""
        until = value.get("until")
        return cls(
            str(value["kind"]),
            datetime.fromisoformat(until) if isinstance(until, str) else None,
            str(value.get("step", "")),
        )
