"""The runbook of held tags while its cluster cannot be read."""

from datetime import timedelta

from ops.model.decision import Nothing, Wait
from ops.model.fleet import Unknown
from ops.model.run import Run
from ops.runbooks.tags import RUNBOOK, Facts
from tests.fakes import ALL_OPERATIONS, MONDAY, settings

RUN = Run("tags.x.1", "tags", "id", "shop-dev", "1", MONDAY, "timer", "daytwo")


def test_a_cluster_that_cannot_be_read_is_read_again_when_azure_allows_it_and_for_a_day() -> None:
    silent, throttled = Unknown("no answer", transient=True), Unknown("429", transient=True, retry_after_s=1_200)
    for missing, minutes in ((silent, 5), (throttled, 20)):
        decision = RUNBOOK.decide(Facts(missing), settings(ALL_OPERATIONS), RUN, MONDAY)
        assert isinstance(decision, Wait)
        assert decision.until == MONDAY + timedelta(minutes=minutes)
    late = MONDAY + timedelta(days=1)
    assert isinstance(RUNBOOK.decide(Facts(silent), settings(ALL_OPERATIONS), RUN, late), Nothing)
