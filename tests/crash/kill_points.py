"""Kills the bot after a request has taken effect and before its response is sent.

Activity boundaries only cover the moments before and after a call. A process killed in between loses its response.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from simulator.faults import Faults, Surface
from simulator.http_types import DROPPED, HttpRequest, HttpResponse

PID = "bot.pid"
EFFECTS = "effects.txt"


class KillPoints(Faults):
    """Injects a single kind of fault: writes the name of each effect to disk, and kills the bot at the effects in `kills`."""

    def __init__(self, folder: Path, kills: tuple[str, ...]) -> None:
        super().__init__("none", 0)
        self._folder, self._kills = folder, kills
        self._file = (folder / EFFECTS).open("w", buffering=1)
        self._seen: Counter[str] = Counter()

    def intercept(
        self, surface: Surface, call: HttpRequest, handler: Callable[[HttpRequest], HttpResponse]
    ) -> HttpResponse:
        """Handle a request. If the bot has been killed, the response is dropped."""
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


def has_effect(surface: Surface, call: HttpRequest) -> bool:
    """Whether the request changes anything. All requests do except reads, some of which use POST."""
    last = call.path.rstrip("/").rpartition("/")[2].casefold()
    match surface:
        case Surface.SLACK:
            return last in ("chat.postmessage", "chat.update", "chat.delete")
        case Surface.ARM:
            return call.method != "GET" and not last.startswith(("list", "resources", "query"))
        case _:
            return call.method != "GET"
