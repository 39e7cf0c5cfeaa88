"""The approval page: what each visitor sees, what is rejected, and that viewing the page does not decide the request."""

import base64
import json
import re
from dataclasses import replace

import pytest

from ops.endpoints.approval_form import PageAccess
from ops.model.approval import ApprovalState
from ops.tables.approvals import approvals
from simulator.gallery.requests import REQUEST_TOKEN, SEVERAL, request
from tests.endpoints.visitor import Visitor, endpoint, refusals, state, text_of, world_with
from tests.fakes import CONFIG


def test_an_approver_sees_the_whole_plan_and_two_buttons(ana: Visitor) -> None:
    page = ana.look()
    text = text_of(page)
    assert page.status == 200
    assert "Node images · production · shop-prod" in text
    assert "17 nodes on 1 cluster." in text
    assert "AKSUbuntu-2204gen2containerd-202610.29.0 → 202611.12.0" in text
    assert "gpu is left out: created from a snapshot" in text
    assert "Wed 18 Nov, 19:05 UTC" in text
    assert "5 h 20 min left" in text
    assert "Nothing is executed. The runs end as skipped." in text
    assert re.findall(r'<button [^>]*value="(\w+)"', page.text()) == ["approve", "reject"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_viewing_the_page_does_not_decide_the_request(ana: Visitor, method: str) -> None:
    assert ana.look(method=method).status == 200
    assert state(ana.world) is ApprovalState.PENDING
    assert ana.world.ledger.written == {}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cleo", "You are not an approver of this request: platform decides."),
        ("eve", "Daytwo does not know you: ask to be added under `people` in daytwo.yaml."),
    ],
)
def test_a_person_who_cannot_decide_sees_the_reason_instead_of_buttons(ana: Visitor, name: str, why: str) -> None:
    page = Visitor(ana.world, name).look()
    assert page.status == 200
    assert why in text_of(page)
    assert "<form" not in page.text()


def test_the_requester_sees_that_someone_else_has_to_decide() -> None:
    page = Visitor(world_with(request(requester="ana"))).look()
    assert "You requested it, so another person must decide." in text_of(page)
    assert "<form" not in page.text()


def test_a_visitor_without_a_session_is_redirected_whatever_the_token() -> None:
    no_one = Visitor(world_with(request()), "")
    for request_token in (REQUEST_TOKEN, "no-such-token"):
        page = no_one.look(request_token)
        back = f"%2Fapi%2Fapprovals%2F{request_token}"
        assert (page.status, page.headers["Location"]) == (302, f"/.auth/login/aad?post_login_redirect_uri={back}")
        assert page.text() == ""


def test_all_unknown_tokens_get_the_same_response(ana: Visitor) -> None:
    first, *others = (ana.look(request_token) for request_token in ("A" * 24, "B", "a/b", "../runs", "x" * 10_000))
    assert first.status == 404
    assert all((other.status, other.text()) == (first.status, first.text()) for other in others)
    assert "shop-prod" not in first.text()
    assert refusals(ana.world) == ["unknown-request"]


def test_an_account_from_another_tenant_learns_nothing(ana: Visitor) -> None:
    mal = Visitor(ana.world, "mal")
    assert mal.look().status == 403
    assert mal.look().text() == mal.look("no-such-token").text()
    assert "shop-prod" not in mal.look().text()


def test_every_session_counts_as_foreign_if_no_tenant_is_configured() -> None:
    world = world_with(request(), CONFIG)
    assert Visitor(world).look().status == 403


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        (endpoint(sign_in=False), "App Service authentication"),
        (endpoint(""), "DAYTWO_PAGE_KEY"),
        (endpoint("short"), "DAYTWO_PAGE_KEY"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_incompletely_configured_page_lists_the_missing_settings(
    ana: Visitor, lacking: PageAccess, named: str, method: str
) -> None:
    """When sign-in is disabled, any client could send these headers, so they are ignored."""
    page = ana.look(method=method, endpoint=lacking)
    assert page.status == 503
    assert named in page.text()
    assert "shop-prod" not in page.text()


@pytest.mark.parametrize(
    "header",
    [
        "%%%",
        base64.b64encode(b"[1]").decode(),
        base64.b64encode(b'{"auth_typ": "aad"}').decode(),
        base64.b64encode(b'{"auth_typ": "aad", "claims": "all"}').decode(),
        base64.b64encode(b'{"auth_typ": "github", "claims": []}').decode(),
        base64.b64encode(
            json.dumps({
                "auth_typ": "aad",
                "claims": [{"typ": "oid", "val": "a"}, {"typ": "oid", "val": "b"}, {"typ": "tid", "val": "t"}],
            }).encode()
        ).decode(),
    ],
)  # fmt: skip
def test_a_session_without_a_person_is_rejected(ana: Visitor, header: str) -> None:
    page = ana.look(x_ms_client_principal=header)
    assert page.status == 403
    assert "shop-prod" not in page.text()
    assert refusals(ana.world) == ["unusable-identity"]


def test_a_link_to_an_earlier_revision_shows_the_current_request(ana: Visitor) -> None:
    (stored,) = approvals(ana.world.store).scan()
    approvals(ana.world.store).replace(
        stored, replace(stored.value, parts=SEVERAL, revision=2, token="newer-request_token")
    )
    page = ana.look()
    assert "The request has changed since your link was created." in text_of(page)
    assert '<form method="post" action="newer-request_token">' in page.text()
    assert "Changed since the last request: user1: image 202611.12.0, not 202611.05.0" in text_of(page)


def test_external_names_are_escaped() -> None:
    part = replace(SEVERAL[0], target_name="<script>alert(1)</script>")
    page = Visitor(world_with(request(part))).look()
    assert "<script" not in page.text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text()


def test_the_page_headers_forbid_external_content_and_caching(ana: Visitor) -> None:
    headers = ana.look().headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert headers["Referrer-Policy"] == "same-origin"


# Deciding
