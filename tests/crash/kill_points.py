"""Kills the bot in the middle: when an effect has happened and its answer is not on the way yet.

The boundaries of activities lie before and after; what a process may lose in between is the answer to its own call.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from simulator.faults import Faults, Surface
from simulator.http_types import DROPPED, Answer, Call

PID = "bot.pid"
EFFECTS = "effects.txt"


class Deadly(Faults):
    """No fault but that one: names each effect as it happens, on disk, and kills the bot at those in `kills`."""

    def __init__(self, folder: Path, kills: tuple[str, ...]) -> None:
        super().__init__("none", 0)
        self._folder, self._kills = folder, kills
        self._file = (folder / EFFECTS).open("w", buffering=1)
        self._seen: Counter[str] = Counter()

    def around(self, surface: Surface, call: Call, handler: Callable[[Call], Answer]) -> Answer:
        """Answer, where there is anybody left to."""
        answer = handler(call)
        if not has_effect(surface, call):
            return answer
        name = f"during {call.method} {call.path.rpartition('/managedClusters/')[2] or call.path}"
        self._seen[name] += 1
        effect = f"{name} #{self._seen[name]}"
        self._file.write(effect + "\n")
        if effect not in self._kills:
            return answer
        os.kill(int((self._folder / PID).read_text()), signal.SIGKILL)
        return DROPPED


def has_effect(surface: Surface, call: Call) -> bool:
    """Whether the call changes something: all but reads, some of which are spelled POST."""
    last = call.path.rstrip("/").rpartition("/")[2].casefold()
    match surface:
        case Surface.SLACK:
            return last in ("chat.postmessage", "chat.update", "chat.delete")
        case Surface.ARM:
            return call.method != "GET" and not last.startswith(("list", "resources", "query"))
        case _:
            return call.method != "GET"
