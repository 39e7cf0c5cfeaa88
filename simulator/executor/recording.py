"""Recorded histories as test data: exported from an engine and stored as readable JSON.

`python -m simulator.executor.recording STATE_FILE INSTANCE_ID OUT.json` exports from the state file of a stopped host.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import durabletask.internal.orchestrator_service_pb2 as pb
from google.protobuf.json_format import MessageToDict, ParseDict

from simulator.host.executions import Executions
from simulator.host.files import read_history

_ARGUMENTS = 3


@dataclass(frozen=True, slots=True)
class Recording:
    """The history of an instance's current generation, as the engine stores it."""

    instance_id: str
    events: tuple[pb.HistoryEvent, ...]

    @classmethod
    def of_engine(cls, engine: Executions, instance_id: str) -> Self:
        """Record an instance from a running engine.

        Raises:
            KeyError: the instance does not exist.
        """
        events = engine.history(instance_id)
        if not events:
            raise KeyError(f"recording {instance_id!r}: the engine has no history of it")
        return cls(instance_id, tuple(events))

    @classmethod
    def of_file(cls, state_file: Path, instance_id: str) -> Self:
        """Record an instance from the state file of a stopped host.

        Raises:
            FileNotFoundError: the file does not exist.
            KeyError: the file does not contain the instance.
        """
        return cls(instance_id, tuple(read_history(state_file, instance_id)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a recording from a file."""
        content = json.loads(path.read_text())
        events = tuple(ParseDict(event, pb.HistoryEvent()) for event in content["events"])
        return cls(content["instance_id"], events)

    def save(self, path: Path) -> None:
        """Write the recording to a file as JSON, one block per event."""
        events = [MessageToDict(event) for event in self.events]
        path.write_text(json.dumps({"instance_id": self.instance_id, "events": events}, indent=1) + "\n")


def main(arguments: list[str]) -> int:
    """Export one history and return the exit code."""
    if len(arguments) != _ARGUMENTS:
        sys.stderr.write("usage: python -m simulator.executor.recording STATE_FILE INSTANCE_ID OUT.json\n")
        return 2
    state_file, instance_id, out = arguments
    Recording.of_file(Path(state_file), instance_id).save(Path(out))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
