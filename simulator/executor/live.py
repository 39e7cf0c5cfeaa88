"""One execution of an orchestrator whose SDK context stays alive between turns, so that nothing is replayed.

This is the only module that uses the SDK's own context (durabletask 1.12.0, private names). The engine runs the same
code, so an orchestrator makes the same decisions here as on the engine.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask import worker
from durabletask.internal import helpers
from durabletask.serialization import JsonDataConverter

CONVERTER = JsonDataConverter()
_log = logging.getLogger("durabletask.executor")
_log.setLevel(logging.WARNING)

type Orchestrator = Callable[[Any, Any], Any]


class Orchestrators:
    """The orchestrators that can be started, keyed by name."""

    def __init__(self, functions: list[Orchestrator]) -> None:
        self.registry = worker._Registry()  # type: ignore[no-untyped-call]  # noqa: SLF001 - see the module's docstring
        for function in functions:
            self.add(function.__name__, function)

    def add(self, name: str, function: Orchestrator) -> None:
        """Register `function` under `name`."""
        self.registry.add_named_orchestrator(name, function)

    def __contains__(self, name: str) -> bool:
        return self.registry.get_orchestrator(name) is not None


class Execution:
    """One generation of one instance, which takes events and returns actions."""

    __slots__ = ("_context", "_executor")

    def __init__(self, orchestrators: Orchestrators, instance_id: str) -> None:
        registry = orchestrators.registry
        self._executor = worker._OrchestrationExecutor(registry, _log, CONVERTER, maximum_timer_interval=None)  # noqa: SLF001 - see the module's docstring
        self._context = worker._RuntimeOrchestrationContext(  # noqa: SLF001 - see the module's docstring
            instance_id, registry, CONVERTER, maximum_timer_interval=None
        )
        self._context._is_replaying = False  # noqa: SLF001 - see the module's docstring

    def feed(self, event: pb.HistoryEvent, now: datetime) -> list[pb.OrchestratorAction]:
        """Process one event at the time `now`. Return the orchestrator's new actions."""
        context = self._context
        context.current_utc_datetime = now.replace(tzinfo=None)
        try:
            self._executor.process_event(context, event)
        except Exception as error:  # noqa: BLE001  # whatever an orchestrator raises fails its instance: that is the contract
            context.set_failed(error)
        actions = context.get_actions()
        context._pending_actions.clear()  # noqa: SLF001 - see the module's docstring
        return actions

    @property
    def custom_status(self) -> str | None:
        """The orchestrator's last custom status (JSON)."""
        return self._context._encoded_custom_status  # noqa: SLF001 - see the module's docstring


def replayed(
    orchestrators: Orchestrators, instance_id: str, past: list[pb.HistoryEvent], new: list[pb.HistoryEvent]
) -> list[pb.OrchestratorAction]:
    """The orchestrator's actions after `new`, replayed from `past` as on a worker of the engine."""
    executor = worker._OrchestrationExecutor(orchestrators.registry, _log, CONVERTER)  # noqa: SLF001 - see the module's docstring
    return list(executor.execute(instance_id, past, new).actions)


def started(name: str, instance_id: str, encoded_input: str | None) -> pb.HistoryEvent:
    """The event with which an execution starts."""
    return helpers.new_execution_started_event(name, instance_id, encoded_input)
