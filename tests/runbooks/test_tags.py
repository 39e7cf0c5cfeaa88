"""Held changes of tags: who is asked about them, and what exactly an approval covers (docs/tags.md)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import Cluster, Unknown
from ops.model.plan import Claim, Plan, Step
from ops.model.run import Run, StepRecord, StepState
from ops.model.run_request import RunRequest
from ops.model.tags import HeldTags, changed_tags
from ops.policy.accepted_tags import identify
from ops.runbooks.tags import RUNBOOK, Facts
from tests.approvals.story import PEOPLE
from tests.fakes import ALL_OPERATIONS, MONDAY, cluster, settings

RUN = Run("tags.x.1", "tags", "id", "shop-dev", "1", MONDAY, "timer", "daytwo")
ASKED = ALL_OPERATIONS + PEOPLE + "tags:\n  approval: {from: platform}\n"
PROD, DEV = {"env": "prod", "Team": "web"}, {"env": "dev", "Team": "web"}
HELD = cluster("shop", tags=PROD, held_tags=HeldTags(DEV, MONDAY))
CHANGE = identify(changed_tags(PROD, DEV))


def run(**more: object) -> Run:
    return replace(RUN, **{"period": f"2026-11-16-{CHANGE}", **more})  # type: ignore[arg-type]  # fields by name


def decide(of: Cluster | Unknown, by: Run | None = None, config: str = ASKED) -> object:
    return RUNBOOK.decide(Facts(of), settings(config), by or run(), MONDAY)


def plan(tags: Mapping[str, str] = PROD, config: str = ASKED) -> Plan:
    decision = decide(replace(HELD, tags=tags), run(dry_run=True, source="http"), config)
    assert isinstance(decision, Act)
    return decision.plan


def test_a_cluster_that_cannot_be_read_is_read_again_when_azure_allows_it_and_for_a_day() -> None:
    silent, throttled = Unknown("no answer", transient=True), Unknown("429", transient=True, retry_after_s=1_200)
    for missing, minutes in ((silent, 5), (throttled, 20)):
        decision = RUNBOOK.decide(Facts(missing), settings(ALL_OPERATIONS), RUN, MONDAY)
        assert isinstance(decision, Wait)
        assert decision.until == MONDAY + timedelta(minutes=minutes)
        assert decision.why == f"the cluster could not be read: {missing.why}"
    late = MONDAY + timedelta(days=1) - timedelta(minutes=5)
    assert isinstance(RUNBOOK.decide(Facts(silent), settings(ALL_OPERATIONS), RUN, late), Wait)
    too_late = late + timedelta(seconds=1)
    assert isinstance(RUNBOOK.decide(Facts(silent), settings(ALL_OPERATIONS), RUN, too_late), Nothing)


def test_a_plan_names_every_tag_that_the_configuration_reads_and_its_effect() -> None:
    title = "accept env: 'prod' → 'dev'"
    effects = (
        "ring: production → pre-production",
        "approval of tags: 1 of ana, ben → 1 of ana, ben, the requester included",
        "awake per week: 168 h → 55 h",
    )
    step = Step(
        "accept",
        "accept-tags",
        title,
        {
            "accepted": json.dumps({"daytwo-awake": None, "env": "prod"}),
            "tags": json.dumps({"daytwo-awake": None, "env": "dev"}),
            "effect": "; ".join(effects),
        },
    )
    assert plan() == Plan("tags", HELD.id, (step,), (Claim(f"cluster.{HELD.id}"),), (title, *effects), risk="tags")


def test_the_approvers_of_the_stricter_ring_are_asked() -> None:
    assert decide(HELD) == Act(plan())
    in_production = ASKED.replace("{from: platform}", "{from: platform, rings: [production]}")
    assert decide(HELD, config=in_production) == Act(plan(config=in_production))
    elsewhere = ASKED.replace("{from: platform}", "{from: platform, rings: [pre-production]}")
    assert decide(HELD, config=elsewhere) == Nothing(
        "env: 'prod' → 'dev': held, because no rule says who approves changes of tags in production"
    )


def test_without_a_rule_only_a_run_for_exactly_this_plan_may_accept_it() -> None:
    held = Nothing("env: 'prod' → 'dev': held, because no rule says who approves changes of tags in production")
    started = run(source="http")
    assert decide(HELD, config=ALL_OPERATIONS) == held
    assert decide(HELD, replace(started, params={"plan": "another"}), ALL_OPERATIONS) == held
    exact = plan(config=ALL_OPERATIONS)
    assert decide(HELD, replace(started, params={"plan": exact.hash}), ALL_OPERATIONS) == Act(exact)
    assert decide(HELD, replace(started, dry_run=True), ALL_OPERATIONS) == Act(exact)


def test_a_cluster_outside_the_rings_is_described_as_such() -> None:
    outside = cluster("shop", tags={"daytwo-awake": "always"}, held_tags=HeldTags({"x": "y"}, MONDAY))
    decision = decide(outside, run(source="http"), ALL_OPERATIONS)
    assert isinstance(decision, Nothing)
    assert decision.why.endswith("who approves changes of tags in clusters outside the rings")


def test_a_timers_run_asks_only_about_its_own_change() -> None:
    other = run(period="2026-11-16-0123456789abcdef")
    assert decide(HELD, other) == Nothing(
        "another change of its tags is held now; the run for that change asks about it"
    )
    assert decide(HELD, replace(other, source="http")) == Act(plan())


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (StepState.DONE, "done: accept env, accept team"),
        (StepState.LEFT, "no change of its tags is held"),
    ],
)
def test_a_run_ends_when_nothing_is_held_anymore(state: StepState, why: str) -> None:
    records = (StepRecord("a", "accept env", state), StepRecord("b", "accept team", state))
    assert decide(cluster("shop"), run(finished=records)) == Nothing(why)


def test_a_run_is_due_for_each_change_on_the_day_on_which_it_was_first_seen() -> None:
    unrecorded = replace(HELD, held_tags=HeldTags(DEV, None))
    later = MONDAY + timedelta(days=1)
    assert RUNBOOK.due([HELD, cluster("plain"), unrecorded], settings(ASKED), later) == (
        RunRequest(
            "tags",
            HELD.id,
            "shop",
            f"2026-11-16-{CHANGE}",
            later,
            "timer",
            "daytwo",
            batch="tag-changes.2026-11-16",
        ),
    )


def test_the_stricter_ring_decides_whichever_way_the_tags_were_changed() -> None:
    assert RUNBOOK.ring(HELD, settings(ASKED)) == "production"
    assert RUNBOOK.ring(cluster("shop", tags=DEV, held_tags=HeldTags(PROD)), settings(ASKED)) == "production"
