"""The approval page: what each visitor sees, which forms count, what is refused, and that a look decides nothing."""

import base64
import html
import json
import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import pytest

from ops.adapters.sqlite_store import SqliteStore
from ops.intake.doors import PageDoor
from ops.intake.pages import Asked, Page, answer_page
from ops.intake.refusals import Refusals
from ops.model.approval import Approval, ApprovalState
from ops.records import AskedWord, approvals, asked_words
from simulator.gallery.requests import NOW, SEVERAL, WORD, request
from simulator.host.signin import principal
from simulator.people import PEOPLE
from tests.fakes import CONFIG, World


def door(key: str = "k" * 32, *, sign_in: bool = True) -> PageDoor:
    return PageDoor(sign_in, key, Refusals())


HOST = "https://daytwo.example"
PERSON = {person.name: person for person in PEOPLE}
ASKING = (
    CONFIG.replace(
        "wake-sleepers: true}",
        "wake-sleepers: true, approval: {rings: [production], from: platform, escalate-to: leads}}",
    )
    + """
identity: {entra-tenant: 11111111-1111-1111-1111-111111111111, slack-team: T0DAYTWO}
people:
  ana: {entra: aaaaaaaa-0000-0000-0000-000000000001}
  ben: {entra: aaaaaaaa-0000-0000-0000-000000000002}
  cleo: {entra: aaaaaaaa-0000-0000-0000-000000000003}
groups: {platform: [ana, ben], leads: [cleo]}
"""
)


@dataclass
class Visitor:
    """Somebody before the page, in a world with one request."""

    world: World
    name: str = "ana"
    door: PageDoor = field(default_factory=door)

    def headers(self) -> dict[str, str]:
        return {"x-ms-client-principal": principal(PERSON[self.name])} if self.name else {}

    def look(self, word: str = WORD, method: str = "GET", door: PageDoor | None = None, **headers: str) -> Page:
        shown = {**self.headers(), **{name.replace("_", "-"): text for name, text in headers.items()}}
        return answer_page(
            self.world.context, door or self.door, Asked(method, f"{HOST}/api/approvals/{word}", word, shown)
        )

    def form(self, word: str = WORD) -> str:
        """The token of the form that the page shows."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.look(word).html)
        assert found, "no form is shown"
        return html.unescape(found.group(1))

    def send(self, fields: dict[str, str] | bytes, word: str = WORD, **headers: str) -> Page:
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        shown = {
            "content-type": "application/x-www-form-urlencoded",
            "origin": HOST,
            "sec-fetch-site": "same-origin",
            **self.headers(),
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        return answer_page(
            self.world.context, self.door, Asked("POST", f"{HOST}/api/approvals/{word}", word, shown, body)
        )

    def press(self, choice: str = "approve", reason: str = "", token: str = "") -> Page:
        return self.send({"choice": choice, "reason": reason, "csrf": token or self.form()})


def world_with(approval: Approval, config: str = ASKING) -> World:
    world = World(config=config, store=SqliteStore(":memory:"))
    world.clock.at = NOW
    approvals(world.store).insert(approval.id, approval)
    asked_words(world.store).insert(approval.token, AskedWord(approval.id))
    return world


@pytest.fixture
def ana() -> Visitor:
    return Visitor(world_with(request()))


def state(world: World) -> ApprovalState:
    (stored,) = approvals(world.store).scan()
    return stored.value.state


def refusals(world: World) -> list[str]:
    return [entry.data["reason"] for entry in world.ledger.written.values() if entry.kind == "refused-request"]


def text_of(page: Page) -> str:
    inline = re.sub(r"</?(a|b|i|q|span|time)\b[^>]*>", "", page.html)
    without = re.sub(r"<style>.*?</style>|<[^>]+>", " ", inline, flags=re.DOTALL)
    return html.unescape(" ".join(without.split()))


# Looking


def test_an_approver_sees_all_that_will_be_done_and_two_buttons(ana: Visitor) -> None:
    page = ana.look()
    said = text_of(page)
    assert page.status == 200
    assert "Node images · production · shop-prod" in said
    assert "17 nodes on 1 cluster." in said
    assert "AKSUbuntu-2204gen2containerd-202610.29.0 → 202611.12.0" in said
    assert "gpu is left out: a snapshot fixes its image" in said
    assert "Wed 18 Nov, 19:05 UTC" in said
    assert "5 h 20 min left" in said
    assert "Nothing of it is done: its runs end, skipped." in said
    assert re.findall(r'<button [^>]*value="(\w+)"', page.html) == ["approve", "reject"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_decides_nothing(ana: Visitor, method: str) -> None:
    assert ana.look(method=method).status == 200
    assert state(ana.world) is ApprovalState.PENDING
    assert ana.world.ledger.written == {}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cleo", "You are no approver of this: platform decides."),
        ("eve", "Daytwo does not know you: ask to be added under people in its configuration."),
    ],
)
def test_who_may_not_decide_sees_why_and_no_button(ana: Visitor, name: str, why: str) -> None:
    page = Visitor(ana.world, name).look()
    assert page.status == 200
    assert why in text_of(page)
    assert "<form" not in page.html


def test_who_asked_for_it_sees_that_somebody_else_decides() -> None:
    page = Visitor(world_with(request(requester="ana"))).look()
    assert "You asked for it, so somebody else has to decide." in text_of(page)
    assert "<form" not in page.html


def test_nobody_is_sent_to_sign_in_and_back_whatever_the_word() -> None:
    nobody = Visitor(world_with(request()), "")
    for word in (WORD, "no-such-word"):
        page = nobody.look(word)
        back = f"%2Fapi%2Fapprovals%2F{word}"
        assert (page.status, page.headers["Location"]) == (302, f"/.auth/login/aad?post_login_redirect_uri={back}")
        assert page.html == ""


def test_unknown_words_are_all_alike(ana: Visitor) -> None:
    first, *others = (ana.look(word) for word in ("A" * 24, "B", "a/b", "../runs", "x" * 10_000))
    assert first.status == 404
    assert all((other.status, other.html) == (first.status, first.html) for other in others)
    assert "shop-prod" not in first.html
    assert refusals(ana.world) == ["unknown-request"]


def test_an_account_of_another_company_is_told_nothing(ana: Visitor) -> None:
    mal = Visitor(ana.world, "mal")
    assert mal.look().status == 403
    assert mal.look().html == mal.look("no-such-word").html
    assert "shop-prod" not in mal.look().html


def test_where_the_configuration_names_no_tenant_everybody_is_of_another() -> None:
    world = world_with(request(), CONFIG)
    assert Visitor(world).look().status == 403


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        (door(sign_in=False), "App Service authentication"),
        (door(""), "DAYTWO_PAGE_KEY"),
        (door("short"), "DAYTWO_PAGE_KEY"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_that_lacks_something_says_what(ana: Visitor, lacking: PageDoor, named: str, method: str) -> None:
    """Where sign-in is off, anybody could send the headers: they count for nothing."""
    page = ana.look(method=method, door=lacking)
    assert page.status == 503
    assert named in page.html
    assert "shop-prod" not in page.html


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
def test_a_sign_in_that_names_nobody_is_refused(ana: Visitor, header: str) -> None:
    page = ana.look(x_ms_client_principal=header)
    assert page.status == 403
    assert "shop-prod" not in page.html
    assert refusals(ana.world) == ["unusable-identity"]


def test_a_link_of_an_earlier_revision_shows_what_is_asked_now(ana: Visitor) -> None:
    (stored,) = approvals(ana.world.store).scan()
    approvals(ana.world.store).replace(stored, replace(stored.value, parts=SEVERAL, revision=2, token="newer-word"))
    page = ana.look()
    assert "What is asked has changed since your link was made." in text_of(page)
    assert '<form method="post" action="newer-word">' in page.html
    assert "Changed since it was last asked: user1: image 202611.12.0, not 202611.05.0" in text_of(page)


def test_names_from_outside_are_text() -> None:
    part = replace(SEVERAL[0], target_name="<script>alert(1)</script>")
    page = Visitor(world_with(request(part))).look()
    assert "<script" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.html


def test_nothing_of_the_page_leaves_it_or_is_loaded_into_it(ana: Visitor) -> None:
    headers = ana.look().headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert headers["Referrer-Policy"] == "same-origin"


# Deciding


def test_an_approver_approves(ana: Visitor) -> None:
    page = ana.press(reason="looks   fine\nto me")
    (stored,) = approvals(ana.world.store).scan()
    assert page.status == 200
    assert stored.value.state is ApprovalState.APPROVED
    assert (stored.value.decided_by, stored.value.decided_door, stored.value.why) == ("ana", "page", "looks fine to me")
    assert "You have approved it" in text_of(page)
    assert "Approved by ana, Wed 18 Nov, 13:45 UTC, on this page." in text_of(page)
    assert "<form" not in page.html
    assert ana.world.engine.hinted == ["node-image.shop-prod.2026-w47"]


def test_an_approver_rejects(ana: Visitor) -> None:
    page = ana.press("reject", "the sale ends on Thursday")
    assert page.status == 200
    assert state(ana.world) is ApprovalState.REJECTED
    assert "the sale ends on Thursday" in text_of(page)


def test_a_double_click_is_one_press_with_one_answer(ana: Visitor) -> None:
    token = ana.form()
    first, second = ana.press(token=token), ana.press(token=token)
    assert (first.status, second.status) == (200, 200)
    assert first.html == second.html
    (stored,) = approvals(ana.world.store).scan()
    assert len(stored.value.votes) == 1


def test_who_comes_later_hears_who_decided(ana: Visitor) -> None:
    ben = Visitor(ana.world, "ben")
    token = ben.form()
    ana.press()
    page = ben.press("reject", token=token)
    assert page.status == 409
    assert "It was approved by ana Wed 2026-11-18 13:45 UTC" in text_of(page)
    assert state(ana.world) is ApprovalState.APPROVED


def test_an_expired_request_is_decided_no_more(ana: Visitor) -> None:
    ana.world.clock.pass_(hours=5, minutes=10)
    token = ana.form()
    ana.world.clock.pass_(minutes=10)
    page = ana.press(token=token)
    assert page.status == 410
    assert "<form" not in page.html
    assert "nobody decided in time" in text_of(ana.look())


def test_a_second_person_is_needed_where_the_rule_says_so() -> None:
    world = world_with(request(needed=2), ASKING.replace("from: platform,", "from: platform, of: 2,"))
    first = Visitor(world).press()
    assert "You have approved it: 1 of 2 who are needed." in text_of(first)
    assert state(world) is ApprovalState.PENDING
    assert "You have approved it already." in text_of(Visitor(world).look())
    assert Visitor(world, "ben").press().status == 200
    assert state(world) is ApprovalState.APPROVED


def test_a_token_made_for_somebody_else_decides_nothing(ana: Visitor) -> None:
    for other in ("ben", "cleo", "eve"):
        page = Visitor(ana.world, other).press(token=ana.form())
        assert page.status == 403
    assert state(ana.world) is ApprovalState.PENDING
    assert refusals(ana.world) == ["foreign-form"]


def test_a_token_made_for_another_request_decides_nothing(ana: Visitor) -> None:
    other = request(id="another", token="another-word")
    approvals(ana.world.store).insert(other.id, other)
    asked_words(ana.world.store).insert(other.token, AskedWord(other.id))
    page = ana.send({"choice": "approve", "reason": "", "csrf": ana.form()}, word="another-word")
    assert page.status == 403


def test_a_form_is_good_for_an_hour(ana: Visitor) -> None:
    token = ana.form()
    ana.world.clock.pass_(minutes=60)
    assert ana.press(token=token).status == 200
    late = Visitor(world_with(request()))
    token = late.form()
    late.world.clock.pass_(minutes=60, seconds=1)
    page = late.press(token=token)
    assert page.status == 403
    assert "This form is older than an hour" in text_of(page)
    assert state(late.world) is ApprovalState.PENDING


def test_a_token_of_another_key_decides_nothing(ana: Visitor) -> None:
    token = ana.form()
    asked = Asked(
        "POST",
        f"{HOST}/api/approvals/{WORD}",
        WORD,
        {**ana.headers(), "content-type": "application/x-www-form-urlencoded"},
        urlencode({"choice": "approve", "csrf": token}).encode(),
    )
    page = answer_page(ana.world.context, door("l" * 32), asked)
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
def test_a_form_from_elsewhere_decides_nothing(ana: Visitor, headers: dict[str, str]) -> None:
    fields = {"choice": "approve", "reason": "", "csrf": ana.form()}
    assert ana.send(fields, **headers).status == 403
    assert state(ana.world) is ApprovalState.PENDING
    assert refusals(ana.world) == ["from-elsewhere"]


def test_a_browser_that_says_neither_has_the_token(ana: Visitor) -> None:
    fields = {"choice": "approve", "reason": "", "csrf": ana.form()}
    assert ana.send(fields, origin="", sec_fetch_site="").status == 200


def test_a_form_of_somebody_who_is_not_signed_in_decides_nothing(ana: Visitor) -> None:
    token = ana.form()
    page = Visitor(ana.world, "").press(token=token)
    assert page.status == 403
    assert "/.auth/login/aad?post_login_redirect_uri=%2Fapi%2Fapprovals%2F" in page.html
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
def test_a_broken_form_decides_nothing(ana: Visitor, body: bytes, status: int) -> None:
    page = ana.send(body.replace(b"{token}", ana.form().encode()))
    assert page.status == status
    assert state(ana.world) is ApprovalState.PENDING
    assert len(refusals(ana.world)) == 1


def test_a_form_as_json_decides_nothing(ana: Visitor) -> None:
    body = json.dumps({"choice": "approve", "csrf": ana.form()}).encode()
    assert ana.send(body, content_type="application/json").status == 400


def test_refusals_are_one_line_for_each_reason_and_minute(ana: Visitor) -> None:
    for _ in range(50):
        ana.send(b"broken")
        ana.look("unknown")
    ana.world.clock.pass_(minutes=1)
    ana.send(b"broken")
    assert sorted(refusals(ana.world)) == ["broken-form", "broken-form", "unknown-request"]
