"""The test app's orchestrators and activities, which use every feature in the engine's contract."""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any

from durabletask import task

type Flow = Generator[task.Task[Any], Any, Any]

RUNS: list[str] = []
"""The inputs that activities received, for tests that count them."""


def echo(_ctx: task.ActivityContext, given: object) -> object:
    RUNS.append(f"echo {given}")
    return given


def fail_without_words(_ctx: task.ActivityContext, _given: object) -> object:
    raise RuntimeError


def fail_twice(_ctx: task.ActivityContext, key: str) -> int:
    RUNS.append(f"fail_twice {key}")
    attempts = RUNS.count(f"fail_twice {key}")
    if attempts < 3:
        raise RuntimeError(f"attempt {attempts}")
    return attempts


def approval(ctx: task.OrchestrationContext, given: dict[str, Any]) -> Flow:
    """Waits for an approval or a timeout, whichever comes first, and cancels the other."""
    ctx.set_custom_status({"phase": "needs you"})
    decision = ctx.wait_for_external_event("decision")
    timeout = ctx.create_timer(timedelta(minutes=given["minutes"]))
    winner = yield task.when_any([decision, timeout])
    if winner is timeout:
        decision.cancel()
        return {"state": "expired", "at": ctx.current_utc_datetime.isoformat()}
    timeout.cancel()
    ctx.set_custom_status({"phase": "decided"})
    result = yield ctx.call_activity("echo", input=decision.get_result())
    return {"state": "decided", "decision": result, "at": ctx.current_utc_datetime.isoformat()}


def fan_out(ctx: task.OrchestrationContext, names: list[str]) -> Flow:
    results = yield task.when_all([ctx.call_activity("echo", input=name) for name in names])
    return results


def chain(ctx: task.OrchestrationContext, length: int) -> Flow:
    last = 0
    for step in range(length):
        last = yield ctx.call_activity("echo", input=step)
    return last


def sleeper(ctx: task.OrchestrationContext, minutes: list[int]) -> Flow:
    """Sleeps repeatedly and returns the times at which it woke up."""
    woke: list[str] = []
    for length in minutes:
        yield ctx.create_timer(timedelta(minutes=length))
        woke.append(ctx.current_utc_datetime.isoformat())
    return woke


def generations(ctx: task.OrchestrationContext, given: dict[str, Any]) -> Flow:
    """The first generation leaves a timer and an activity unfinished. Later generations must not see their results."""
    if given["generation"] == 1:
        ctx.create_timer(timedelta(minutes=10))
        ctx.call_activity("echo", input="left behind")
        yield ctx.wait_for_external_event("go on")
        ctx.continue_as_new({"generation": 2}, save_events=True)
        return None
    # These get the same task ids as the first generation's outstanding tasks.
    timer = ctx.create_timer(timedelta(minutes=60))
    kept = ctx.wait_for_external_event("kept")
    yield timer
    value = yield kept
    return {"woke": ctx.current_utc_datetime.isoformat(), "kept": value}


def drops_events(ctx: task.OrchestrationContext, generation: int) -> Flow:
    """Continues as new without keeping received events."""
    yield ctx.wait_for_external_event("go on")
    if generation == 1:
        ctx.continue_as_new(2, save_events=False)
    return generation


def parent(ctx: task.OrchestrationContext, given: dict[str, Any]) -> Flow:
    try:
        result = yield ctx.call_sub_orchestrator(given["child"], input=given["input"], instance_id=given.get("id"))
    except task.TaskFailedError as error:
        return {"failed": str(error.details.message)}
    return {"child said": result}


def failing(_ctx: task.OrchestrationContext, message: str) -> None:
    raise ValueError(message)


def speechless(ctx: task.OrchestrationContext, _given: object) -> Flow:
    try:
        yield ctx.call_activity("fail_without_words")
    except task.TaskFailedError:
        return "noticed"
    return "not noticed"


def retrying(ctx: task.OrchestrationContext, key: str) -> Flow:
    policy = task.RetryPolicy(first_retry_interval=timedelta(seconds=30), max_number_of_attempts=4)
    return (yield ctx.call_activity("fail_twice", input=key, retry_policy=policy))


def sender(ctx: task.OrchestrationContext, target: str) -> Flow:
    ctx.send_event(target, "decision", data={"approved": True})
    yield ctx.create_timer(timedelta(seconds=1))
    return "sent"


def two_waits(ctx: task.OrchestrationContext, _given: object) -> Flow:
    first = yield ctx.wait_for_external_event("news")
    second = yield ctx.wait_for_external_event("news")
    return [first, second]


def starts_child(ctx: task.OrchestrationContext, child: str) -> Flow:
    return (yield ctx.call_activity("start_child", input={"id": child}))


def clockwise(ctx: task.OrchestrationContext, _given: object) -> Flow:
    yield ctx.call_activity("echo", input="tick")
    now: datetime = ctx.current_utc_datetime
    return now.isoformat()


ORCHESTRATORS: list[Callable[[Any, Any], Any]] = [
    approval, chain, clockwise, drops_events, failing, fan_out, generations, parent, retrying, sender, sleeper,
    speechless, starts_child, two_waits,
]  # fmt: skip
ACTIVITIES = [echo, fail_twice, fail_without_words]
