"""Keeps a simulated world across a killed process, as Azure's state survives the servers that answer for it.

The world is deterministic: the same requests at the same virtual times lead to the same state. So what is kept are the
requests that can change it, each on disk before it takes effect, and the keys and ports with which clients know the servers.
Requests to the control API are not kept: the program that drives the world repeats them.
"""

import base64
import json
import random
import secrets
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import trustme

from simulator.http_types import HttpRequest

# Below the range from which Linux takes ports for outgoing connections and for port 0.
_LASTING_PORTS = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class Keys:
    """What clients know the servers by: the certificate authority, the keys of the tenant, and the ports (0: not chosen yet)."""

    authority: str
    authority_key: str
    tenant: str
    identity: str
    secure_port: int = 0
    plain_port: int = 0

    @property
    def ca(self) -> trustme.CA:
        """The certificate authority."""
        return trustme.CA.from_pem(self.authority.encode(), self.authority_key.encode())


def lasting_port(host: str) -> int:
    """Return a free port that the system does not give to other programs, so that a later process can listen on it, too.

    Raises:
        OSError: none of the tried ports is free.
    """
    for port in random.sample(_LASTING_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError("no port between 20000 and 32000 is free")


def new_keys() -> Keys:
    """Return new keys."""
    ca = trustme.CA()
    return Keys(
        ca.cert_pem.bytes().decode(), ca.private_key_pem.bytes().decode(), secrets.token_hex(32), secrets.token_hex(16)
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept request, the virtual time at which it arrived and the service that handled it; None if only time has passed."""

    at: datetime
    service: str = ""
    request: HttpRequest | None = None


class WorldState:
    """The folder in which a world is kept."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._keys = folder / "keys.json"
        self._log = folder / "requests.jsonl"

    def keys(self) -> Keys:
        """Return the kept keys, or new ones."""
        return Keys(**json.loads(self._keys.read_text())) if self._keys.exists() else new_keys()

    def keep_keys(self, keys: Keys) -> None:
        """Keep the keys for the next process."""
        self._keys.write_text(json.dumps(asdict(keys)))

    def entries(self) -> Iterator[Kept]:
        """Return everything that was kept, oldest first. A line that a killed process has not completed is left out."""
        if not self._log.exists():
            return
        whole = self._log.read_bytes()
        complete = whole[: whole.rfind(b"\n") + 1]
        if complete != whole:
            self._log.write_bytes(complete)
        for line in complete.decode().splitlines():
            yield _entry(json.loads(line))

    def keep(self, at: datetime, service: str = "", request: HttpRequest | None = None) -> None:
        """Keep a request before it takes effect, or only that time has passed."""
        entry: dict[str, object] = {"at": at.isoformat()}
        if request is not None:
            entry |= {
                "service": service,
                "method": request.method,
                "path": request.path,
                "query": dict(request.query),
                "headers": dict(request.headers.items()),
                "body": base64.b64encode(request.body).decode(),
                "origin": request.origin,
            }
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def _entry(line: dict[str, object]) -> Kept:
    at = datetime.fromisoformat(str(line["at"]))
    if "service" not in line:
        return Kept(at)
    headers, query = line["headers"], line["query"]
    if not isinstance(headers, dict) or not isinstance(query, dict):
        raise TypeError(f"a kept request has headers or a query that are not objects: {line}")
    request = HttpRequest(
        str(line["method"]),
        str(line["path"]),
        query,
        headers,
        base64.b64decode(str(line["body"])),
        str(line["origin"]),
    )
    return Kept(at, str(line["service"]), request)
