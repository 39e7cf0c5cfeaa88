"""Replays a recorded history with the current orchestrator to find out whether a run in progress would survive a code change.

After each recorded turn, the orchestrator's actions are compared with the recorded ones: the kind of each action, its
id, name and input, and the time of a timer. The engine itself is less strict, because it does not detect changed inputs.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

import durabletask.internal.orchestrator_service_pb2 as pb

from simulator.executor.live import Orchestrator, Orchestrators, replayed
from simulator.executor.recording import Recording

#: In a history, these events confirm an action by the orchestrator. All other events are inputs.
_CONFIRMATIONS = frozenset({"taskScheduled", "timerCreated", "subOrchestrationInstanceCreated", "eventSent"})
_MARKS = frozenset({"orchestratorCompleted", "executionCompleted"})


@dataclass(frozen=True, slots=True)
class Step:
    """One action taken by an orchestrator."""

    kind: str
    task_id: int
    name: str = ""
    input: object = None
    at: str = ""
    target: str = ""

    def __str__(self) -> str:
        parts = [f"{self.kind} #{self.task_id}"]
        parts += [part for part in (self.name, self.at, self.target and f"to {self.target}") if part]
        if self.input is not None:
            parts.append(json.dumps(self.input, sort_keys=True))
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first turn in which the current orchestrator deviates from the recording."""

    turn: int
    recorded: tuple[Step, ...]
    today: tuple[Step, ...]
    error: str = ""

    def __str__(self) -> str:
        if self.error:
            return f"turn {self.turn}: the current orchestrator fails: {self.error}"
        recorded, today = ("; ".join(map(str, steps)) or "nothing" for steps in (self.recorded, self.today))
        return f"turn {self.turn}: recorded {recorded}; the current orchestrator requests {today}"


def replay(
    orchestrator: Orchestrator, recording: Recording, children: tuple[Orchestrator, ...] = ()
) -> Difference | None:
    """Compare a recording with the current code. Return None if the actions in every turn are the same.

    Args:
        orchestrator: The current orchestrator. Its name may differ from the recorded one.
        recording: The history.
        children: Other orchestrators that the orchestrator references as functions.
    """
    orchestrators = Orchestrators(list(children))
    orchestrators.add(_recorded_name(recording), orchestrator)
    past: list[pb.HistoryEvent] = []
    for number, turn in enumerate(_turns(recording.events), start=1):
        new = [event for event in turn if event.WhichOneof("eventType") not in _CONFIRMATIONS | _MARKS]
        actions = replayed(orchestrators, recording.instance_id, past, new)
        recorded = tuple(step for event in turn for step in _recorded_step(event))
        today = tuple(_step(action) for action in actions)
        if recorded != today:
            return Difference(number, recorded, today, _error(actions) if not _fails(turn) else "")
        past += turn
    return None


def _recorded_name(recording: Recording) -> str:
    for event in recording.events:
        if event.HasField("executionStarted"):
            return event.executionStarted.name
    raise ValueError(f"replaying {recording.instance_id!r}: its history does not contain how it was started")


def _turns(events: tuple[pb.HistoryEvent, ...]) -> Iterator[list[pb.HistoryEvent]]:
    turn: list[pb.HistoryEvent] = []
    for event in events:
        if event.HasField("orchestratorStarted") and turn:
            yield turn
            turn = []
        turn.append(event)
    if turn:
        yield turn


def _recorded_step(event: pb.HistoryEvent) -> Iterator[Step]:
    match event.WhichOneof("eventType"):
        case "taskScheduled":
            yield Step("activity", event.eventId, event.taskScheduled.name, _json(event.taskScheduled.input.value))
        case "timerCreated":
            at = event.timerCreated.fireAt.ToDatetime(tzinfo=UTC).isoformat()
            yield Step("timer", event.eventId, at=at)
        case "subOrchestrationInstanceCreated":
            child = event.subOrchestrationInstanceCreated
            yield Step("child", event.eventId, child.name, _json(child.input.value), target=child.instanceId)
        case "eventSent":
            sent = event.eventSent
            yield Step("event", event.eventId, sent.name, _json(sent.input.value), target=sent.instanceId)
        case "executionCompleted":
            ended = event.executionCompleted
            yield Step(
                "end", 0, str(ended.orchestrationStatus), _json(ended.result.value) or ended.failureDetails.errorMessage
            )
        case _:
            return


def _step(action: pb.OrchestratorAction) -> Step:
    match action.WhichOneof("orchestratorActionType"):
        case "scheduleTask":
            return Step("activity", action.id, action.scheduleTask.name, _json(action.scheduleTask.input.value))
        case "createTimer":
            return Step("timer", action.id, at=action.createTimer.fireAt.ToDatetime(tzinfo=UTC).isoformat())
        case "createSubOrchestration":
            child = action.createSubOrchestration
            return Step("child", action.id, child.name, _json(child.input.value), target=child.instanceId)
        case "sendEvent":
            sent = action.sendEvent
            return Step("event", action.id, sent.name, _json(sent.data.value), target=sent.instance.instanceId)
        case "completeOrchestration":
            ended = action.completeOrchestration
            return Step(
                "end", 0, str(ended.orchestrationStatus), _json(ended.result.value) or ended.failureDetails.errorMessage
            )
        case other:
            return Step(str(other), action.id)


def _fails(turn: list[pb.HistoryEvent]) -> bool:
    failed = pb.ORCHESTRATION_STATUS_FAILED
    return any(
        event.HasField("executionCompleted") and event.executionCompleted.orchestrationStatus == failed
        for event in turn
    )


def _error(actions: list[pb.OrchestratorAction]) -> str:
    for action in actions:
        if action.completeOrchestration.orchestrationStatus == pb.ORCHESTRATION_STATUS_FAILED:
            details = action.completeOrchestration.failureDetails
            return f"{details.errorType.rsplit('.', 1)[-1]}: {details.errorMessage}"
    return ""


def _json(text: str) -> object:
    value: object = json.loads(text) if text else None
    return value
