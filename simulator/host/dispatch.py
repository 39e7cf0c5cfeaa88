"""Runs the engine's work items with the app's functions, and returns the results to the engine."""

import asyncio
from collections.abc import Callable
from typing import Literal, Protocol

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask.internal import helpers

from simulator.host.engine import Engine
from simulator.host.inflight import InFlight
from simulator.host.runtime import Function, FunctionFailedError, FunctionsApp, Value
from simulator.host.work import Activity, Turn

#: Turns run on the event loop. After this many turns, other tasks are given a chance to run.
_TURNS_AT_ONCE = 16


class Boundary(Protocol):
    """Called right before an activity runs, and again when its result is known but not yet recorded."""

    def __call__(self, when: Literal["before", "after"], activity_name: str, instance_id: str, /) -> None:
        """May end the process. An activity whose result was not recorded then runs once more."""
        ...


class Dispatcher:
    """Takes turns and activities from the engine and runs them.

    Args:
        client: The configuration for functions that have a durable client binding.
    """

    def __init__(
        self,
        app: FunctionsApp,
        engine: Engine,
        in_flight: InFlight,
        client: Callable[[], str],
        boundary: Boundary | None,
    ) -> None:
        self._app, self._engine, self._in_flight = app, engine, in_flight
        self._client, self._boundary = client, boundary
        self._orchestrators = {one.task_name: one for one in app.of_type("orchestrationTrigger")}
        self._activities = {one.task_name: one for one in app.of_type("activityTrigger")}
        self._loop = asyncio.get_running_loop()
        self._scheduled = self._stopped = False
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Request a check for work. It is safe to call this repeatedly."""
        if not self._scheduled and not self._stopped and self._engine.has_work:
            self._scheduled = True
            self._loop.call_soon(self._pump)

    async def stop(self) -> None:
        """Stop taking work. Running activities are cancelled and returned to the engine."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _pump(self) -> None:
        self._scheduled = False
        if self._stopped:
            return
        while activity := self._engine.take_activity():
            task = self._loop.create_task(self._run_activity(activity, self._in_flight.begin(_describe(activity))))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        for _ in range(_TURNS_AT_ONCE):
            turn = self._engine.take_turn()
            if turn is None:
                break
            self._engine.complete_turn(turn, self._run_turn(turn))
        self.wake()
        self._in_flight.check()

    def _run_turn(self, turn: Turn) -> pb.OrchestratorResponse:
        function = self._orchestrators.get(turn.name)
        if function is not None:
            return self._app.run_turn(function, turn.request)
        error = FunctionFailedError(f"starting {turn.instance_id!r}: the app has no orchestrator named {turn.name!r}")
        action = helpers.new_complete_orchestration_action(
            -1, pb.ORCHESTRATION_STATUS_FAILED, None, helpers.new_failure_details(error)
        )
        return pb.OrchestratorResponse(instanceId=turn.instance_id, actions=[action])

    async def _run_activity(self, activity: Activity, end: Callable[[], None]) -> None:
        try:
            await self._invoke_activity(activity, self._activities.get(activity.name))
        except asyncio.CancelledError:
            self._engine.abandon_activity(activity)
            raise
        except Exception as error:
            # This is not an error in the app: the engine cannot record the result, or a boundary raised. This task is not
            # awaited, so the callers of settle() get the error.
            self._in_flight.fail(error)
            raise
        finally:
            end()

    async def _invoke_activity(self, activity: Activity, function: Function | None) -> None:
        if function is None:
            missing = FunctionFailedError(f"the app has no activity named {activity.name!r}")
            self._engine.fail_activity(activity, missing)
            return
        if self._boundary:
            self._boundary("before", activity.name, activity.instance_id)
        failure: FunctionFailedError | None = None
        returned: Value | None = None
        try:
            returned = await self._app.invoke(function, Value("string", activity.input or "null"), self._client())
        except FunctionFailedError as error:
            failure = error
        if self._boundary:
            self._boundary("after", activity.name, activity.instance_id)
        if failure is not None:
            self._engine.fail_activity(activity, failure)
        else:
            self._engine.complete_activity(activity, "null" if returned is None else str(returned.content))


def _describe(activity: Activity) -> str:
    return f"activity {activity.name} of {activity.instance_id}"
