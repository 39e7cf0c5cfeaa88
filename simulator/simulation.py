"""One simulated fleet with all its services: ARM and Kubernetes over TLS; identity, the chats and the control API over HTTP."""

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from simulator.azure import login
from simulator.azure.arm import Arm
from simulator.azure.arm_request import Provider
from simulator.azure.authorization import Authorization
from simulator.azure.compute import Compute
from simulator.azure.cost import Cost
from simulator.azure.credentials import kubeconfig
from simulator.azure.fleet_manager import FleetManagers
from simulator.azure.handlers import Handlers
from simulator.azure.identity import IdentityEndpoint
from simulator.azure.longrunning import LongRunning
from simulator.azure.routes import Provider as Whose
from simulator.azure.tokens import KUBERNETES_AUDIENCE, Tenant
from simulator.clock import VirtualClock
from simulator.control.api import Chats, Control
from simulator.control.delivery import Delivery
from simulator.faults import Faults, Surface
from simulator.http_server import HOST, HttpServers
from simulator.http_types import HttpRequest, HttpResponse, RequestCounter
from simulator.kubernetes import api as kubernetes
from simulator.persistence import WorldState, lasting_port, new_keys
from simulator.slack import api as slack
from simulator.stories.story import Performance, Story
from simulator.teams import api as teams
from simulator.teams import connector, signing
from simulator.teams.people import People
from simulator.world.specs import FleetSpec
from simulator.world.world import World

IDENTITY_PATH = "/msi/token"
PAGE_SIZE = 10
MACHINES_PER_PAGE = 50
# Cost Management's page size: 1,000 rows, or 5,000 if requested with $top.
ROWS_PER_PAGE = 1000
# Real lists of these kinds are short; with one entry per page, clients follow the links.
RIGHTS_PER_PAGE = 1


class Simulation:
    """One fleet with all its services. ``speed`` is in virtual seconds per second; with 0, time moves only on request.

    ``retry_after_s`` is sent with long-running operations. The real service does not send it, so clients wait 30 s.
    """

    def __init__(
        self,
        fleet: FleetSpec,
        seed: int = 0,
        speed: float = 0,
        faults: str = "none",
        *,
        fault_surfaces: tuple[Surface, ...] = tuple(Surface),
        retry_after_s: int | None = None,
    ) -> None:
        self._state: WorldState | None = None
        self.world = World(fleet, seed)
        self.requests = RequestCounter()
        self.faults = Faults(faults, seed, fault_surfaces)
        self.delivery = Delivery(self.world, self.faults)
        self.clock = VirtualClock(self.world, speed, self._has_news, self._deliver)
        self.slack = slack.SlackApi(fleet.channels, lambda: self.world.now, self.requests)
        self.teams = teams.TeamsApi(lambda: self.world.now, self.requests)
        self.connector = connector.Connector(lambda: self.world.now, self.requests)
        self.people = People(self.connector)
        chats = Chats(self.slack, self.teams, self.connector, self.people)
        self.control = Control(self.world, self.clock, self.delivery, chats, self.requests, self.faults)
        self._performance: Performance | None = None
        # Called for every request over TLS. Recorders add themselves to the list.
        self.watchers: list[Callable[[HttpRequest, HttpResponse], None]] = []
        self._retry_after_s = retry_after_s
        self._environment: dict[str, str] = {}
        self._servers = HttpServers()
        self._folder: Path | None = None
        # A client of the process before this one may send a request before the world is what it was.
        self._ready = asyncio.Event()

    def keep_in(self, folder: Path) -> None:
        """Keep the world in a folder, so that the next simulation with it continues where a killed one was. Call this before ``start``."""
        self._state = WorldState(folder)
        self.clock.passed = self._state.keep

    def perform(self, story: Story) -> None:
        """Have the people and systems of a story act by themselves; the fleet must be the story's. Call this before ``start``."""
        self._performance = Performance(story, self.world, self.control)

    def environment(self) -> dict[str, str]:
        """Return the settings for clients. Call this after ``start``."""
        return dict(self._environment)

    async def start(self) -> None:
        """Start all servers and the clock."""
        self._folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="daytwo-simulator-"))
        files = self._state.folder if self._state is not None else self._folder
        keys = self._state.keys() if self._state is not None else new_keys()
        authority = keys.ca
        ca_pem: bytes = authority.cert_pem.bytes()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST, "localhost").configure_cert(context)
        secure = await self._servers.open(self._secure, context, keys.secure_port or self._port())
        plain = await self._servers.open(self._plain, None, keys.plain_port or self._port())
        if self._state is not None:
            self._state.keep_keys(replace(keys, secure_port=secure, plain_port=plain))
        arm_url, plain_url = f"https://{HOST}:{secure}", f"http://{HOST}:{plain}"
        self.tenant = tenant = Tenant(arm_url, keys.tenant)
        self._identity = IdentityEndpoint(tenant, keys.identity)
        self._login = login.LoginEndpoint(tenant, {connector.APP_ID: connector.SECRET})
        self.signer = signing.Signer(connector.APP_ID, f"{plain_url}{connector.PREFIX}")
        self.connector.open(tenant)
        self.people.open(self.signer)
        long_running = LongRunning(self.world.core.operations, keys.tenant, self._retry_after_s)
        providers: dict[Whose, Provider] = {
            Whose.AKS: Handlers(self.world, long_running, ca_pem, PAGE_SIZE),
            Whose.FLEET: FleetManagers(self.world, PAGE_SIZE),
            Whose.COMPUTE: Compute(self.world, long_running, MACHINES_PER_PAGE),
            Whose.COST: Cost(self.world, ROWS_PER_PAGE),
            Whose.AUTHORIZATION: Authorization(self.world, RIGHTS_PER_PAGE),
        }
        self._arm = Arm(self.world, tenant, providers, self.requests)
        self._kubernetes = kubernetes.KubernetesApi(self.world, tenant, self.requests)
        clusters = self.world.core.spec.clusters
        first = next((cluster for cluster in clusters if not cluster.stopped), clusters[0])
        ca_file, config_file = files / "ca.pem", files / "kubeconfig"
        token = tenant.issue(KUBERNETES_AUDIENCE).value
        config = kubeconfig(first.name, f"{arm_url}/clusters/{first.name}", ca_pem, {"token": token})
        await asyncio.to_thread(ca_file.write_bytes, ca_pem)
        await asyncio.to_thread(config_file.write_text, config)
        self._environment = {
            "ARM_URL": arm_url,
            "CA_FILE": str(ca_file),
            "IDENTITY_ENDPOINT": f"{plain_url}{IDENTITY_PATH}",
            "IDENTITY_HEADER": self._identity.header,
            "SUBSCRIPTION": first.subscription,
            "RESOURCE_GROUP": first.resource_group,
            "CLUSTER": first.name,
            "POOL": first.pools[0].name,
            "KUBECONFIG": str(config_file),
            "SLACK_URL": f"{plain_url}{slack.PREFIX}",
            "TEAMS_URL": f"{plain_url}{teams.URL_PATH}",
            "TEAMS_BOT_APP_ID": connector.APP_ID,
            "TEAMS_SERVICE_URL": self.signer.service_url,
            "TEAMS_OPENID_URL": f"{plain_url}{signing.METADATA}",
            "TEAMS_LOGIN_URL": arm_url,
            "TEAMS_HOSTS": f"{HOST}:{plain}",
            "CLOCK_URL": f"{plain_url}/clock",
        }
        if self._performance is not None:
            self._environment |= await asyncio.to_thread(self._performance.begin, files, authority, plain_url)
        self._resume()
        self._ready.set()
        self.clock.start()

    def _port(self) -> int:
        """Return the port to listen on; 0: any free one."""
        return lasting_port(HOST) if self._state is not None else 0

    def _resume(self) -> None:
        """Repeat everything that has changed the world before this process."""
        for entry in self._state.entries() if self._state is not None else ():
            while self.world.step(entry.at):
                pass
            if entry.request is not None:
                self._service(entry.service)(entry.request)
        self.delivery.skip_past()
        if self._performance is not None:
            self._performance.calls.skip_past()

    def _has_news(self) -> bool:
        """Whether there is something to send at this time: an event, or what a person does."""
        return self.delivery.has_news() or (self._performance is not None and self._performance.calls.has_news())

    async def _deliver(self) -> None:
        await self.delivery.deliver()
        if self._performance is not None:
            await self._performance.calls.deliver()

    def _service(self, name: str) -> Callable[[HttpRequest], HttpResponse]:
        match name:
            case Surface.KUBERNETES:
                return self._kubernetes.handle
            case Surface.ARM:
                return self._arm.handle
            case Surface.SLACK:
                return self.slack.handle
            case "connector":
                return self.connector.handle
            case _:
                return self.teams.handle

    def _answer(self, surface: Surface, service: str, request: HttpRequest) -> HttpResponse:
        """Handle a request, or replace its response with a fault. A request that can change the world is kept first."""
        handler = self._service(service)

        def handle(received: HttpRequest) -> HttpResponse:
            if self._state is not None and received.method != "GET":
                self._state.keep(self.world.now, service, received)
            return handler(received)

        return self.faults.intercept(surface, request, handle)

    async def stop(self) -> None:
        """Stop all servers and delete the temporary files."""
        await self.clock.stop()
        if self._performance is not None:
            await asyncio.to_thread(self._performance.end)
        await self._servers.close()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder)
            self._folder = None

    async def _secure(self, request: HttpRequest) -> HttpResponse:
        await self._ready.wait()
        if request.path.startswith(login.PREFIX):
            return self._login.handle(request)
        if request.path.startswith(kubernetes.PREFIX):
            response = self._answer(Surface.KUBERNETES, Surface.KUBERNETES, request)
        else:
            response = self._answer(Surface.ARM, Surface.ARM, request)
        for watch in self.watchers:
            watch(request, response)
        return response

    async def _plain(self, request: HttpRequest) -> HttpResponse:
        await self._ready.wait()
        if request.path == IDENTITY_PATH:
            return self._identity.handle(request)
        if slack.is_slack(request.path):
            return self._answer(Surface.SLACK, Surface.SLACK, request)
        if request.path.startswith(signing.PREFIX):
            return self.signer.handle(request)
        if request.path.startswith(connector.PREFIX):
            return self._answer(Surface.TEAMS, "connector", request)
        if request.path.startswith(teams.PREFIX):
            return self._answer(Surface.TEAMS, Surface.TEAMS, request)
        return await self.control.handle(request)
