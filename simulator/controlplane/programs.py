"""The control plane's child processes. Each one has a log and ends when this process does. They are stopped in order."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STOPS_WITHIN_S = 10


class BootError(Exception):
    """A control plane component ended or was not ready in time. The text contains the end of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    """One running component."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Check that the component is still running.

        Raises:
            BootError: the component has ended.
        """
        if self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-3000:]
            raise BootError(f"{self.name} ended with {self.process.returncode}:\n{tail}")

    def stop(self) -> None:
        """Terminate the component. Kill it if it does not end."""
        self.process.terminate()
        try:
            self.process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(binaries: Path, folder: Path, name: str, arguments: Sequence[str]) -> Program:
    """Start a component in a folder. It ends when this process does, for whatever reason."""
    leash = shutil.which("setpriv")
    command = [*([leash, "--pdeathsig", "TERM", "--"] if leash else []), str(binaries / name), *arguments]
    log = folder / f"{name}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603 - no shell: a component from the cache or KUBEBUILDER_ASSETS, with arguments of this package
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
    return Program(name, process, log)
