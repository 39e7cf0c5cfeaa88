"""The approval table through all three endpoints: the same rules apply in Slack, in Teams, and on the page."""

from collections.abc import Callable, Iterator

import pytest

from ops.chats.teams.signing_keys import SigningKeys
from ops.chats.teams.tokens import BotTokens
from simulator.running import Running, running_simulation
from simulator.teams.signing import Signer
from tests.approvals.helpers import ONE
from tests.approvals.page_endpoint import Page
from tests.approvals.slack_endpoint import SlackEndpoint
from tests.approvals.story import Case, Story, VoteEndpoint
from tests.approvals.table import CASES
from tests.approvals.teams_endpoint import TeamsEndpoint
from tests.fakes import FakeClock


@pytest.fixture(scope="module")
def simulation() -> Iterator[Running]:
    with running_simulation() as running:
        yield running


@pytest.fixture(scope="module")
def endpoints(simulation: Running) -> dict[str, Callable[[], VoteEndpoint]]:
    """Each of the endpoints, created separately for each story."""
    signer: Signer = simulation.simulation.signer
    tokens = BotTokens(signer.app_id, SigningKeys(simulation.environment["TEAMS_OPENID_URL"], FakeClock()))
    return {"Slack": SlackEndpoint, "Teams bot": lambda: TeamsEndpoint(tokens, signer), "page": Page}


@pytest.mark.parametrize("endpoint", ["Slack", "Teams bot", "page"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_case_in_the_table_has_the_expected_results_and_states(
    case: Case, endpoint: str, endpoints: dict[str, Callable[[], VoteEndpoint]]
) -> None:
    story = Story(endpoints[endpoint](), case.rule, case.source, case.by)
    for move in case.moves:
        move(story)
    assert story.reported == list(case.reported)
    assert [str(approval.state) for approval in story.approvals] == list(case.states)
    assert (str(story.driven.record.state), story.driven.at_first_step) == (case.run, case.begins)
    attempts = [entry.data["result"] for entry in story.world.ledger.written.values() if entry.kind == "attempt"]
    assert attempts == list(case.reported)


def test_the_table_contains_every_state_in_which_a_request_can_end() -> None:
    ends = {state for case in CASES for state in case.states}
    assert ends == {"pending", "approved", "rejected", "expired", "cancelled", "superseded"}


@pytest.mark.parametrize("endpoint", ["Slack", "Teams bot", "page"])
def test_the_reason_is_recorded_with_the_rejection_from_every_endpoint(
    endpoint: str, endpoints: dict[str, Callable[[], VoteEndpoint]]
) -> None:
    story = Story(endpoints[endpoint](), ONE)
    story.vote("ben", "reject", reason="  the sale\nends on Thursday ")
    (attempt,) = [entry for entry in story.world.ledger.written.values() if entry.kind == "attempt"]
    assert (story.reported, attempt.data["reason"]) == (["rejected"], "the sale ends on Thursday")
    assert story.approval.why == "the sale ends on Thursday"
    assert "the sale ends on Thursday" in story.driven.record.why
