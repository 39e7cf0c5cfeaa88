"""Helpers for tests: a simulation in a thread or a child process, and a credential that uses its identity endpoint."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from azure.core.credentials import AccessToken

from simulator.faults import Surface
from simulator.fleets import demo_fleet
from simulator.http_types import JsonObject
from simulator.simulation import Simulation
from simulator.world.specs import FleetSpec
from simulator.world.world import World

START_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class Running:
    """A running simulation. Read ``world`` directly, and move its clock with ``advance``."""

    simulation: Simulation
    environment: dict[str, str]

    @property
    def world(self) -> World:
        """The world itself, for assertions. Change it only through the services or by means of scripted faults."""
        return self.simulation.world

    def advance(self, to: datetime) -> None:
        """Run the world until a given time, including deliveries."""
        advance(self.environment, to)

    def control(self, path: str, body: JsonObject | None = None) -> JsonObject:
        """Call the control API, with POST if there is a body and with GET otherwise."""
        return control(self.environment, path, body)


def control(environment: Mapping[str, str], path: str, body: JsonObject | None = None) -> JsonObject:
    """Call the control API of any running simulation.

    Raises:
        urllib.error.HTTPError: the request was rejected.
    """
    base = urlsplit(environment["CLOCK_URL"])
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{base.scheme}://{base.netloc}{path}", data=data)  # noqa: S310  # our own http address
    with urlopen(request, timeout=120) as response:  # noqa: S310  # our own http address
        document: JsonObject = json.load(response)
        return document


def advance(environment: Mapping[str, str], to: datetime) -> None:
    """Move the clock of any running simulation to a given time, continuing whenever it stops for a delivery."""
    while True:
        now = control(environment, "/clock/advance", {"to": to.isoformat()})["now"]
        if datetime.fromisoformat(str(now)) >= to:
            return


@contextmanager
def running_simulation(
    fleet: FleetSpec | None = None,
    seed: int = 0,
    speed: float = 0,
    faults: str = "none",
    retry_after_s: int | None = None,
    *,
    fault_surfaces: tuple[Surface, ...] = tuple(Surface),
) -> Iterator[Running]:
    """Serve a fleet (by default the demonstration's) from a thread in this process."""
    simulation = Simulation(
        fleet or demo_fleet(), seed, speed, faults, retry_after_s=retry_after_s, fault_surfaces=fault_surfaces
    )
    with running(simulation) as served:
        yield served


@contextmanager
def running(simulation: Simulation) -> Iterator[Running]:
    """Serve a simulation from a thread in this process."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulation", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(simulation.start(), loop).result(START_WITHIN_S)
        yield Running(simulation, simulation.environment())
    finally:
        asyncio.run_coroutine_threadsafe(simulation.stop(), loop).result(START_WITHIN_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def simulation_process(*arguments: str) -> Iterator[dict[str, str]]:
    """Serve from a child process that ends with this one. Yield the settings for clients.

    Raises:
        RuntimeError: the pipes to the process are not open.
    """
    command = [sys.executable, "-m", "simulator.serve", "--with-parent", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own module
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("The simulation's pipes are not open.")
        environment: dict[str, str] = {}
        for line in process.stdout:
            name, _, value = line.strip().partition("=")
            if not name:
                break
            environment[name] = value
        try:
            yield environment
        finally:
            process.stdin.close()
            process.wait(START_WITHIN_S)


class SimulatedCredential:
    """A token credential for Azure SDK clients that uses the identity endpoint as App Service's own client does."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._tokens: dict[str, AccessToken] = {}

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        """Return a token for a scope such as ``https://management.azure.com/.default``."""
        resource = scopes[0].removesuffix("/.default")
        token = self._tokens.get(resource)
        if token is None or token.expires_on < time.time() + 300:
            token = self._tokens[resource] = self._fetch(resource)
        return token

    def _fetch(self, resource: str) -> AccessToken:
        query = urlencode({"api-version": "2019-08-01", "resource": resource})
        headers = {"X-IDENTITY-HEADER": self._environment["IDENTITY_HEADER"]}
        request = Request(f"{self._environment['IDENTITY_ENDPOINT']}?{query}", headers=headers)  # noqa: S310 - the address of the simulation that this process started
        with urlopen(request, timeout=30) as response:  # noqa: S310  # our own http address
            document = json.load(response)
        return AccessToken(document["access_token"], int(document["expires_on"]))
