"""Who goes first on one cluster; the lower yields between its steps."""

from ops.engine.activities import invoke
from ops.engine.run_starter import start_run
from ops.model.run_request import RunRequest
from ops.tables.runs import runs
from tests.engine.lanes import NIGHT, world


def test_a_timers_run_yields_to_a_person_between_its_steps() -> None:
    by = world()
    (only,) = by.clusters.fleet.values()
    night, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "2026-w47", NIGHT, "timer", "daytwo"))
    person, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "m-1", NIGHT, "http", "ana"))
    for name in ("assess", "lease"):
        invoke(name, by.context, {"run": night.id})
        answer = invoke(name, by.context, {"run": person.id})
    assert answer["outcome"] == "assess"
    begun = invoke("begin", by.context, {"run": night.id, "step": "pool.user1"})
    assert begun["outcome"] == "unwind"
    assert runs(by.store).must_get(night.id).value.why == f"yields to {person.id}"
    assert by.clusters.begun == []


def test_the_lower_does_not_take_what_the_higher_waits_for() -> None:
    by = world()
    (only,) = by.clusters.fleet.values()
    first, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "m-1", NIGHT, "http", "ana"))
    power, _ = start_run(by.context, RunRequest("power", only.id, only.name, "1", NIGHT, "timer", "daytwo"))
    night, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "2026-w47", NIGHT, "timer", "daytwo"))
    for run in (first, power, night):
        invoke("assess", by.context, {"run": run.id})
    assert [invoke("lease", by.context, {"run": run.id})["outcome"] for run in (first, power, night)] == [
        "step",
        "assess",
        "assess",
    ]
    invoke("conclude", by.context, {"run": first.id})
    invoke("assess", by.context, {"run": night.id})
    assert invoke("lease", by.context, {"run": night.id})["outcome"] == "assess"
    invoke("assess", by.context, {"run": power.id})
    assert invoke("lease", by.context, {"run": power.id})["outcome"] == "step"
