"""A Functions host on 127.0.0.1 for one app folder: loads the app, serves its triggers, and runs on a clock.

On a stepped clock, time moves only in `run_until`. On a running clock, the host runs continuously.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from simulator.host.clock import Clock
from simulator.host.cron import CronRun, Crons
from simulator.host.dispatch import Boundary, Dispatcher
from simulator.host.engine import Engine
from simulator.host.files import FileEngine, StateUnusableError
from simulator.host.inflight import InFlight
from simulator.host.runtime import Function, FunctionFailedError, FunctionsApp, Value
from simulator.host.service import DurableService
from simulator.host.settings import HostSettings
from simulator.host.web import WebServer

#: A running clock is queried at least this often, in real seconds.
_POLL_S = 5.0
# How often the host checks whether its engine has failed, in real seconds.
_FAILURE_POLL_S = 0.5
#: If the world returns the same time before the target this often in a row, its clock is considered stuck.
_MAX_STALLS = 10_000


class ClockStuckError(RuntimeError):
    """The clock did not advance."""


class Host:
    """Serves one app. Start only one host per process: the worker's library can hold only one loaded app.

    Args:
        app_dir: The folder with `function_app.py` and `host.json`.
        clock: The source of time.
        state_dir: Where the engine stores its state across restarts; None keeps it in memory.
        port: The HTTP port; 0 selects a free one.
        function_key: The key for functions that are not anonymous.
        boundary: Called before and after every activity (see `Boundary`).
        settle_within_s: The timeout of `settle`, in real seconds.
    """

    def __init__(  # noqa: PLR0913  # one place to read what a host can be given; all but three by name
        self,
        app_dir: Path,
        clock: Clock,
        state_dir: Path | None = None,
        *,
        port: int = 0,
        function_key: str = "local-function-key",
        boundary: Boundary | None = None,
        settle_within_s: float = 60.0,
    ) -> None:
        self._clock, self._settle_within_s, self._boundary = clock, settle_within_s, boundary
        self._app = FunctionsApp(app_dir)
        self._settings = HostSettings.read(app_dir)
        self._state_dir, self._port, self._key = state_dir, port, function_key
        self.base_url = ""

    async def start(self) -> str:
        """Load the app, resume stored state and serve. Return the base URL without `/api`.

        Raises:
            AppLoadError: the app cannot be loaded.
            StateUnusableError: the stored state cannot be read or written.
        """
        await self._clock.refresh()
        await self._app.load()
        self._stirred = asyncio.Event()
        try:
            self._engine = self._make_engine()
        except StateUnusableError:
            self._app.unload()
            await self._clock.close()
            raise
        self._in_flight = InFlight(lambda: self._engine.has_work)
        if self._clock.speed == 0 and self._clock.now() < self._engine.now():
            await self._clock.advance(self._engine.now())
        self._service = DurableService(self._engine)
        self._rpc_address = await self._service.start()
        self._web = WebServer(self._app, self._engine, self._in_flight, self._settings, self._key)
        self.base_url = await self._web.start(self._port, self.invoke, self._clock.refresh)
        self._dispatcher = Dispatcher(self._app, self._engine, self._in_flight, self._client_settings, self._boundary)
        timers = self._app.of_type("timerTrigger")
        self._crons = Crons(timers, self._engine.stored_crons(), self._engine.now())
        self._engine.store_crons(self._crons.states)
        self._timer_runs: set[asyncio.Task[None]] = set()
        self._engine.on_work = self._wake
        self._fire_due()
        self._life = asyncio.create_task(self._run_continuously()) if self._clock.speed else None
        return self.base_url

    async def stop(self) -> None:
        """Stop serving. With a `state_dir`, the next host resumes from the stored state."""
        if self._life is not None:
            self._life.cancel()
            with suppress(asyncio.CancelledError, StateUnusableError):
                await self._life
        await self._web.stop()
        for run in self._timer_runs:
            run.cancel()
        await asyncio.gather(*self._timer_runs, return_exceptions=True)
        await self._dispatcher.stop()
        await self._service.stop()
        self._engine.close()
        self._app.unload()
        await self._clock.close()

    @property
    def engine(self) -> Engine:
        """The durable engine, which gives access to histories."""
        return self._engine

    @property
    def rpc_address(self) -> str:
        """The address for durable clients, in the form `127.0.0.1:port`."""
        return self._rpc_address

    async def until_failure(self) -> str:
        """Wait until the engine can no longer store its state, and return why. Only a new host can continue then."""
        while not self._engine.failure:  # noqa: ASYNC110  # the engine fails in any thread
            await asyncio.sleep(_FAILURE_POLL_S)
        return self._engine.failure

    def now(self) -> datetime:
        """The host's current time."""
        return self._engine.now()

    def next_due(self) -> datetime | None:
        """When the next durable timer or timer trigger is due; None if there is none."""
        due = [at for at in (self._engine.next_due(), self._crons.next_due()) if at is not None]
        return min(due, default=None)

    async def settle(self) -> None:
        """Wait until nothing is in flight: no turn, activity, trigger invocation or HTTP request.

        Raises:
            NotSettledError: something is still in flight after `settle_within_s`.
        """
        await self._in_flight.settle(self._settle_within_s)

    async def run_until(self, to: datetime) -> datetime:
        """On a stepped clock, run until `to`. Each timer fires at its exact time, and the host settles in between.

        Raises:
            NotSettledError: something did not settle.
            ClockStandsStillError: the clock does not advance.
        """
        stalls = 0
        while True:
            await self.settle()
            before, due = self.now(), self.next_due()
            target = to if due is None else min(due, to)
            if target > before:
                await self._clock.advance(target)
                await self.settle()
            now = self.now()
            fired = self._fire_due()
            stalls = 0 if fired or now > before else stalls + 1
            if stalls > _MAX_STALLS:
                raise ClockStuckError(f"advancing the clock from {now} to {target}: it does not move")
            if now >= to and not fired:
                return now

    async def invoke(self, function: Function, value: Value) -> Value | None:
        """Call a function. The call counts as being in flight.

        Raises:
            FunctionFailedError: the function raised an exception.
        """
        with self._in_flight.doing(f"function {function.name}"):
            return await self._app.invoke(function, value, self._client_settings())

    def _make_engine(self) -> Engine:
        if self._state_dir is None:
            return Engine(self._clock.now)
        self._state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileEngine(self._clock.now, self._state_dir / "engine.db")

    def _wake(self) -> None:
        self._dispatcher.wake()
        self._stirred.set()

    def _fire_due(self) -> bool:
        fired = self._engine.fire_due() > 0
        for run in self._crons.take_due(self.now()):
            fired = True
            task = asyncio.create_task(self._run_timer(run, self._in_flight.begin(f"timer {run.function.name}")))
            self._timer_runs.add(task)
            task.add_done_callback(self._timer_runs.discard)
        self._dispatcher.wake()
        return fired

    async def _run_timer(self, run: CronRun, end: Callable[[], None]) -> None:
        try:
            # A failed timer function is not retried. Its next run is at the next occurrence, as on Azure.
            with suppress(FunctionFailedError):
                await self._app.invoke(run.function, run.value(), self._client_settings())
            self._crons.ended(run, self.now())
            self._engine.store_crons(self._crons.states)
            self._stirred.set()
        finally:
            end()

    async def _run_continuously(self) -> None:
        while True:
            self._fire_due()
            self._stirred.clear()  # Clear the event only after firing timers, which also sets it. The next line reads the changes.
            due, wait_s = self.next_due(), _POLL_S
            if due is not None:
                wait_s = min(wait_s, max(0.0, (due - self.now()).total_seconds() / self._clock.speed))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), wait_s)
            await self._clock.refresh()

    def _client_settings(self) -> str:
        base = f"{self.base_url}/runtime/webhooks/durabletask"
        return json.dumps({
            "taskHubName": self._settings.task_hub,
            "rpcBaseUrl": self._rpc_address,
            "baseUrl": base,
            "httpBaseUrl": base,
            "requiredQueryStringParameters": f"code={self._key}",
        })  # fmt: skip
