"""The demonstration's week: every pool counted once, as the oracle counts it, and told in one message a run."""

from itertools import chain

from ops.records import messages
from ops.render.slack import SIGNS
from simulator.demo.judged import oracles_outcomes
from simulator.demo.tally import UPGRADED
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
    "virtual_days",
    "wall_s",
]


def test_every_pool_is_upgraded_or_driven_by_aks_or_left_out_for_a_reason(demonstration: Demonstration) -> None:
    document = demonstration.summary.document()
    assert list(document) == KEYS
    skipped = document["pools_skipped"]
    assert skipped == {"no-ring": 2, "snapshot": 1, "unproven": 1}
    assert (document["pools_total"], document["pools_upgraded"], document["pools_by_aks"]) == (37, 26, 7)
    assert (document["pools_eligible"], document["runs"], document["virtual_days"]) == (26, 11, 7)


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
    told = sorted(message.subject.split("|")[-1] for message in demonstration.lived.chat)
    assert told == [*acted, "rollout.node-image.2026-w47"]
    assert len(demonstration.week.runs) == len(acted) == 11


def test_a_messages_last_state_is_its_runs(demonstration: Demonstration) -> None:
    texts = {message.subject.split("|")[-1]: message.text for message in demonstration.lived.chat}
    for run in demonstration.week.runs:
        word = "needs you" if run.loud else str(run.state)
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
