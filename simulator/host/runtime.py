"""Loads and calls the app with Microsoft's worker library. This is the only module that uses azure-functions-runtime (1.3.0).

`native_invocation` is not a public interface. Neither is `DurableFunctionsWorker._run_orchestration` of
azure-functions-durable 2.0.0rc3, which runs an orchestrator without encoding its history as text. Both
support only one app per process at a time.
"""

import importlib
import json
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from weakref import WeakSet

import durabletask.internal.orchestrator_service_pb2 as pb
from azure.durable_functions.worker import DurableFunctionsWorker

from simulator.host.protos import Protos

_MODULE = "function_app"
_indexed: WeakSet[ModuleType] = WeakSet()


class AppLoadError(RuntimeError):
    """The app folder cannot be loaded, neither here nor on Azure."""


class FunctionFailedError(Exception):
    """A function raised an exception."""


@dataclass(frozen=True, slots=True)
class Value:
    """A function's typed input or output: the runtime's `Datum`."""

    kind: str | None
    content: object


@dataclass(frozen=True, slots=True)
class Function:
    """One indexed function: its trigger settings and its parameters with a durable client binding."""

    name: str
    function_id: str
    trigger_type: str
    trigger_parameter: str
    settings: dict[str, object]
    client_parameters: tuple[str, ...]

    @property
    def task_name(self) -> str:
        """The name by which orchestrations call the function."""
        return str(self.settings.get("orchestration") or self.settings.get("activity") or self.name)


class FunctionsApp:
    """A loaded app folder and the functions in it."""

    def __init__(self, app_dir: Path) -> None:
        self.app_dir = app_dir.resolve()
        self.functions: tuple[Function, ...] = ()
        self._worker = DurableFunctionsWorker()

    async def load(self) -> None:
        """Index the app's functions, as the worker does when it starts on Azure.

        Raises:
            AppLoadError: importing `function_app.py` or indexing a function failed, or there are no functions.
        """
        runtime = importlib.import_module("azure_functions_runtime")
        self._make_importable()
        runtime.start_threadpool_executor()
        start = SimpleNamespace(capabilities={}, function_app_directory=str(self.app_dir))
        properties = {"host": "127.0.0.1", "protos": Protos()}
        request = SimpleNamespace(properties=properties, request=SimpleNamespace(worker_init_request=start))
        answer = await runtime.worker_init_request(request)
        if answer.result.status != Protos.StatusResult.Success:
            why = answer.result.exception
            raise AppLoadError(f"loading the app in {self.app_dir}: {why.message}\n{why.stack_trace}")
        _indexed.add(sys.modules[_MODULE])
        found = (await runtime.functions_metadata_request(None)).function_metadata_results
        if not found:
            raise AppLoadError(
                f"loading the app in {self.app_dir}: it does not have functions; does {_MODULE}.py exist?"
            )
        self.functions = tuple(
            _function(one.name, one.function_id, [json.loads(binding) for binding in one.raw_bindings]) for one in found
        )

    def unload(self) -> None:
        """Stop the threads that run synchronous functions."""
        importlib.import_module("azure_functions_runtime").stop_threadpool_executor()

    def of_type(self, trigger_type: str) -> list[Function]:
        """The functions that have the given trigger type (`httpTrigger`, ...)."""
        return [function for function in self.functions if function.trigger_type == trigger_type]

    async def invoke(self, function: Function, trigger: Value, client: str) -> Value | None:
        """Call a function with its trigger's input. `client` is the configuration for its durable clients.

        Raises:
            FunctionFailedError: the function raised an exception.
        """
        native = importlib.import_module("azure_functions_runtime.native_invocation")
        datum = importlib.import_module("azure_functions_runtime.bindings.datumdef").Datum
        inputs = [(function.trigger_parameter, _to_datum(datum, trigger))]
        inputs += [(parameter, datum(client, "string")) for parameter in function.client_parameters]
        ok, returned, _outputs, error, _trace = await native.invocation_request_native(
            uuid.uuid4().hex, function.function_id, inputs, {}
        )
        if not ok:
            raise FunctionFailedError(f"function {function.name} failed: {error}")
        return None if returned is None else _from_datum(returned)

    def run_turn(self, function: Function, request: pb.OrchestratorRequest) -> pb.OrchestratorResponse:
        """Run one turn of an orchestrator on this thread, which is possible because orchestrators only compute."""
        loaded = importlib.import_module("azure_functions_runtime.handle_event")._functions  # noqa: SLF001 - the worker has no public way to run one turn
        orchestrator = loaded.get_function(function.function_id).func.orchestrator_function
        return self._worker._run_orchestration(orchestrator, request)  # noqa: SLF001 - the worker has no public way to run one turn

    def _make_importable(self) -> None:
        if not (self.app_dir / f"{_MODULE}.py").is_file():
            raise AppLoadError(f"loading the app in {self.app_dir}: {_MODULE}.py does not exist")
        loaded = sys.modules.get(_MODULE)
        # An app object can be indexed only once. If it was imported in advance, before a fork, it is used as it is.
        if loaded is not None and (loaded in _indexed or Path(str(loaded.__file__)).resolve().parent != self.app_dir):
            del sys.modules[_MODULE]
        if str(self.app_dir) in sys.path:
            sys.path.remove(str(self.app_dir))
        sys.path.insert(0, str(self.app_dir))


def _function(name: str, function_id: str, bindings: list[dict[str, object]]) -> Function:
    trigger = next(binding for binding in bindings if str(binding["type"]).lower().endswith("trigger"))
    clients = tuple(str(binding["name"]) for binding in bindings if binding["type"] == "durableClient")
    return Function(name, function_id, str(trigger["type"]), str(trigger["name"]), trigger, clients)


def _to_datum(datum: type, value: Value) -> object:
    if isinstance(value.content, dict):
        content: object = {key: _nested(datum, item) for key, item in value.content.items()}
        return datum(content, value.kind)
    return datum(value.content, value.kind)


def _nested(datum: type, item: object) -> object:
    match item:
        case Value():
            return _to_datum(datum, item)
        case dict():
            return {key: _nested(datum, inner) for key, inner in item.items()}
        case _:
            return item


def _from_datum(returned: object) -> Value:
    kind, content = getattr(returned, "type", None), getattr(returned, "value", None)
    return Value(kind, content)
