"""The approval page's form: which submissions count, and how the others are reported."""

import json
from urllib.parse import urlencode

import pytest

from ops.endpoints.approval_page import serve_page
from ops.endpoints.http_types import HttpRequest
from ops.model.approval import ApprovalState
from ops.tables.approvals import RequestToken, approvals, request_tokens
from simulator.gallery.requests import REQUEST_TOKEN, request
from tests.endpoints.visitor import HOST, WITH_APPROVAL, Visitor, endpoint, refusals, state, text_of, world_with


def test_an_approver_can_approve(ana: Visitor) -> None:
    page = ana.vote(reason="looks   fine\nto me")
    (stored,) = approvals(ana.world.store).scan()
    assert page.status == 200
    assert stored.value.state is ApprovalState.APPROVED
    assert (stored.value.decided_by, stored.value.decided_via, stored.value.why) == ("ana", "page", "looks fine to me")
    assert "Approved. Daytwo re-checks the plan" in text_of(page)
    assert "Approved by ana, Wed 18 Nov, 13:45 UTC, on this page." in text_of(page)
    assert "<form" not in page.text()
    assert ana.world.engine.woken == ["node-image.shop-prod.2026-w47"]


def test_an_approver_can_reject(ana: Visitor) -> None:
    page = ana.vote("reject", "the sale ends on Thursday")
    assert page.status == 200
    assert state(ana.world) is ApprovalState.REJECTED
    assert "the sale ends on Thursday" in text_of(page)


def test_a_double_click_counts_as_one_vote_with_one_result(ana: Visitor) -> None:
    token = ana.form()
    first, second = ana.vote(token=token), ana.vote(token=token)
    assert (first.status, second.status) == (200, 200)
    assert first.text() == second.text()
    (stored,) = approvals(ana.world.store).scan()
    assert len(stored.value.votes) == 1


def test_a_late_voter_is_shown_the_decision(ana: Visitor) -> None:
    ben = Visitor(ana.world, "ben")
    token = ben.form()
    ana.vote()
    page = ben.vote("reject", token=token)
    assert page.status == 409
    assert "It was approved by ana Wed 2026-11-18 13:45 UTC" in text_of(page)
    assert state(ana.world) is ApprovalState.APPROVED


def test_an_expired_request_can_no_longer_be_decided(ana: Visitor) -> None:
    ana.world.clock.advance(hours=5, minutes=10)
    token = ana.form()
    ana.world.clock.advance(minutes=10)
    page = ana.vote(token=token)
    assert page.status == 410
    assert "<form" not in page.text()
    assert "no one decided in time" in text_of(ana.look())


def test_a_rule_for_two_people_requires_a_second_vote() -> None:
    world = world_with(request(needed=2), WITH_APPROVAL.replace("from: platform,", "from: platform, of: 2,"))
    first = Visitor(world).vote()
    assert "Your approval counts: 1 of 2 needed." in text_of(first)
    assert state(world) is ApprovalState.PENDING
    assert "You have already approved it." in text_of(Visitor(world).look())
    assert Visitor(world, "ben").vote().status == 200
    assert state(world) is ApprovalState.APPROVED


def test_another_persons_form_token_has_no_effect(ana: Visitor) -> None:
    for other in ("ben", "cleo", "eve"):
        page = Visitor(ana.world, other).vote(token=ana.form())
        assert page.status == 403
    assert state(ana.world) is ApprovalState.PENDING
    assert refusals(ana.world) == ["foreign-form"]


def test_another_requests_form_token_has_no_effect(ana: Visitor) -> None:
    other = request(id="another", token="another-token")
    approvals(ana.world.store).insert(other.id, other)
    request_tokens(ana.world.store).insert(other.token, RequestToken(other.id))
    page = ana.send({"choice": "approve", "reason": "", "csrf": ana.form()}, request_token="another-token")
    assert page.status == 403


def test_a_form_is_valid_for_an_hour(ana: Visitor) -> None:
    token = ana.form()
    ana.world.clock.advance(minutes=60)
    assert ana.vote(token=token).status == 200
    late = Visitor(world_with(request()))
    token = late.form()
    late.world.clock.advance(minutes=60, seconds=1)
    page = late.vote(token=token)
    assert page.status == 403
    assert "This form is older than an hour" in text_of(page)
    assert state(late.world) is ApprovalState.PENDING


def test_a_form_token_signed_with_another_key_has_no_effect(ana: Visitor) -> None:
    token = ana.form()
    request = HttpRequest(
        "POST",
        f"{HOST}/api/approvals/{REQUEST_TOKEN}",
        {"token": REQUEST_TOKEN},
        {},
        {**ana.headers(), "content-type": "application/x-www-form-urlencoded"},
        urlencode({"choice": "approve", "csrf": token}).encode(),
    )
    page = serve_page(ana.world.context, endpoint("l" * 32), request)
    assert page.status == 403
    assert state(ana.world) is ApprovalState.PENDING


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "https://daytwo.example.evil.example"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"origin": "null", "sec_fetch_site": ""},
    ],
)
def test_a_form_from_another_site_has_no_effect(ana: Visitor, headers: dict[str, str]) -> None:
    fields = {"choice": "approve", "reason": "", "csrf": ana.form()}
    assert ana.send(fields, **headers).status == 403
    assert state(ana.world) is ApprovalState.PENDING
    assert refusals(ana.world) == ["from-elsewhere"]


def test_the_form_token_is_sufficient_if_there_are_no_origin_headers(ana: Visitor) -> None:
    fields = {"choice": "approve", "reason": "", "csrf": ana.form()}
    assert ana.send(fields, origin="", sec_fetch_site="").status == 200


def test_a_form_without_a_session_has_no_effect(ana: Visitor) -> None:
    token = ana.form()
    page = Visitor(ana.world, "").vote(token=token)
    assert page.status == 403
    assert "/.auth/login/aad?post_login_redirect_uri=%2Fapi%2Fapprovals%2F" in page.text()
    assert state(ana.world) is ApprovalState.PENDING


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"choice=approve", 400),
        (b"choice=destroy&reason=&csrf={token}", 400),
        (b"choice=approve&choice=reject&csrf={token}", 400),
        (b"choice=approve&csrf={token}&csrf={token}", 400),
        (b"choice=approve&csrf={token}&as=ben", 400),
        (b"choice=approve&csrf={token}&a=1&b=2", 400),
        (b"choice=approve&csrf={token}&reason=" + b"x" * 301, 400),
        (b"choice=approve&csrf={token}&reason=" + b"x" * 17_000, 413),
        (b"choice=approve&csrf=", 403),
        (b"choice=approve&csrf=%00%ff", 403),
    ],
)
def test_a_malformed_form_has_no_effect(ana: Visitor, body: bytes, status: int) -> None:
    page = ana.send(body.replace(b"{token}", ana.form().encode()))
    assert page.status == status
    assert state(ana.world) is ApprovalState.PENDING
    assert len(refusals(ana.world)) == 1


def test_a_form_sent_as_json_has_no_effect(ana: Visitor) -> None:
    body = json.dumps({"choice": "approve", "csrf": ana.form()}).encode()
    assert ana.send(body, content_type="application/json").status == 400


def test_rejections_produce_one_ledger_entry_per_reason_and_minute(ana: Visitor) -> None:
    for _ in range(50):
        ana.send(b"broken")
        ana.look("unknown")
    ana.world.clock.advance(minutes=1)
    ana.send(b"broken")
    assert sorted(refusals(ana.world)) == ["broken-form", "broken-form", "unknown-request"]


def test_a_person_who_has_approved_can_only_reject_afterwards() -> None:
    world = world_with(request(), WITH_APPROVAL.replace("from: platform,", "from: platform, of: 2,"))
    Visitor(world).vote()
    shown = Visitor(world).look().text()
    assert ('value="reject"' in shown, 'value="approve"' in shown) == (True, False)
    Visitor(world).vote("reject")
    assert state(world) is ApprovalState.REJECTED
