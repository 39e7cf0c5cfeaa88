"""Azurite, the Azure Storage emulator: installed once into the cache, and started on free ports on this machine."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from azure.core.credentials import AzureNamedKeyCredential

from simulator import npm

_NPM = Path(__file__).with_name("npm")
_START_WITHIN_S = 60
# The emulator's documented account, which gives access to emulators only.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@dataclass(frozen=True, slots=True)
class Azurite:
    """The emulator's endpoint."""

    tables_url: str
    blobs_url: str
    credential: AzureNamedKeyCredential


def missing() -> str:
    """The reason why Azurite is not available on this machine, or an empty string if it is available."""
    why = npm.missing()
    return f"Azurite is not available: {why}" if why else ""


@contextmanager
def running() -> Iterator[Azurite]:
    """A separate emulator that is removed at the end, along with its data."""
    binary = npm.installed(_NPM) / "node_modules" / ".bin" / "azurite"
    blob, queue, table = _free_ports(3)
    ports = ["--blobPort", str(blob), "--queuePort", str(queue), "--tablePort", str(table)]
    hosts = [option for kind in ("blob", "queue", "table") for option in (f"--{kind}Host", "127.0.0.1")]
    options = [
        "--inMemoryPersistence",
        "--skipApiVersionCheck",
        "--disableTelemetry",
        "--silent",
    ]
    process = subprocess.Popen(  # noqa: S603 - the lock's own binary
        [str(binary), *ports, *hosts, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        for port in (blob, table):
            _wait_for(port, process)
        account = f"127.0.0.1:{{}}/{_ACCOUNT}"
        credential = AzureNamedKeyCredential(_ACCOUNT, _KEY)
        yield Azurite(f"http://{account.format(table)}", f"http://{account.format(blob)}", credential)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the port accepts connections. Raises RuntimeError if this takes too long."""
    deadline = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            output = process.stderr.read().decode() if process.stderr else ""
            raise RuntimeError(f"Azurite ended at once: {output}")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise RuntimeError(f"Azurite did not listen on port {port} within {_START_WITHIN_S} s")
