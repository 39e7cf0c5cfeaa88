"""The demonstration's week: every pool counted once, as the oracle counts it, and told in one message a run."""

import json
from itertools import chain

from ops.model.run import Run
from ops.render.phrases import SIGNS
from ops.tables.messages import messages
from simulator.demo.differences import oracles_outcomes
from simulator.demo.tally import UPGRADED
from simulator.running import control
from tests.demo.conftest import Demonstration

KEYS = [
    "pools_total",
    "pools_upgraded",
    "pools_by_aks",
    "pools_skipped",
    "pools_eligible",
    "runs",
    "messages_sent",
    "messages_edited",
    "thread_replies",
    "virtual_days",
    "wall_s",
    "operations",
    "approvals",
]


def test_every_pool_is_upgraded_or_driven_by_aks_or_left_out_for_a_reason(demonstration: Demonstration) -> None:
    document = demonstration.summary.document()
    assert list(document) == KEYS
    skipped = document["pools_skipped"]
    assert skipped == {"no-ring": 2, "snapshot": 1, "unproven": 1}
    assert (document["pools_total"], document["pools_upgraded"], document["pools_by_aks"]) == (37, 26, 7)
    assert (document["pools_eligible"], document["runs"], document["virtual_days"]) == (26, 36, 7)


def test_each_operation_did_what_the_oracle_expects_of_it(demonstration: Demonstration) -> None:
    """Two clusters put to sleep six times and woken five; three nodes rebooted in one night; five spot nodes at once."""
    assert demonstration.summary.document()["operations"] == {
        "node-image": {"runs": 11, "succeeded": 11, "skipped": 0, "failed": 0, "expected": 11},
        "reboot": {"runs": 1, "succeeded": 1, "skipped": 0, "failed": 0, "expected": 1},
        "power": {"runs": 22, "succeeded": 22, "skipped": 0, "failed": 0, "expected": 22},
        "spot": {"runs": 1, "succeeded": 1, "skipped": 0, "failed": 0, "expected": 1},
        "budget": {"runs": 1, "succeeded": 1, "skipped": 0, "failed": 0, "expected": 1},
    }


def of(demonstration: Demonstration, runbook: str) -> list[Run]:
    """The week's runs of an operation, in the order in which they were asked for."""
    found = [run for run in demonstration.week.runs if run.runbook == runbook]
    return sorted(found, key=lambda run: run.created)


def test_three_nodes_were_rebooted_one_after_the_other_on_monday_night(demonstration: Demonstration) -> None:
    (run,) = of(demonstration, "reboot")
    restarts = [step for step in run.finished if step.id.startswith("restart.")]
    assert (run.target_name, run.period) == ("edge-prod", "2026-11-16")
    assert [step.id[-2:] for step in restarts] == ["00", "01", "02"]
    assert [step.evidence.split(" ", 1)[1] for step in restarts] == ["has rebooted and is Ready"] * 3


def test_ana_kept_her_cluster_awake_on_wednesday_night(demonstration: Demonstration) -> None:
    """By schedule both go to sleep at a quarter to twelve in Amsterdam; hers did at half past one."""
    stops = {(run.target_name, run.period) for run in of(demonstration, "power") if run.finished[0].id == "stop"}
    assert ("data-dev", "20261118t2245") in stops
    assert ("shop-dev", "20261118t2245") not in stops
    assert ("shop-dev", "20261119t0030") in stops


def test_the_burst_is_one_run_told_with_its_outcome(demonstration: Demonstration) -> None:
    (run,) = of(demonstration, "spot")
    assert (run.target_name, run.headline) == ("data-prod", "5 spot nodes evicted")
    assert run.lines == ("5 of 5 nodes are gone", "every pod has a node again")


def test_the_alert_is_explained_by_what_it_is_spent_on(demonstration: Demonstration) -> None:
    (run,) = of(demonstration, "budget")
    assert run.headline == "platform has passed €32,000.00 of €40,000.00"
    assert run.lines[1].startswith("data-prod: €")
    assert run.lines[-1] == "offer: stop data-dev, shop-dev now (only a plan: nothing was done)"


def test_people_in_teams_are_told_of_the_same_runs(demonstration: Demonstration) -> None:
    """A webhook cannot edit: a card for each state that people should hear of, and every message has one at least."""
    cards = control(demonstration.stage.world, "/teams")["cards"]
    shown = json.dumps(cards)
    assert [run.id for run in demonstration.week.runs if run.id not in shown] == []


def test_daytwo_upgraded_just_what_the_oracle_calls_eligible(demonstration: Demonstration) -> None:
    eligible = {(pool.cluster, pool.pool) for pool in demonstration.week.verdict.eligible}
    assert demonstration.week.tally.pools(UPGRADED) == eligible


def test_what_was_left_out_was_left_out_for_the_oracles_reason(demonstration: Demonstration) -> None:
    skipped = {reason: set(pools) for reason, pools in demonstration.week.verdict.skipped.items()}
    assert demonstration.week.tally.skipped == skipped
    assert skipped["unproven"] == {("pay-prod", "canary")}
    assert dict(demonstration.week.tally.outcomes) == oracles_outcomes(demonstration.week.verdict)


def test_no_rule_was_violated(demonstration: Demonstration) -> None:
    assert demonstration.week.verdict.violations == ()
    assert demonstration.lived.good


def test_each_run_that_did_something_has_one_message(demonstration: Demonstration) -> None:
    acted = sorted(run.id for run in demonstration.week.runs if run.acted)
    chat = [message for message in demonstration.lived.chat if not message.thread and not message.only_for]
    told = sorted(message.subject.split("|")[-1] for message in chat)
    rollout = "rollout.node-image.2026-w47"
    others = [rollout, f"{rollout}.production.any.approval-1", "override.awake.shop-dev", "digest.2026-11-22"]
    assert told == sorted([*acted, *others])
    assert len(demonstration.week.runs) == len(acted) == 36


def test_production_was_asked_for_once_and_ana_said_yes_in_slack(demonstration: Demonstration) -> None:
    (asked,) = demonstration.summary.document()["approvals"]  # type: ignore[misc]  # a list of one
    assert asked == {
        "id": "rollout.node-image.2026-w47.production.any.approval-1",
        "ring": "production",
        "state": "approved",
        "by": "ana",
        "door": "slack",
    }
    (approval,) = demonstration.lived.approvals
    assert sorted(part.target_name for part in approval.parts) == [
        "data-prod",
        "pay-prod",
        "shop-prod-ne",
        "shop-prod-we",
    ]
    heard = [message.text for message in demonstration.lived.chat if message.only_for == "ana"]
    assert heard == ["Approved. Daytwo re-checks the plan immediately before executing it."]


def test_a_messages_last_state_is_its_runs(demonstration: Demonstration) -> None:
    texts = {message.subject.split("|")[-1]: message.text for message in demonstration.lived.chat}
    for run in demonstration.week.runs:
        word = "needs you" if run.notify else str(run.state)
        assert texts[run.id].endswith(f" · {word}"), run.id
        assert texts[run.id].startswith(next(sign for state, sign in SIGNS.items() if str(state) == word)), run.id


def test_no_message_is_left_behind_what_it_should_say(demonstration: Demonstration) -> None:
    store = demonstration.stage.store
    assert [stored.key for stored in messages(store).scan() if stored.value.dirty] == []
    store.close()


def test_nothing_is_upgraded_twice(demonstration: Demonstration) -> None:
    for run in demonstration.week.runs:
        steps = [step.id for step in chain(run.finished, run.steps)]
        assert len(steps) == len(set(steps)), run.id
