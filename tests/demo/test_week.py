"""The demonstration's week: every pool is counted once, as the oracle counts it, and each run has one message."""

import json
import re
from itertools import chain

from ops.model.run import Run
from ops.render.phrases import SIGNS
from ops.tables.messages import messages
from simulator.demo.differences import oracle_outcomes
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


def test_every_pool_is_upgraded_or_skipped_for_a_reason(demonstration: Demonstration) -> None:
    document = demonstration.summary.document()
    assert list(document) == KEYS
    skipped = document["pools_skipped"]
    assert skipped == {"no-ring": 2, "snapshot": 1, "unproven": 1}
    assert (document["pools_total"], document["pools_upgraded"], document["pools_by_aks"]) == (37, 26, 7)
    assert (document["pools_eligible"], document["runs"], document["virtual_days"]) == (26, 36, 7)


def test_each_operation_succeeds_as_often_as_the_oracle_expects(demonstration: Demonstration) -> None:
    """Two clusters stopped six times and started five, three nodes rebooted in one night, and five spot evictions at once."""
    assert demonstration.summary.document()["operations"] == {
        "node-image": {"runs": 11, "succeeded": 11, "skipped": 0, "failed": 0, "expected": 11},
        "reboot": {"runs": 1, "succeeded": 1, "skipped": 0, "failed": 0, "expected": 1},
        "power": {"runs": 22, "succeeded": 22, "skipped": 0, "failed": 0, "expected": 22},
        "spot": {"runs": 1, "succeeded": 1, "skipped": 0, "failed": 0, "expected": 1},
        "budget": {"runs": 1, "succeeded": 1, "skipped": 0, "failed": 0, "expected": 1},
    }


def of(demonstration: Demonstration, runbook: str) -> list[Run]:
    """The week's runs for one operation, in the order in which they were requested."""
    found = [run for run in demonstration.week.runs if run.runbook == runbook]
    return sorted(found, key=lambda run: run.created)


def test_three_nodes_are_rebooted_one_by_one_on_monday_night(demonstration: Demonstration) -> None:
    (run,) = of(demonstration, "reboot")
    restarts = [step for step in run.finished if step.id.startswith("restart.")]
    assert (run.target_name, run.period) == ("edge-prod", "2026-11-16")
    assert [step.id[-2:] for step in restarts] == ["00", "01", "02"]
    assert all("is Ready; Azure reports" in step.evidence for step in restarts)


def test_an_override_keeps_anas_cluster_awake_on_wednesday(demonstration: Demonstration) -> None:
    """The schedule stops both clusters at 23:45 in Amsterdam, but Ana's was not stopped until 01:30."""
    stops = {(run.target_name, run.period) for run in of(demonstration, "power") if run.finished[0].id == "stop"}
    assert ("data-dev", "20261118t2245") in stops
    assert ("shop-dev", "20261118t2245") not in stops
    assert ("shop-dev", "20261119t0030") in stops


def test_an_eviction_group_is_handled_by_one_run_with_one_outcome(demonstration: Demonstration) -> None:
    (run,) = of(demonstration, "spot")
    assert (run.target_name, run.headline) == ("data-prod", "5 spot nodes evicted")
    assert run.lines[0] == "5 of 5 nodes are gone"
    assert re.fullmatch(r"every pod is on a node that is Ready \([0-9]+ checked\)", run.lines[1])


def test_the_alert_is_explained_by_its_costs(demonstration: Demonstration) -> None:
    (run,) = of(demonstration, "budget")
    assert run.headline == "platform has exceeded €32,000.00 of €40,000.00"
    assert run.lines[2].startswith("data-prod: €")
    assert run.lines[-1] == "offer: stop data-dev, shop-dev now (only a plan: nothing was done)"


def test_teams_shows_the_same_runs(demonstration: Demonstration) -> None:
    """A webhook cannot edit messages, so there is one card per state that people should see, and at least one per message."""
    cards = control(demonstration.stage.world, "/teams")["cards"]
    shown = json.dumps(cards)
    assert [run.id for run in demonstration.week.runs if run.id not in shown] == []


def test_the_upgraded_pools_are_the_eligible_ones(demonstration: Demonstration) -> None:
    eligible = {(pool.cluster, pool.pool) for pool in demonstration.week.verdict.eligible}
    assert demonstration.week.tally.pools(UPGRADED) == eligible


def test_pools_are_skipped_for_the_reasons_that_the_oracle_gives(demonstration: Demonstration) -> None:
    skipped = {reason: set(pools) for reason, pools in demonstration.week.verdict.skipped.items()}
    assert demonstration.week.tally.skipped == skipped
    assert skipped["unproven"] == {("pay-prod", "canary")}
    assert dict(demonstration.week.tally.outcomes) == oracle_outcomes(demonstration.week.verdict)


def test_no_rule_is_violated(demonstration: Demonstration) -> None:
    assert demonstration.week.verdict.violations == ()
    assert demonstration.simulated.good


def test_each_run_that_acts_has_one_message(demonstration: Demonstration) -> None:
    acted = sorted(run.id for run in demonstration.week.runs if run.acted)
    chat = [message for message in demonstration.simulated.chat if not message.thread and not message.only_for]
    reported = sorted(message.subject.split("|")[-1] for message in chat)
    rollout = "rollout.node-image.2026-w47"
    others = [rollout, f"{rollout}.production.any.approval-1", "override.awake.shop-dev", "digest.2026-11-22"]
    assert reported == sorted([*acted, *others])
    assert len(demonstration.week.runs) == len(acted) == 36


def test_approval_for_production_is_requested_once_and_given_in_slack(demonstration: Demonstration) -> None:
    (requested,) = demonstration.summary.document()["approvals"]  # type: ignore[misc]  # a list of one
    assert requested == {
        "id": "rollout.node-image.2026-w47.production.any.approval-1",
        "ring": "production",
        "state": "approved",
        "by": "ana",
        "via": "slack",
    }
    (approval,) = demonstration.simulated.approvals
    assert sorted(part.target_name for part in approval.parts) == [
        "data-prod",
        "pay-prod",
        "shop-prod-ne",
        "shop-prod-we",
    ]
    received = [message.text for message in demonstration.simulated.chat if message.only_for == "ana"]
    assert [re.search("approved", text, re.IGNORECASE) is not None for text in received] == [True]


def test_messages_show_the_final_state_of_their_runs(demonstration: Demonstration) -> None:
    texts = {message.subject.split("|")[-1]: message.text for message in demonstration.simulated.chat}
    for run in demonstration.week.runs:
        word = "needs you" if run.notify else str(run.state)
        assert texts[run.id].endswith(f" · {word}"), run.id
        assert texts[run.id].startswith(next(sign for state, sign in SIGNS.items() if str(state) == word)), run.id


def test_all_messages_are_up_to_date(demonstration: Demonstration) -> None:
    store = demonstration.stage.store
    assert [stored.key for stored in messages(store).scan() if stored.value.dirty] == []
    store.close()


def test_no_pool_is_upgraded_twice(demonstration: Demonstration) -> None:
    for run in demonstration.week.runs:
        steps = [step.id for step in chain(run.finished, run.steps)]
        assert len(steps) == len(set(steps)), run.id
