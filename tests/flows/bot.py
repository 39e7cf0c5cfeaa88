"""The real app on the local host. It runs in a thread of this process and follows a simulated world's clock."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp

from ops.adapters.file_ledger import FileLedger
from ops.adapters.sqlite_store import SqliteStore
from ops.bootstrap import forget_wiring
from ops.model.ledger import Entry
from ops.model.run import Run
from ops.model.run_request import slug
from ops.tables.runs import runs
from simulator.host.clock import RemoteClock
from simulator.host.host import Host
from simulator.running import Running, control, running_simulation
from simulator.slack.api import TOKEN
from simulator.slack.signing import SIGNING_SECRET
from simulator.world.specs import ClusterSpec, FleetSpec

APP = Path(__file__).resolve().parents[2]
KEY = "key-of-the-tests"
# Of the budget webhook, in its address.
BUDGET_KEY = "budget-key-of-the-tests-32-letters"


@dataclass(frozen=True, slots=True)
class EndpointResponse:
    """An endpoint's response."""

    status: int
    body: Any
    location: str


def target_of(cluster: ClusterSpec) -> str:
    """A simulated cluster's ARM id."""
    group = f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.resource_group}"
    return f"{group}/providers/Microsoft.ContainerService/managedClusters/{cluster.name}"


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set these environment variables, from which the app reads its settings at the first request."""
    before = dict(os.environ)
    os.environ.update(variables)
    forget_wiring()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        forget_wiring()


class Bot:
    """The bot in a folder, for the lifetime of one process. `calls` lists the activities in order."""

    def __init__(
        self,
        simulation: Running,
        folder: Path,
        config: str | None,
        *,
        engine_on_disk: bool = False,
        schema: str = "",
    ) -> None:
        self.simulation, self.folder, self._schema = simulation, folder, schema
        self.config = folder / "daytwo.yaml"
        if config is not None:
            self.config.write_text(config)
        self.calls: list[str] = []
        clock = RemoteClock(simulation.environment["CLOCK_URL"])
        state = folder / "engine" if engine_on_disk else None
        self.host = Host(APP, clock, state, function_key=KEY, boundary=self._count)

    def _count(self, when: Literal["before", "after"], activity: str, instance_id: str, /) -> None:
        if when == "before":
            self.calls.append(f"{activity} {instance_id}")

    async def __aenter__(self) -> Self:
        folder = str(self.folder)
        settings = {"DAYTWO_STATE": folder, "DAYTWO_CONFIG": str(self.config), "SLACK_TOKEN": TOKEN}
        settings |= {"SLACK_SIGNING_SECRET": SIGNING_SECRET, "DAYTWO_BUDGET_KEY": BUDGET_KEY}
        self._environment = environment({**self.simulation.environment, **settings})
        self._environment.__enter__()
        self.url = await self.host.start()
        self.http = aiohttp.ClientSession(self.url)
        if self._schema:
            address = f"{self.url}/runtime/webhooks/eventgrid?functionName=events&code={KEY}"
            await asyncio.to_thread(
                control, self.simulation.environment, "/subscribers", {"url": address, "schema": self._schema}
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()
        await self.host.stop()
        self._environment.__exit__(kind, error, trace)

    async def call(
        self, method: str, path: str, body: object = None, *, key: str = KEY, **headers: str
    ) -> EndpointResponse:
        """Call an endpoint under `/api`, then let the bot settle."""
        shown = {"x-functions-key": key, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = None if body is None else json.dumps(body)
        async with self.http.request(method, f"/api/{path}", data=data, headers=shown) as answer:
            text = await answer.text()
            found = EndpointResponse(
                answer.status, json.loads(text) if text else None, answer.headers.get("Location", "")
            )
        await self.host.settle()
        return found

    async def send_event(self, event: object, **headers: str) -> int:
        """Post to the Event Grid webhook. Return the status code."""
        address = f"/runtime/webhooks/eventgrid?functionName=events&code={KEY}"
        async with self.http.post(address, json=event, headers=headers) as answer:
            status = answer.status
        await self.host.settle()
        return status

    async def post_raw(self, path: str, body: bytes, headers: Mapping[str, str]) -> EndpointResponse:
        """Post raw bytes to an endpoint under `/api`, without the function key."""
        async with self.http.post(f"/api/{path}", data=body, headers=headers) as answer:
            text = await answer.text()
            found = EndpointResponse(answer.status, json.loads(text) if text else None, "")
        await self.host.settle()
        return found

    async def connect_slack(self) -> None:
        """Subscribe the bot to the simulated Slack's button clicks and commands."""
        for schema, path in (("slack-interactions", "slack/interactions"), ("slack-commands", "slack/commands")):
            await self.control("/subscribers", {"url": f"{self.url}/api/{path}", "schema": schema})

    async def control(self, path: str, body: dict[str, object]) -> Any:
        """Call the world's control API, then let the bot settle."""
        found = await asyncio.to_thread(control, self.simulation.environment, path, body)
        await self.host.settle()
        return found

    async def start_run(self, cluster: ClusterSpec, runbook: str = "node-image") -> str:
        """Start a run over HTTP. Return its id."""
        answer = await self.call("POST", f"runbooks/{runbook}", {"target": target_of(cluster), "by": "ana"})
        assert answer.status == 202, answer
        run: str = answer.body["run"]
        return run

    async def run_until(self, at: datetime) -> None:
        """Simulate until this time."""
        await self.host.run_until(at)

    @property
    def store(self) -> SqliteStore:
        """The records, read through a separate connection."""
        return SqliteStore(self.folder / "store.sqlite")

    def run(self, run_id: str) -> Run:
        """A run's record."""
        return runs(self.store).must_get(run_id).value

    def run_of(self, cluster: str) -> Run:
        """A cluster's only run."""
        (found,) = runs(self.store).scan(f"node-image.{slug(cluster)}-")
        return found.value

    def ledger(self, *days: str) -> list[Entry]:
        """The ledger's entries for these days.

        Raises:
            LedgerBrokenError: the hash chain is broken.
        """
        return [entry for day in days for entry in FileLedger(self.folder / "ledger").entries(day)]

    def started_operations(self) -> list[str]:
        """The operations that the bot started, in order."""
        return started_operations(self.simulation)


@contextmanager
def running_bot(fleet: FleetSpec, folder: Path, config: str, *, schema: str = "") -> Iterator[Bot]:
    """The bot, with a simulation of this fleet for the lifetime of the block."""
    with running_simulation(fleet) as simulation:
        yield Bot(simulation, folder, config, schema=schema)


def started_operations(simulation: Running) -> list[str]:
    """The operations that the bot started, in order."""
    entries: Any = simulation.control("/journal")["entries"]
    ours = [
        e["detail"] | e for e in entries if e["kind"] == "operation-begun" and e["detail"]["who"].startswith("2222")
    ]
    return [" ".join(filter(None, [e["what"], e["cluster"], e["pool"]])) for e in ours]


def messages(simulation: Running) -> dict[str, list[str]]:
    """The text of each Slack message, by key."""
    shown: dict[str, list[str]] = {}
    channels: Any = simulation.control("/slack")["channels"]
    for message in (each for channel in channels for each in channel["messages"]):
        shown.setdefault(message["metadata"]["event_payload"]["key"], []).append(message["text"])
    return shown
